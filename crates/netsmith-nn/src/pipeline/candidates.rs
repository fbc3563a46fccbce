//! The first round of full trainings: which architectures of the search are trained,
//! and how long.
//!
//! ```text
//! order    the best by score; where costs count the best, then what adds the most to the
//!          volume that the front covers, costs by their logarithms, and behind a front
//!          that is shorter than one for each worker and another the next best
//! front    of all trials, where costs were named; else of those whose result is within
//!          NEAR standard errors of the best, for only such may become as good
//! t        half of what is left of the budget, for the best of this round are trained
//!          for longer in the second; all of it where half is too short for one network
//!          for each worker, or for a training of the first of them that is longer
//! who      the first for each worker, then in that order whatever fits into t with what
//!          the recipe asks for
//! ```

use super::allotment::{Samples, USED, makespan};
use super::longer::WORTH;
use super::once::{known, once};
use super::pace::enough_epochs;
use super::planned::{Planned, epoch_seconds, train};
use super::prepare::Prepared;
use super::verify::in_words;
use super::{Context, PipelineError, Progress, left_of};
use netsmith::pareto::coverage;
use netsmith::study::{FIRST_FINAL, Role, View};
use netsmith::trial::{Fidelity, Metric, Trial};
use serde::{Deserialize, Serialize};

/// Architectures of the search that are trained in full where there is time, at most.
const CANDIDATES: usize = 6;

/// So many where no time is given, at most.
const FEW: usize = 4;

/// So many where a front is asked for, at most.
const FRONT: usize = 8;

/// Of a front that nobody asked for, trials within so many standard errors of the best
/// are trained in full: a full training with a teacher moves a small network by more
/// than one.
const NEAR: f64 = 3.0;

/// The share of the time that the first round takes where there is a second.
const FIRST: f64 = 0.5;

/// The study's entry with the plan.
const PLAN: &str = "full-trainings";

/// What is trained, and how long.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    /// Numbers of trials of the search.
    trials: Vec<u64>,
    /// Epochs of each training.
    epochs: u32,
    /// Share of the training data of each.
    #[serde(with = "super::exact")]
    data: f64,
    /// Seconds that were left when it was made.
    seconds: Option<f64>,
}

/// Seconds that were left when the first round was planned; nothing where none was, or
/// where there is no end of time.
pub(super) fn seconds_at_first(view: &View) -> Result<Option<f64>, PipelineError> {
    Ok(known::<Plan>(view, PLAN)?.and_then(|plan| plan.seconds))
}

/// Trains the best of the search in full; nothing where it was interrupted.
pub(super) fn train_candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<(Planned, Trial)>>, PipelineError> {
    let elapsed = context.elapsed().as_secs_f64();
    let left = context.config.seconds;
    let left = left.map(|seconds| left_of(seconds, elapsed));
    let view = context.study.view()?;
    if view.entry(PLAN)?.is_none() && !view.trials()?.finals.is_empty() {
        return Err(PipelineError::PlannedOtherwise);
    }
    let plan = once(context.study, PLAN, || {
        Ok(plan(context, prepared, trials, left))
    })?;
    if plan.trials.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let fidelity = Fidelity::epochs(plan.epochs).with_data(plan.data);
    let candidates = planned(context, prepared, trials, &plan, fidelity)?;
    observe(Progress::Phase {
        what: format!(
            "training the best {} in full, {} each",
            candidates.len(),
            in_words(fidelity)
        ),
        seconds: left,
    });
    let end = train(context, &candidates, fidelity, 1, left, observe)?;
    Ok(end.map(|end| pairs(candidates, end.trials)))
}

/// The trainings of a plan.
fn planned(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    plan: &Plan,
    fidelity: Fidelity,
) -> Result<Vec<Planned>, PipelineError> {
    let worth = Samples::of(prepared).worth(fidelity);
    let find = |number: &u64| trials.iter().find(|trial| trial.number == *number);
    let chosen = plan.trials.iter().filter_map(find);
    let planned = (FIRST_FINAL..).zip(chosen).map(|(number, trial)| {
        let architecture = prepared.space.parse(&trial.architecture)?;
        let name = format!("trial {}", trial.number);
        let role = Role::Candidate;
        let planned = Planned::new(prepared, role, name, architecture, trial.seed)?;
        Ok(Planned {
            number,
            trial: Some(trial.number),
            expected: Some(worth * epoch(context, prepared, trial)),
            ..planned
        })
    });
    planned.collect()
}

/// Runs with their trials.
pub(super) fn pairs(planned: Vec<Planned>, trials: Vec<Trial>) -> Vec<(Planned, Trial)> {
    let trial = |planned: Planned| {
        let trial = trials.iter().find(|trial| trial.number == planned.number)?;
        Some((planned, trial.clone()))
    };
    planned.into_iter().filter_map(trial).collect()
}

/// Seconds of an epoch of the network of a trial.
fn epoch(context: &Context<'_>, prepared: &Prepared, trial: &Trial) -> f64 {
    let known = epoch_seconds(&Samples::of(prepared), trial);
    known.unwrap_or(context.pace.epoch_seconds.max(1e-6))
}

/// Which of the candidates are trained, as [`who`] says, and how long: where the time is
/// too short for the recipe of one for each worker, as long as it allows. Reckoned from
/// the seconds that their trials took.
fn plan(context: &Context<'_>, prepared: &Prepared, trials: &[Trial], left: Option<f64>) -> Plan {
    let samples = Samples::of(prepared);
    let workers = context.config.workers.max(1);
    let most = Fidelity::epochs(prepared.recipe.epochs as u32);
    let candidates = candidates(context, prepared, trials, left);
    let seconds = candidates.iter().map(|own| epoch(context, prepared, own));
    let seconds: Vec<f64> = seconds.collect();
    let time = left.map_or(f64::INFINITY, |left| USED * left);
    let chosen = who(&seconds, workers, time, samples.worth(most));
    let span = span(&seconds, workers, &chosen).max(1e-6);
    let fidelity = samples.fidelity(time / span, most);
    let Fidelity { epochs, data, .. } = fidelity.unwrap_or(samples.least());
    let chosen = candidates.iter().zip(chosen);
    let chosen = chosen.filter_map(|(trial, chosen)| chosen.then_some(trial.number));
    Plan {
        trials: chosen.collect(),
        epochs,
        data,
        seconds: left,
    }
}

/// The best architectures of the search or their front, different networks each, in the
/// order of their worth. What the time left cannot train in enough epochs is passed
/// over, for it would end half-trained, unless nothing else is there.
fn candidates<'a>(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &'a [Trial],
    left: Option<f64>,
) -> Vec<&'a Trial> {
    let mut ranked = context.search_objective.ranked(trials);
    if let Some(left) = left {
        let most = USED * left / enough_epochs(prepared.recipe.epochs);
        let trainable = ranked.iter().copied();
        let trainable = trainable.filter(|trial| epoch(context, prepared, trial) <= most);
        let trainable: Vec<&Trial> = trainable.collect();
        if !trainable.is_empty() {
            ranked = trainable;
        }
    }
    let some = context.config.workers.max(1) + 1;
    let (ordered, most) = match (context.objective.minimized.is_empty(), left) {
        (true, Some(_)) => (ranked, CANDIDATES),
        (true, None) => (ranked, FEW.min(some)),
        (false, _) => {
            let near = match context.config.seeks_efficiency() {
                true => near(context, &ranked),
                false => ranked.clone(),
            };
            let front = covering(context, &near);
            let most = front.len().max(some).min(FRONT);
            (front.into_iter().chain(ranked).collect(), most)
        }
    };
    let mut chosen: Vec<&Trial> = Vec::new();
    for trial in ordered {
        if chosen.len() < most && chosen.iter().all(|other| other.key != trial.key) {
            chosen.push(trial);
        }
    }
    chosen
}

/// Those of these trials, the best first, that are not far behind the best. All of them
/// where it has no standard error.
fn near<'a>(context: &Context<'_>, ranked: &[&'a Trial]) -> Vec<&'a Trial> {
    let objective = &context.search_objective;
    let score = |trial: &Trial| objective.score(trial).unwrap_or(f64::NEG_INFINITY);
    let best = ranked.iter().max_by(|a, b| score(a).total_cmp(&score(b)));
    let least = best.and_then(|best| {
        let name = Metric::standard_error_of(&objective.metric).name;
        let error = best.metrics.get(&name)?.value;
        Some(score(best) - NEAR * error)
    });
    let least = least.unwrap_or(f64::NEG_INFINITY);
    let near = ranked.iter().copied();
    near.filter(|trial| score(trial) >= least).collect()
}

/// The front of these trials, as much of it as may be trained: the best first, then
/// what covers the most.
fn covering<'a>(context: &Context<'_>, ranked: &[&'a Trial]) -> Vec<&'a Trial> {
    let objective = &context.search_objective;
    let front = objective.front(ranked.iter().copied());
    let scores = front.iter().map(|trial| {
        let mut scores = objective.scores(trial).unwrap_or_default();
        for cost in scores.iter_mut().skip(1) {
            // From a negated cost to its negated logarithm: half is half everywhere.
            *cost = -(-*cost).max(f64::MIN_POSITIVE).ln();
        }
        scores
    });
    let order = coverage(&scores.collect::<Vec<_>>(), FRONT);
    order.into_iter().map(|place| front[place]).collect()
}

/// Which of these are trained, given the seconds of an epoch of each, the time and the
/// epochs of a whole training: the first of each worker, and in their order whatever
/// fits besides.
fn who(seconds: &[f64], workers: usize, time: f64, whole: f64) -> Vec<bool> {
    let mut chosen: Vec<bool> = (0..seconds.len()).map(|place| place < workers).collect();
    let fits = |chosen: &[bool], time: f64| whole * span(seconds, workers, chosen) <= time;
    let longer = WORTH * whole * seconds.first().copied().unwrap_or(0.0);
    let two_rounds = fits(&chosen, FIRST * time) && longer <= (1.0 - FIRST) * time;
    let time = if two_rounds { FIRST * time } else { time };
    for place in workers..seconds.len() {
        chosen[place] = true;
        chosen[place] = fits(&chosen, time);
    }
    chosen
}

/// Seconds for an epoch of each that is chosen.
fn span(seconds: &[f64], workers: usize, chosen: &[bool]) -> f64 {
    let chosen = seconds.iter().zip(chosen).filter(|(_, chosen)| **chosen);
    makespan(workers, chosen.map(|(seconds, _)| *seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: &[f64], time: f64, expected: &[u8]) {
        let chosen = who(seconds, 2, time, 8.0);
        let chosen: Vec<u8> = chosen.into_iter().map(u8::from).collect();
        assert_eq!(chosen, expected);
    }

    #[test]
    fn what_does_not_fit_is_passed_over_for_what_does() {
        // Half of the time holds 25 seconds an epoch on each worker.
        check(
            &[20.0, 5.0, 22.0, 11.0, 9.0, 6.0],
            400.0,
            &[1, 1, 0, 1, 1, 0],
        );
        check(&[5.0; 6], 400.0, &[1; 6]);
        // No time for a longer training of the first: all of it for one round.
        check(
            &[45.0, 5.0, 22.0, 11.0, 13.0, 4.0],
            400.0,
            &[1, 1, 1, 1, 0, 1],
        );
        // One for each worker in any case.
        check(&[90.0, 80.0, 1.0], 400.0, &[1, 1, 0]);
        check(&[90.0], 400.0, &[1]);
        check(&[90.0, 80.0, 70.0], f64::INFINITY, &[1, 1, 1]);
    }
}

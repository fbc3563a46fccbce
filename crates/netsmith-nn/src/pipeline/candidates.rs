//! The first round of full trainings: which architectures of the search are trained,
//! and how long.
//!
//! ```text
//! order    the best by score; where a front is asked for the best, then what adds the
//!          most to the volume that it covers, costs by their logarithms
//! t        half of what is left of the budget, for the best of this round are trained
//!          for longer in the second; all of it where half is too short for one network
//!          for each worker, or for a training of the first of them that is longer
//! who      the first for each worker, then in that order whatever fits into t with what
//!          the recipe asks for
//! ```

use super::allotment::{Samples, USED, makespan};
use super::longer::WORTH;
use super::pace::enough_epochs;
use super::planned::{Planned, epoch_seconds, train};
use super::prepare::Prepared;
use super::verify::in_words;
use super::{Context, PipelineError, Progress, left_of};
use netsmith::pareto::coverage;
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};

/// Architectures of the search that are trained in full where there is time, at most.
const CANDIDATES: usize = 6;

/// So many where no time is given, at most.
const FEW: usize = 4;

/// So many where a front is asked for, at most.
const FRONT: usize = 8;

/// What the study calls the seconds that were left when the first round began.
pub(super) const FINALS_SECONDS: &str = "finals-seconds";

/// The share of the time that the first round takes where there is a second.
const FIRST: f64 = 0.5;

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
    if let Some(left) = left {
        context.study.recorded(FINALS_SECONDS, || left)?;
    }
    let mut candidates = candidates(context, prepared, trials, left)?;
    if candidates.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let (chosen, fidelity) = plan(context, prepared, &candidates, left)?;
    let mut chosen = chosen.into_iter();
    candidates.retain(|_| chosen.next().unwrap_or(false));
    let count = candidates.len();
    let worth = Samples::of(prepared).worth(fidelity);
    for candidate in &mut candidates {
        candidate.expected = candidate.expected.map(|epoch| worth * epoch);
    }
    observe(Progress::Phase {
        what: format!(
            "training the best {count} in full, {} each",
            in_words(fidelity)
        ),
        seconds: left,
    });
    let end = train(context, &candidates, fidelity, 1, left, observe)?;
    Ok(end.map(|end| pairs(candidates, end.trials)))
}

/// Runs with their trials.
pub(super) fn pairs(planned: Vec<Planned>, trials: Vec<Trial>) -> Vec<(Planned, Trial)> {
    let trial = |planned: Planned| {
        let trial = trials.iter().find(|trial| trial.number == planned.number)?;
        Some((planned, trial.clone()))
    };
    planned.into_iter().filter_map(trial).collect()
}

/// The best architectures of the search or their front, different networks each, with
/// the seconds of an epoch in place of what is expected. What the time left cannot
/// train in enough epochs is passed over, for it would end half-trained, unless nothing
/// else is there.
fn candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    left: Option<f64>,
) -> Result<Vec<Planned>, PipelineError> {
    let samples = Samples::of(prepared);
    let epoch = |trial: &Trial| {
        let known = epoch_seconds(&samples, trial);
        known.unwrap_or(context.pace.epoch_seconds.max(1e-6))
    };
    let mut ranked = context.search_objective.ranked(trials);
    if let Some(left) = left {
        let most = USED * left / enough_epochs(prepared.recipe.epochs);
        let most = context.study.recorded("finalist-epoch-seconds", || most)?;
        let trainable = ranked.iter().copied();
        let trainable: Vec<&Trial> = trainable.filter(|trial| epoch(trial) <= most).collect();
        if !trainable.is_empty() {
            ranked = trainable;
        }
    }
    let (ordered, most) = match (context.objective.minimized.is_empty(), left) {
        (true, Some(_)) => (ranked, CANDIDATES),
        (true, None) => (ranked, FEW.min(context.config.workers.max(1) + 1)),
        (false, _) => (covering(context, ranked), FRONT),
    };
    let mut chosen: Vec<&Trial> = Vec::new();
    for trial in ordered {
        if chosen.len() < most && chosen.iter().all(|other| other.key != trial.key) {
            chosen.push(trial);
        }
    }
    let planned = (FIRST_FINAL..).zip(chosen).map(|(number, trial)| {
        let architecture = prepared.space.parse(&trial.architecture).map_err(|error| {
            PipelineError::Configuration {
                message: error.to_string(),
            }
        })?;
        let name = format!("trial {}", trial.number);
        let role = Role::Candidate;
        let planned = Planned::new(prepared, role, name, architecture, trial.seed)?;
        Ok(Planned {
            number,
            trial: Some(trial.number),
            expected: Some(epoch(trial)),
            ..planned
        })
    });
    planned.collect()
}

/// The front of these trials, the best first, then what covers the most.
fn covering<'a>(context: &Context<'_>, ranked: Vec<&'a Trial>) -> Vec<&'a Trial> {
    let objective = &context.search_objective;
    let front = objective.front(ranked);
    let scores = front.iter().map(|trial| {
        let mut scores = objective.scores(trial).unwrap_or_default();
        for cost in scores.iter_mut().skip(1) {
            // From a negated cost to its negated logarithm: half is half everywhere.
            *cost = -(-*cost).max(f64::MIN_POSITIVE).ln();
        }
        scores
    });
    let order = coverage(&scores.collect::<Vec<_>>());
    order.into_iter().map(|place| front[place]).collect()
}

/// Which candidates are trained, as [`who`] says, and how long: where the time is too
/// short for the recipe of one for each worker, as long as it allows. Reckoned from the
/// seconds that their trials took, once in the life of a study.
fn plan(
    context: &Context<'_>,
    prepared: &Prepared,
    candidates: &[Planned],
    left: Option<f64>,
) -> Result<(Vec<bool>, Fidelity), PipelineError> {
    let samples = Samples::of(prepared);
    let workers = context.config.workers.max(1);
    let most = Fidelity::epochs(prepared.recipe.epochs as u32);
    let seconds = candidates.iter().map(|own| own.expected.unwrap_or(0.0));
    let seconds: Vec<f64> = seconds.collect();
    let time = left.map_or(f64::INFINITY, |left| USED * left);
    let study = context.study;
    // A set of places as a number: there are few.
    let set = study.recorded("finalist-set", || {
        let chosen = who(&seconds, workers, time, samples.worth(most));
        let places = chosen.iter().enumerate().filter(|(_, chosen)| **chosen);
        places.map(|(place, _)| f64::from(1_u32 << place)).sum()
    })?;
    let chosen = (0..candidates.len()).map(|place| set as u32 >> place & 1 == 1);
    let chosen: Vec<bool> = chosen.collect();
    let span = span(&seconds, workers, &chosen).max(1e-6);
    let fidelity = samples.fidelity(time / span, most);
    let fidelity = fidelity.unwrap_or(samples.least());
    let epochs = study.recorded("full-epochs", || f64::from(fidelity.epochs))?;
    let share = study.recorded("full-share", || fidelity.data)?;
    Ok((chosen, Fidelity::epochs(epochs as u32).with_data(share)))
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

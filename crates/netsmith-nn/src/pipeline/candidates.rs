//! The first round of full trainings: which architectures of the search are trained,
//! and how long.
//!
//! ```text
//! order    the best by score; where a front is asked for the best, then what adds the
//!          most to the volume that it covers, costs by their logarithms
//! t        half of what is left of the budget, for the best of this round are trained
//!          for longer in the second; all of it where half is too short for one network
//!          for each worker, or for a training of the first of them that is longer
//! count    as many as t allows with what the recipe asks for
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
    let mut candidates = candidates(context, prepared, trials, left)?;
    if candidates.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let (count, fidelity) = plan(context, prepared, &candidates, left)?;
    candidates.truncate(count);
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

/// How many candidates are trained and how long: as many as the time allows with what
/// the recipe asks for; where these are fewer than workers, one for each worker, for as
/// long as there is time. Reckoned from the seconds that their trials took, once in the
/// life of a study.
fn plan(
    context: &Context<'_>,
    prepared: &Prepared,
    candidates: &[Planned],
    left: Option<f64>,
) -> Result<(usize, Fidelity), PipelineError> {
    let samples = Samples::of(prepared);
    let workers = context.config.workers.max(1);
    let most = Fidelity::epochs(prepared.recipe.epochs as u32);
    // In epochs over all data of each.
    let affordable = |count: usize, share: f64| {
        let epochs = candidates[..count].iter();
        let epochs = epochs.map(|candidate| candidate.expected.unwrap_or(0.0));
        let span = makespan(workers, epochs).max(1e-6);
        left.map_or(f64::INFINITY, |left| USED * share * left / span)
    };
    let study = context.study;
    let count = study.recorded("finalists", || {
        let (least, all) = (candidates.len().min(workers), candidates.len());
        let whole = |count: usize, share: f64| affordable(count, share) >= samples.worth(most);
        let longer = WORTH * samples.worth(most);
        let share = match whole(least, FIRST) && affordable(1, 1.0 - FIRST) >= longer {
            true => FIRST,
            false => 1.0,
        };
        let found = (least..=all).rev().find(|count| whole(*count, share));
        found.unwrap_or(least) as f64
    })?;
    let count = (count as usize).min(candidates.len());
    let fidelity = samples.fidelity(affordable(count, 1.0), most);
    let fidelity = fidelity.unwrap_or(samples.least());
    let epochs = study.recorded("full-epochs", || f64::from(fidelity.epochs))?;
    let share = study.recorded("full-share", || fidelity.data)?;
    Ok((count, Fidelity::epochs(epochs as u32).with_data(share)))
}

//! The second round of full trainings: the best of the first again, for as long as
//! there is time.
//!
//! ```text
//! s        seconds of an epoch of the best, as the first round took them
//! epochs   USED · left / s, at most as many as are worth it after those of the recipe;
//!          where that is not WORTH times those of the first round, there is no second
//! who      the best, and on the other workers the next ones, if as many epochs of
//!          theirs fit too
//! ```
//!
//! A recipe's epochs reach a good network; more of them a better one. What the first
//! round compared and the verification compares is trained alike; what is handed over
//! may be trained for longer.

use super::allotment::{Samples, USED, makespan};
use super::best::REPORT;
use super::candidates::{pairs, seconds_at_first};
use super::choice::Choice;
use super::finalists::{Finalist, Training};
use super::once::once;
use super::planned::{Planned, cut_short, train};
use super::prepare::Prepared;
use super::{Context, PipelineError, Progress};
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};
use serde::{Deserialize, Serialize};

/// Numbers of its runs, behind those of the first round.
const SECOND: u64 = FIRST_FINAL + 500;

/// A training is repeated only to be so many times as long.
pub(super) const WORTH: f64 = 1.25;

/// The study's entry with the plan.
const PLAN: &str = "longer-trainings";

/// What is trained again, and how long.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Plan {
    /// Numbers of runs of the first round, the best first.
    runs: Vec<u64>,
    /// Epochs of each training.
    epochs: u32,
}

/// Trains the best of these once more, where there is time for it; whether it got that
/// far without an interruption.
pub(super) fn train_longer(
    context: &Context<'_>,
    prepared: &Prepared,
    all: &mut [Finalist],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<bool, PipelineError> {
    let left = seconds_left(context, prepared, all)?;
    let plan = once(context.study, PLAN, || {
        Ok(plan(context, prepared, all, left))
    })?;
    if plan.runs.is_empty() {
        return Ok(true);
    }
    let find = |run: &u64| all.iter().find(|own| own.first.trial.number == *run);
    let again = plan.runs.iter().filter_map(find);
    let again = (SECOND..).zip(again).map(|(number, own)| {
        let name = format!("{}, longer", own.planned.name);
        let seed = own.planned.seed;
        Planned {
            number,
            expected: Some(own.epoch_seconds * f64::from(plan.epochs)),
            ..own.planned.again(Role::Candidate, name, seed)
        }
    });
    let again: Vec<Planned> = again.collect();
    let epochs = plan.epochs;
    observe(Progress::Phase {
        what: match again.len() {
            1 => format!("training the best of them again, {epochs} epochs"),
            count => format!("training the best {count} of them again, {epochs} epochs each"),
        },
        seconds: Some(left),
    });
    let fidelity = Fidelity::epochs(epochs);
    let Some(end) = train(context, &again, fidelity, 1, Some(left), observe)? else {
        return Ok(false);
    };
    for (planned, trial) in pairs(again, end.trials) {
        let own = all.iter_mut().find(|own| own.planned.text == planned.text);
        if let Some(own) = own {
            own.longer = Training::of(context, prepared, &planned, trial)?;
        }
    }
    Ok(true)
}

/// Seconds that are left for a second round. After a resume the clock has lost what came
/// before; the first round took its share at least. A run that is finished stays so.
fn seconds_left(
    context: &Context<'_>,
    prepared: &Prepared,
    all: &[Finalist],
) -> Result<f64, PipelineError> {
    let view = context.study.view()?;
    if view.entry(REPORT)?.is_some() {
        return Ok(0.0);
    }
    let elapsed = context.elapsed().as_secs_f64();
    let left = context.config.seconds;
    let left = left.map_or(0.0, |seconds| (seconds - elapsed).max(0.0));
    let samples = Samples::of(prepared);
    let took = |own: &Finalist| own.epoch_seconds * samples.worth(own.first.trial.fidelity);
    let first = makespan(context.config.workers, all.iter().map(took));
    let at_first = seconds_at_first(&view)?;
    Ok(at_first.map_or(left, |seconds| left.min((seconds - first).max(0.0))))
}

/// Which are trained again, as this module says, and how long.
fn plan(context: &Context<'_>, prepared: &Prepared, all: &[Finalist], left: f64) -> Plan {
    let trials: Vec<&Trial> = all.iter().map(|own| &own.first.trial).collect();
    let order = Choice::of(context, prepared).best_first(&trials);
    let Some(best) = order.first().map(|place| &all[*place]) else {
        return Plan::default();
    };
    let most = most(prepared.recipe.epochs as u32);
    let affordable = USED * left / best.epoch_seconds;
    let Some(epochs) = epochs(&best.first.trial, affordable, most) else {
        return Plan::default();
    };
    let fits = |own: &Finalist| own.epoch_seconds * f64::from(epochs) <= USED * left;
    let others = order[1..].iter().map(|place| &all[*place]);
    let chosen = std::iter::once(best).chain(others.filter(|own| fits(own)));
    let runs = chosen.take(context.config.workers.max(1));
    Plan {
        runs: runs.map(|own| own.first.trial.number).collect(),
        epochs,
    }
}

/// The most epochs of a second training after a recipe of so many: four times as many
/// where they are few, up to forty, and twice as many in any case.
///
/// A small ResNet on all of Fashion-MNIST has 90.4 % after 8 epochs, 91.3 after 16 and 92.2
/// after 32; on 6,000 pictures of it two networks of about 4,000 parameters came 0.1 and
/// 0.6 points lower after 124 epochs than after 40.
fn most(recipe: u32) -> u32 {
    (2 * recipe).max((4 * recipe).min(40))
}

/// How many epochs the second training of this one has, if so many are affordable, at
/// most so many; nothing where it is not worth it.
fn epochs(first: &Trial, affordable: f64, most: u32) -> Option<u32> {
    let whole = first.fidelity.data >= 1.0 && cut_short(first).is_none();
    let epochs = (affordable as u32).min(most);
    let worth = WORTH * f64::from(first.fidelity.epochs);
    (whole && f64::from(epochs) >= worth).then_some(epochs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::trial::{Outcome, Proposal};

    #[track_caller]
    fn check(fidelity: Fidelity, outcome: Outcome, affordable: f64, expected: Option<u32>) {
        let proposal = Proposal {
            number: FIRST_FINAL,
            architecture: String::new(),
            key: String::new(),
            fidelity,
            seed: 0,
            parent: None,
        };
        assert_eq!(
            epochs(&proposal.complete(outcome), affordable, 32),
            expected
        );
    }

    #[test]
    fn few_epochs_are_followed_by_more() {
        let found = [8, 20, 40, 100].map(most);
        assert_eq!(found, [32, 40, 80, 200]);
    }

    #[test]
    fn a_training_is_repeated_only_to_be_longer() {
        let eight = Fidelity::epochs(8);
        check(eight, Outcome::Finished, 9.9, None);
        check(eight, Outcome::Finished, 10.0, Some(10));
        check(eight, Outcome::Finished, 500.0, Some(32));
        // There was no time for the first one.
        check(eight.with_data(0.5), Outcome::Finished, 100.0, None);
        check(eight, Outcome::CutShort { steps: 3 }, 100.0, None);
    }
}

//! The second round of full trainings: the best of the first again, for as long as
//! there is time.
//!
//! ```text
//! s        seconds of an epoch of the best, as the first round took them
//! epochs   USED · left / s, at most LONGER times those of the recipe; where that is not
//!          WORTH times those of the first round, there is no second
//! who      the best, and on the other workers the next ones, if as many epochs of
//!          theirs fit too
//! ```
//!
//! A recipe's epochs reach a good network; more of them a better one. What the first
//! round compared and the verification compares is trained alike; what is handed over
//! may be trained for longer.

use super::allotment::{Samples, USED, makespan};
use super::best::REPORT;
use super::candidates::{FINALS_SECONDS, pairs};
use super::finalists::{Finalist, best_first};
use super::planned::{Planned, cut_short, epoch_seconds, train};
use super::prepare::Prepared;
use super::{Context, PipelineError, Progress};
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};

/// Numbers of its runs, behind those of the first round.
const SECOND: u64 = FIRST_FINAL + 500;

/// So many times the recipe's epochs, at most.
const LONGER: u32 = 4;

/// A training is repeated only to be so many times as long.
pub(super) const WORTH: f64 = 1.25;

/// Trains the best of these once more, nothing where it was interrupted: where there is
/// time for it, and none else.
pub(super) fn train_longer(
    context: &Context<'_>,
    prepared: &Prepared,
    all: &[Finalist],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<(Planned, Trial)>>, PipelineError> {
    let elapsed = context.elapsed().as_secs_f64();
    let left = context.config.seconds;
    let left = left.map_or(0.0, |seconds| (seconds - elapsed).max(0.0));
    // After a resume that clock has lost what came before; the first round took this at
    // least. A run that was finished by an earlier version stays finished.
    let workers = context.config.workers.max(1);
    let first = makespan(workers, all.iter().map(|own| own.trial.seconds));
    let view = context.study.view()?;
    let at_first = view.recorded()?.get(FINALS_SECONDS).copied();
    let left = match view.entry(REPORT)? {
        Some(_) => 0.0,
        None => at_first.map_or(left, |seconds| left.min((seconds - first).max(0.0))),
    };
    let samples = Samples::of(prepared);
    let order = best_first(context, all);
    let seconds = |place: usize| epoch_seconds(&samples, &all[place].trial);
    let chosen = order.first().and_then(|best| {
        let most = LONGER * prepared.recipe.epochs as u32;
        let epochs = epochs(&all[*best].trial, USED * left / seconds(*best)?, most)?;
        let fits = |place: &usize| {
            let seconds = seconds(*place).map(|own| own * f64::from(epochs));
            place == best || seconds.is_some_and(|seconds| seconds <= USED * left)
        };
        let fitting = order.iter().copied().filter(fits);
        let fitting = fitting.take(workers);
        Some((fitting.collect::<Vec<usize>>(), epochs))
    });
    let (chosen, epochs) = chosen.unwrap_or_default();
    let study = context.study;
    let count = study.recorded("longer-finalists", || chosen.len() as f64)? as usize;
    let epochs = study.recorded("longer-epochs", || f64::from(epochs))? as u32;
    if count == 0 {
        return Ok(Some(Vec::new()));
    }
    let mut again = Vec::new();
    for (rank, number) in (0..count).zip(SECOND..) {
        // A latency that is measured again after a resume may order them otherwise.
        let place = || {
            chosen
                .get(rank)
                .map_or(all.len() as f64, |place| *place as f64)
        };
        let place = study.recorded(&format!("longer-{rank}"), place)? as usize;
        let Some(Finalist { planned: own, .. }) = all.get(place) else {
            continue;
        };
        let name = format!("{}, longer", own.name);
        again.push(Planned {
            number,
            expected: seconds(place).map(|seconds| seconds * f64::from(epochs)),
            ..own.again(Role::Candidate, name, own.seed)
        });
    }
    observe(Progress::Phase {
        what: match count {
            1 => format!("training the best of them again, {epochs} epochs"),
            _ => format!("training the best {count} of them again, {epochs} epochs each"),
        },
        seconds: Some(left),
    });
    let end = train(
        context,
        &again,
        Fidelity::epochs(epochs),
        1,
        Some(left),
        observe,
    )?;
    Ok(end.map(|end| pairs(again, end.trials)))
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

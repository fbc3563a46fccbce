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

use super::allotment::{Samples, USED};
use super::candidates::pairs;
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
const WORTH: f64 = 1.5;

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
    let samples = Samples::of(prepared);
    let order = best_first(context, all);
    let seconds = |place: usize| epoch_seconds(&samples, &all[place].trial);
    let chosen = order.first().and_then(|best| {
        let epochs = epochs(&all[*best].trial, USED * left / seconds(*best)?, prepared)?;
        let fits = |place: &&usize| {
            seconds(**place).is_some_and(|own| own * f64::from(epochs) <= USED * left)
        };
        let count = order.iter().take(context.config.workers.max(1));
        Some((count.take_while(fits).count().max(1), epochs))
    });
    let (count, epochs) = chosen.unwrap_or((0, 0));
    let study = context.study;
    let count = study.recorded("longer-finalists", || count as f64)? as usize;
    let epochs = study.recorded("longer-epochs", || f64::from(epochs))? as u32;
    let again = order.iter().take(count).zip(SECOND..);
    let again = again.map(|(place, number)| {
        let own = &all[*place].planned;
        let name = format!("{}, longer", own.name);
        Planned {
            number,
            expected: seconds(*place).map(|seconds| seconds * f64::from(epochs)),
            ..own.again(Role::Candidate, name, own.seed)
        }
    });
    let again: Vec<Planned> = again.collect();
    if again.is_empty() {
        return Ok(Some(Vec::new()));
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

/// How many epochs the second training of this one has, if so many are affordable.
fn epochs(first: &Trial, affordable: f64, prepared: &Prepared) -> Option<u32> {
    let whole = first.fidelity.data >= 1.0 && cut_short(first).is_none();
    let epochs = (affordable as u32).min(LONGER * prepared.recipe.epochs as u32);
    let worth = WORTH * f64::from(first.fidelity.epochs);
    (whole && f64::from(epochs) >= worth).then_some(epochs)
}

//! How many epochs a supernet has, and of how many steps.

use crate::pipeline::{Context, PipelineError};
use crate::supernet::Search;
use std::time::Instant;

/// Most epochs that a budget is spent on.
const MOST_EPOCHS: f64 = 100.0;

/// Epochs that a budget is spent on at least: where there is no time for so many
/// passes over the data, an epoch is a part of one.
const FEWEST_EPOCHS: f64 = 10.0;

/// Epochs where there is no budget of time.
const USUAL_EPOCHS: f64 = 50.0;

/// Steps that are timed.
const TIMED: usize = 4;

/// How many epochs the time allows, and how many steps they have where it allows
/// few, reckoned once in the life of a study.
pub(super) fn epochs_of(
    context: &Context<'_>,
    search: &Search<'_>,
    pool: &rayon::ThreadPool,
) -> Result<(usize, Option<usize>), PipelineError> {
    let Some(deadline) = search.deadline else {
        return Ok((USUAL_EPOCHS as usize, None));
    };
    // All epochs but those of the warm-up learn the architecture too.
    let timed = Search {
        epochs: 1,
        ..*search
    };
    let seconds = |steps: usize| {
        let begun = Instant::now();
        pool.install(|| timed.rehearse(steps))
            .map(|()| begun.elapsed().as_secs_f64())
    };
    // The first one pays for what is made once.
    seconds(1)?;
    let (short, long) = (seconds(1)?, seconds(1 + TIMED)?);
    // Their difference is a rough measure of short steps.
    let least = 0.1 * long / (1 + TIMED) as f64;
    let step = ((long - short) / TIMED as f64).max(least).max(1e-6);
    let left = deadline.saturating_duration_since(Instant::now());
    let plan = planned(
        0.9 * left.as_secs_f64(),
        step,
        (short - step).max(0.0),
        search.steps(),
    );
    let study = context.study;
    let most = study.recorded("supernet-epoch-steps", || plan[1])?;
    let epochs = study.recorded("supernet-epochs", || plan[0])?;
    let most = most as usize;
    Ok((
        epochs as usize,
        Some(most).filter(|&most| most < search.steps()),
    ))
}

/// How many epochs and steps of each, at most a pass over the data, fit into some
/// seconds, where every epoch takes some besides its steps.
fn planned(seconds: f64, step: f64, besides: f64, pass: usize) -> [f64; 2] {
    let steps = (seconds / FEWEST_EPOCHS - besides) / step;
    let steps = steps.floor().clamp(1.0, pass as f64);
    let epochs = seconds / (steps * step + besides);
    [epochs.floor().clamp(FEWEST_EPOCHS, MOST_EPOCHS), steps]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_budgets_have_short_epochs() {
        for (seconds, besides, expected) in [
            (500.0, 0.0, [50.0, 100.0]),
            (2_000.0, 0.0, [100.0, 100.0]),
            (45.0, 0.0, [10.0, 45.0]),
            // What an epoch takes besides is no reason for short ones.
            (100.0, 5.0, [10.0, 50.0]),
            (500.0, 10.0, [25.0, 100.0]),
            (0.2, 0.0, [10.0, 1.0]),
            (2.0, 9.0, [10.0, 1.0]),
        ] {
            let plan = planned(seconds, 0.1, besides, 100);
            assert!(
                plan.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
                "{seconds} {besides}: {plan:?}"
            );
        }
    }
}

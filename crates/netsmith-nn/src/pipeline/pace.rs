//! How much each evaluation may spend, so that the budget is used well.

use super::prepare::Prepared;
use super::{Config, PipelineError};
use crate::train::time_steps;
use netsmith::random::Seed;
use netsmith::study::Study;
use netsmith::trial::Fidelity;

/// Architectures that are timed.
const TIMED: u64 = 4;

/// Trials for each worker that a search should have time for.
const TRIALS_FOR_EACH_WORKER: f64 = 18.0;

/// How fast this machine is, and what follows from it.
pub(super) struct Pace {
    /// Seconds of one epoch over all training data of a usual network, on one
    /// worker.
    pub(super) epoch_seconds: f64,
    /// What a trial of the search may spend.
    pub(super) low: Fidelity,
}

/// Times a few architectures once in the life of the study, and divides the
/// budget: a trial should take so long that the search has time for a few dozen.
pub(super) fn pace(
    config: &Config,
    prepared: &Prepared,
    study: &Study,
) -> Result<Pace, PipelineError> {
    let recipe = &prepared.recipe;
    let full = recipe.epochs as f64;
    let seconds = study.recorded("epoch-seconds", || measure(config, prepared))?;
    let epochs = match config.search_seconds() {
        Some(search) => {
            let trial = search / TRIALS_FOR_EACH_WORKER;
            (trial / seconds.max(1e-6)).min(full / 2.0)
        }
        None => full / 5.0,
    };
    // A short schedule over all data ranks networks better than a long one over
    // few, down to two epochs.
    let (epochs, share) = match epochs {
        few if few < 2.0 => (2, (few / 2.0).clamp(0.02, 1.0)),
        many => (many as u32, 1.0),
    };
    // Two digits are enough, and read better.
    let share = (share * 100.0).round() / 100.0;
    Ok(Pace {
        epoch_seconds: seconds,
        low: Fidelity::epochs(epochs.max(2)).with_data(share),
    })
}

/// Seconds of one epoch: the mean over a few random architectures.
fn measure(config: &Config, prepared: &Prepared) -> f64 {
    let seed = Seed::new(config.seed).child("pace");
    let batch = prepared.recipe.batch_size;
    let steps = (prepared.data.train().len() / batch).max(1) as f64;
    let (mut total, mut count) = (0.0, 0.0);
    for number in 0..TIMED {
        let mut random = seed.nth(number).stream();
        let Ok(architecture) = prepared.space.sample(&prepared.limits, &mut random) else {
            continue;
        };
        let Ok(network) = prepared.space.network(&architecture) else {
            continue;
        };
        let (pruned, kernels) = (network.pruned(), prepared.kernels);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(config.threads.max(1))
            .build();
        let timed = pool
            .ok()
            .and_then(|pool| pool.install(|| time_steps(&pruned, kernels, batch, 5)).ok());
        if let Some(times) = timed {
            // Validation and the data take some time as well.
            total += times.median().as_secs_f64() * steps * 1.25;
            count += 1.0;
        }
    }
    if count > 0.0 { total / count } else { 1.0 }
}

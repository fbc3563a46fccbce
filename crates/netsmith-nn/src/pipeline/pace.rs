//! How much each evaluation may spend, so that the budget is used well.
//!
//! ```text
//! s        seconds of one multiply-accumulate of one sample in training, timed
//! W        workers;  T = 0.6 · budget for the search, F = 0.4 · budget for the rest
//! M        the most MACs of a network that a third of F trains in enough epochs, on one
//!          worker: the rest is for training the best for longer
//! e        seconds of an epoch of a usual network of at most M MACs
//! a trial  T / 18 seconds on average: so many epochs, or two on a share of the data;
//!          behind a supernet a 24th of what it leaves, and the best go on to more, up to
//!          half of a full training
//! ```
//!
//! A network that the rest of the budget cannot train would look good after a
//! fixed number of epochs and end half-trained: it is left out from the start.

use super::allotment::{Samples, USED};
use super::prepare::Prepared;
use super::supernet::{self, ALONE};
use super::{Config, PipelineError};
use crate::train::time_steps;
use netsmith::cost::MACS;
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits};
use netsmith::study::Study;
use netsmith::trial::Fidelity;
use std::time::Instant;

/// Architectures that are timed.
const TIMED: u64 = 6;

/// Architectures whose MACs say what a usual network is.
const COUNTED: u64 = 16;

/// Trials for each worker that a search should have time for.
const TRIALS_FOR_EACH_WORKER: f64 = 18.0;

/// So many trainings on the lowest rung would fill the time behind a supernet; a
/// quarter of it and more goes to longer ones of the best.
const TRIALS_BEHIND_SUPERNET: f64 = 24.0;

/// The share of the budget that timing may take, one architecture excepted.
const TIMING: f64 = 0.05;

/// The share of the time for full trainings in which a network must be trainable.
const ENOUGH: f64 = 1.0 / 3.0;

/// The share of a full training that a trial has at most where small networks are looked
/// for: 13 of 40 epochs of the pictures' recipe bring most of them to within a point of
/// where they end.
const SMALL: f64 = 1.0 / 3.0;

/// A trial is worth being chosen by training-free scores where it trains on so
/// many samples: some hundred networks are scored in its time, and a proposal weighs
/// a few dozen.
const WORTH_SCORES: f64 = 60_000.0;

/// How fast this machine is, and what follows from it.
pub(super) struct Pace {
    /// Seconds of one multiply-accumulate of one sample in training.
    pub(super) seconds_per_mac: f64,
    /// Seconds of one epoch over all training data of a usual network, on one
    /// worker, validation included.
    pub(super) epoch_seconds: f64,
    /// What a trial of the search may spend.
    pub(super) low: Fidelity,
    /// The rungs of the ladder behind a supernet.
    pub(super) rungs: usize,
    /// The most multiply-accumulate operations of one sample that the budget
    /// can train.
    pub(super) affordable_macs: Option<u64>,
}

impl Pace {
    /// Whether scoring what is proposed costs little beside training it.
    pub(super) fn is_worth_scores(&self, samples: Samples) -> bool {
        f64::from(self.low.epochs) * samples.epoch(self.low.data) >= WORTH_SCORES
    }
}

/// Times a few architectures once in the life of the study, and divides the
/// budget.
pub(super) fn pace(
    config: &Config,
    prepared: &Prepared,
    study: &Study,
) -> Result<Pace, PipelineError> {
    let full = prepared.recipe.epochs as f64;
    let speed = study.recorded("seconds-per-mac", || seconds_per_mac(config, prepared))?;
    let samples = Samples::of(prepared).epoch(1.0);
    let affordable_macs = config.seconds.map(|seconds| {
        let last = USED * ENOUGH * (seconds - config.search_seconds().unwrap_or(0.0));
        let epoch = last / enough_epochs(prepared.recipe.epochs);
        (epoch / (samples * speed)) as u64
    });
    let affordable_macs = affordable_macs.map(|macs| macs.max(least_macs(prepared)));
    let limits = affordable_macs.map_or(prepared.limits, |macs| {
        prepared.limits.tightened(MACS, macs as f64)
    });
    let epoch_seconds = usual_macs(config, prepared, &limits) * samples * speed;
    let epochs = match config.search_seconds() {
        Some(search) => {
            let trial = match &prepared.method {
                // A supernet takes its part first.
                Some(_) => ALONE * search / TRIALS_BEHIND_SUPERNET,
                // A multi-fidelity strategy spends all of it on few.
                None => search / (TRIALS_FOR_EACH_WORKER * prepared.strategy.mean_share()),
            };
            let most = match config.seeks_efficiency() {
                true => full * SMALL,
                false => full / 2.0,
            };
            (trial / epoch_seconds.max(1e-6)).min(most.max(2.0))
        }
        None => full / 5.0,
    };
    // A short schedule over all data ranks networks better than a long one over
    // few, down to two epochs.
    let (epochs, share) = match epochs {
        few if few < 2.0 => (2, (few / 2.0).clamp(0.02, 1.0)),
        many => (many as u32, 1.0),
    };
    // Behind a supernet that is the lowest rung, and the highest a full training
    // at most.
    let rungs = match (&prepared.method, config.search_seconds()) {
        (None, _) => 1,
        (Some(_), Some(search)) => {
            let training = epoch_seconds * f64::from(epochs) * share;
            let workers = config.workers.max(1) as f64;
            supernet::rungs(workers * ALONE * search / training.max(1e-6))
        }
        (Some(_), None) => supernet::rungs(config.trials.unwrap_or(0) as f64),
    };
    let longer = supernet::times_longer(rungs);
    let epochs = match rungs {
        1 => epochs,
        // What goes on is trained in full afterwards: rather more networks than a
        // ladder up to there.
        _ => epochs.min(((full / 2.0) as u32 / longer).max(2)),
    };
    let longest = epochs * longer;
    let epochs = longest
        .min(prepared.recipe.epochs.max(1) as u32)
        .max(epochs);
    // Two digits are enough, and read better.
    let share = (share * 100.0).round() / 100.0;
    Ok(Pace {
        seconds_per_mac: speed,
        epoch_seconds,
        low: Fidelity::epochs(epochs).with_data(share),
        rungs,
        affordable_macs,
    })
}

/// Epochs with which a network can be said to be trained.
pub(super) fn enough_epochs(wanted: usize) -> f64 {
    (wanted as f64 / 2.0).max(8.0_f64.min(wanted as f64))
}

/// What must stay allowed: a little more than the smallest network of the space.
fn least_macs(prepared: &Prepared) -> u64 {
    let undecided = Architecture::undecided(prepared.space.decisions().len());
    let bounds = prepared.space.bounds(&undecided);
    bounds.map_or(0, |bounds| 2 * bounds.macs.low)
}

/// The third quartile over a few random architectures: networks of cheap but
/// slow operations, such as depthwise convolutions, must be trainable too.
fn seconds_per_mac(config: &Config, prepared: &Prepared) -> f64 {
    let batch = prepared.recipe.batch_size;
    let seed = Seed::new(config.seed).child("pace");
    let networks = drawn(prepared, &prepared.limits, seed, TIMED);
    let begun = Instant::now();
    let most = config.seconds.map(|seconds| TIMING * seconds);
    let mut timed = 0;
    let mut speeds: Vec<f64> = networks
        .iter()
        .take_while(|_| {
            timed += 1;
            timed == 1 || most.is_none_or(|most| begun.elapsed().as_secs_f64() < most)
        })
        .filter_map(|network| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads.max(1));
            let (pruned, kernels) = (network.pruned(), prepared.kernels);
            let timed = pool
                .build()
                .ok()?
                .install(|| time_steps(&pruned, kernels, batch, 5));
            let work = network.macs().max(1) as f64 * batch as f64;
            Some(timed.ok()?.median().as_secs_f64() / work)
        })
        .collect();
    speeds.sort_by(f64::total_cmp);
    speeds.get(3 * speeds.len() / 4).copied().unwrap_or(1e-9)
}

/// The mean over random architectures that keep the limits; their first eighth where
/// small networks are looked for, which most trials then are.
fn usual_macs(config: &Config, prepared: &Prepared, limits: &Limits) -> f64 {
    let seed = Seed::new(config.seed).child("usual");
    let networks = drawn(prepared, limits, seed, COUNTED);
    let mut macs: Vec<f64> = networks.iter().map(|own| own.macs() as f64).collect();
    if config.seeks_efficiency() {
        macs.sort_by(f64::total_cmp);
        return macs.get(macs.len() / 8).copied().unwrap_or(0.0);
    }
    macs.iter().sum::<f64>() / macs.len().max(1) as f64
}

/// Networks of random architectures.
fn drawn(prepared: &Prepared, limits: &Limits, seed: Seed, count: u64) -> Vec<Network> {
    let draw = |number| {
        let mut random = seed.nth(number).stream();
        let architecture = prepared.space.sample(limits, &mut random).ok()?;
        prepared.space.network(&architecture).ok()
    };
    (0..count).filter_map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_is_half_of_the_recipe_and_eight_at_least() {
        for (wanted, enough) in [(40, 20.0), (8, 8.0), (12, 8.0), (4, 4.0)] {
            assert!((enough_epochs(wanted) - enough).abs() < 1e-9);
        }
    }

    /// Two epochs of Fashion-MNIST are worth it, a tenth of one or ten epochs of a
    /// thousand digits are not.
    #[test]
    fn long_trials_are_worth_scores() {
        let is_worth = |train: f64, low| {
            let pace = Pace {
                seconds_per_mac: 1e-9,
                epoch_seconds: 1.0,
                low,
                rungs: 1,
                affordable_macs: None,
            };
            pace.is_worth_scores(Samples {
                train,
                valid: train / 5.0,
                batch: 128.0,
            })
        };
        assert!(is_worth(48_000.0, Fidelity::epochs(2)));
        assert!(!is_worth(48_000.0, Fidelity::epochs(2).with_data(0.1)));
        assert!(!is_worth(1_100.0, Fidelity::epochs(10)));
    }
}

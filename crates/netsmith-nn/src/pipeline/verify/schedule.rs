//! How many others are trained beside the winner, and for how long.

use super::Winner;
use crate::pipeline::allotment::{Allotment, Samples, Wanted};
use crate::pipeline::once::known;
use crate::pipeline::planned::Planned;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Context, PipelineError};
use crate::train::time_steps;
use netsmith::network::Network;
use netsmith::study::{FIRST_FINAL, Role};
use serde::{Deserialize, Serialize};

/// Numbers of the verification's runs start here, behind those of the candidates.
const VERIFICATION: u64 = FIRST_FINAL + 1_000;

/// The study's entry with the numbers of the runs that were left out.
pub(super) const LEFT_OUT: &str = "verification-left-out";

/// Steps that are timed.
const TIMED: usize = 5;

/// The share of the time that may go into timing.
const TIMING: f64 = 0.05;

/// What is verified, as the study holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) allotment: Allotment,
    /// Seconds of an epoch over all data of the winner and of the others.
    epoch_seconds: Vec<f64>,
}

/// How many are trained and how long.
pub(super) fn plan(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: &[Planned],
    seconds: Option<f64>,
) -> Option<Plan> {
    let begun = context.elapsed();
    let epoch_seconds = epochs_of(context, prepared, winner, others, seconds);
    let spent = (context.elapsed() - begun).as_secs_f64();
    let rivals = others.iter().filter(|other| other.role != Role::Reseed);
    let wanted = Wanted {
        winner: epoch_seconds[0],
        others: &epoch_seconds[1..],
        // All rivals but one random architecture, and one more seed.
        core: rivals.count().max(1),
        full: winner.trial.fidelity,
        counts: winner.trial.is_finished(),
        seconds: seconds.map_or(f64::INFINITY, |seconds| seconds - spent),
        workers: context.config.workers,
        samples: Samples::of(prepared),
    };
    wanted.allot().map(|allotment| Plan {
        allotment,
        epoch_seconds,
    })
}

/// Seconds of an epoch of the winner and of each other: as the winner took them,
/// times what a step of the other takes beside a step of the winner.
fn epochs_of(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: &[Planned],
    seconds: Option<f64>,
) -> Vec<f64> {
    let own = winner.epoch_seconds;
    let samples = Samples::of(prepared);
    let steps = ((TIMED + 2) * (others.len() + 1)) as f64;
    let timing = steps * own * samples.batch / samples.epoch(1.0);
    let affordable = seconds.is_none_or(|seconds| timing <= TIMING * seconds);
    let time = |network: &Network| {
        affordable
            .then(|| step_seconds(context, prepared, network))
            .flatten()
    };
    let of_winner = time(&winner.planned.network);
    let macs = |network: &Network| network.macs().max(1) as f64;
    let other = |other: &Planned| {
        if other.role == Role::Reseed {
            return own;
        }
        let measured = of_winner.zip(time(&other.network));
        let ratio = measured.map(|(winner, other)| other / winner);
        own * ratio.unwrap_or_else(|| macs(&other.network) / macs(&winner.planned.network))
    };
    std::iter::once(own)
        .chain(others.iter().map(other))
        .collect()
}

/// The quickest of a few training steps, the one least disturbed by others.
fn step_seconds(context: &Context<'_>, prepared: &Prepared, network: &Network) -> Option<f64> {
    let threads = context.config.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let (kernels, batch) = (prepared.kernels, prepared.recipe.batch_size);
    let timed = pool
        .build()
        .ok()?
        .install(|| time_steps(network, kernels, batch, TIMED))
        .ok()?;
    let quickest = timed.steps.iter().min()?.as_secs_f64();
    (quickest > 0.0).then_some(quickest)
}

/// The runs of a plan with their numbers, and the numbers of those that an earlier
/// process left out.
pub(super) fn runs(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: Vec<Planned>,
    plan: &Plan,
) -> Result<(Vec<Planned>, Vec<u64>), PipelineError> {
    let Allotment {
        again: twice,
        count,
        ..
    } = plan.allotment;
    let worth = Samples::of(prepared).worth(plan.allotment.fidelity());
    let own = winner.planned;
    let first = || own.again(Role::Reseed, "winner, seed 1".to_owned(), own.seed);
    let all = twice
        .then(first)
        .into_iter()
        .chain(others.into_iter().take(count));
    let epochs = plan.epoch_seconds.iter().skip(usize::from(!twice));
    let numbered = (VERIFICATION..).zip(all.zip(epochs));
    let numbered = numbered.map(|(number, (planned, epoch))| Planned {
        number,
        expected: Some(worth * epoch),
        ..planned
    });
    let out: Option<Vec<u64>> = known(&context.study.view()?, LEFT_OUT)?;
    let out = out.unwrap_or_default();
    let runs = numbered.filter(|planned| !out.contains(&planned.number));
    Ok((runs.collect(), out))
}

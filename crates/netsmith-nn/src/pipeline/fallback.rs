//! The smallest network at hand, for a run in which no trial gave a result.
//!
//! How long it is trained follows from the speed that was measured before the
//! search and from the trials that did not end: each has taken longer than an
//! epoch of it should.

use super::allotment::{Samples, USED};
use super::candidates::pairs;
use super::planned::{Planned, train};
use super::prepare::Prepared;
use super::{Context, PipelineError, Progress, left_of};
use netsmith::cost::{MACS, PARAMETERS};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits};
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};
use rand::Rng;

/// Its number, behind those of the candidates.
const NUMBER: u64 = FIRST_FINAL + 900;

/// Random architectures among which it is looked for.
const DRAWN: u64 = 16;

/// Of the hand-designed networks that keep the limits and a few random ones the
/// one that is least to compute.
pub(super) fn smallest(
    context: &Context<'_>,
    prepared: &Prepared,
) -> Result<Planned, PipelineError> {
    let space = &prepared.space;
    let seed = Seed::new(context.config.seed).child("smallest");
    let mut known: Vec<(String, Architecture, Network)> = Vec::new();
    let none_keeps = Limits::FREE.with(PARAMETERS, 0.0);
    for (name, architecture) in space.baselines(&none_keeps) {
        let network = space.network(&architecture)?;
        if prepared.limits.check_network(&network).is_ok() {
            known.push((format!("a {name}"), architecture, network));
        }
    }
    for number in 0..DRAWN {
        let mut random = seed.nth(number).stream();
        let architecture = space.sample(&prepared.limits, &mut random)?;
        let network = space.network(&architecture)?;
        known.push(("a random architecture".into(), architecture, network));
    }
    let least = known
        .into_iter()
        .min_by_key(|(_, _, network)| network.macs());
    let (name, architecture, _) = least.expect("some were drawn — this is a bug in netsmith");
    let drawn = seed.child("training").stream().next_u64() >> 1;
    let planned = Planned::new(prepared, Role::Candidate, name, architecture, drawn)?;
    Ok(Planned {
        number: NUMBER,
        ..planned
    })
}

/// Trains it for as long as there is time; nothing where it was interrupted.
pub(super) fn train_smallest(
    context: &Context<'_>,
    prepared: &Prepared,
    smallest: Planned,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<(Planned, Trial)>, PipelineError> {
    let samples = Samples::of(prepared);
    let elapsed = context.elapsed().as_secs_f64();
    let budget = context.config.seconds;
    let left = budget.map(|seconds| left_of(seconds, elapsed));
    let speed = context.pace.seconds_per_mac;
    let epoch = speed * smallest.network.macs() as f64 * samples.epoch(1.0);
    let epoch = epoch * slowness(&samples, speed, trials);
    let most = Fidelity::epochs(prepared.recipe.epochs as u32);
    let fidelity = match left {
        Some(left) => samples.fidelity(USED * left / epoch.max(1e-9), most),
        None => Some(most),
    };
    let fidelity = fidelity.unwrap_or(samples.least());
    let study = context.study;
    let epochs = study.recorded("smallest-epochs", || f64::from(fidelity.epochs))?;
    let share = study.recorded("smallest-share", || fidelity.data)?;
    let fidelity = Fidelity::epochs(epochs as u32).with_data(share);
    observe(Progress::Phase {
        what: format!(
            "no trial gave a result: training {} instead, {}",
            smallest.name,
            super::verify::in_words(fidelity)
        ),
        seconds: left,
    });
    let runs = vec![smallest];
    let Some(end) = train(context, &runs, fidelity, 1, left, observe)? else {
        return Ok(None);
    };
    let trained = pairs(runs, end.trials).pop();
    match (trained, budget) {
        (Some((planned, trial)), _) if !trial.outcome.is_failure() => Ok(Some((planned, trial))),
        (Some((_, trial)), Some(budget)) if trial.is_timed_out() => {
            // It was at work for so long without a result.
            let least = (epoch * samples.worth(samples.least())).max(trial.seconds);
            Err(PipelineError::too_short(budget, least))
        }
        _ => Err(PipelineError::nothing_in(trials)),
    }
}

/// How much slower than measured the machine is, at least: each of these trials
/// was at work without ending an epoch.
fn slowness(samples: &Samples, seconds_per_mac: f64, trials: &[Trial]) -> f64 {
    let ratio = |trial: &Trial| {
        let macs = trial.costs.value(MACS)?;
        let expected = seconds_per_mac * macs * samples.epoch(trial.fidelity.data);
        (trial.is_timed_out() && expected > 0.0).then(|| trial.seconds / expected)
    };
    trials.iter().filter_map(ratio).fold(1.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::trial::{Costs, Outcome, Proposal};

    #[test]
    fn trials_that_did_not_end_show_how_slow_the_machine_is() {
        let samples = Samples {
            train: 900.0,
            valid: 300.0,
            batch: 32.0,
        };
        let trial = |seconds: f64, outcome: Outcome| {
            let proposal = Proposal {
                number: 0,
                architecture: String::new(),
                key: String::new(),
                fidelity: Fidelity::epochs(2),
                seed: 0,
                parent: None,
            };
            let mut trial = proposal.complete(outcome);
            (trial.seconds, trial.costs) = (seconds, Costs::default().with(MACS, 1_000.0));
            trial
        };
        let late = || Outcome::TimedOut { limit_seconds: 9.0 };
        // An epoch should take a second.
        let trials = [
            trial(0.5, late()),
            trial(7.0, late()),
            trial(50.0, Outcome::Finished),
        ];
        assert!((slowness(&samples, 1e-6, &trials) - 7.0).abs() < 1e-9);
        assert!((slowness(&samples, 1e-6, &trials[..1]) - 1.0).abs() < 1e-9);
    }
}

//! From whom the networks that are trained in full learn besides the targets: the best
//! trials of the search together, whose weights cost no further training.
//!
//! ```text
//! who      the best so many trials by the metric, whatever they cost, of those that were
//!          trained for long enough to know more than the targets say
//! answers  the mean of their outputs to each training sample
//! loss     (1 − SHARE) · loss of the task + SHARE · distance from these answers
//! ```
//!
//! Measured on 6,000 pictures of Fashion-MNIST, four networks of 1,702 to 19,258
//! parameters, one teacher of 42,698: with a share of 0.8 the accuracy after 15 epochs rises
//! by 0.9 points in the mean (0.5 to 1.4), with 0.7 after 30 epochs by 1.2 (0.9 to 1.7).
//! Hand-made networks of the verification are trained as people do, without a teacher.

use super::allotment::Samples;
use super::once::once;
use super::prepare::Prepared;
use super::{Context, PipelineError};
use crate::train::{Predictor, Teacher};
use netsmith::study::Role;
use netsmith::trial::{Fidelity, Trial};

/// The study's entry with the numbers of the trials that teach.
const ENTRY: &str = "teachers";

/// So many teach together, at most.
pub(super) const TEACHERS: usize = 3;

/// The share of the loss that their answers have.
const SHARE: f32 = 0.7;

/// Trainings of these roles learn from teachers.
pub(super) fn learns(role: Role) -> bool {
    match role {
        Role::Candidate | Role::Reseed | Role::Random => true,
        Role::Baseline => false,
    }
}

/// The best of these trials as a teacher; nothing where there is none.
pub(super) fn teacher(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
) -> Result<Option<Teacher>, PipelineError> {
    let Some(kept) = context.evaluator.kept() else {
        return Ok(None);
    };
    let networks = |number: &u64| {
        let trial = trials.iter().find(|trial| trial.number == *number)?;
        let architecture = prepared.space.parse(&trial.architecture).ok()?;
        let network = prepared.space.network(&architecture).ok()?.pruned();
        let weights = kept.weights(*number, &network)?;
        Some((network, weights))
    };
    let chosen = once(context.study, ENTRY, || {
        let best = best(context, prepared, trials);
        let kept = best.into_iter().filter(|number| networks(number).is_some());
        Ok(kept.take(TEACHERS).collect::<Vec<u64>>())
    })?;
    let networks: Vec<_> = chosen.iter().filter_map(networks).collect();
    let predictors = networks.iter().map(|(network, weights)| {
        Predictor::new(network, weights, &prepared.contract, prepared.kernels)
    });
    let predictors = predictors.collect::<Result<Vec<_>, _>>()?;
    let pool = context.all_threads()?;
    let train = prepared.data.train();
    Ok(pool.install(|| Teacher::new(predictors, &train, SHARE)))
}

/// The numbers of the trials that know enough, the best by the metric first.
fn best(context: &Context<'_>, prepared: &Prepared, trials: &[Trial]) -> Vec<u64> {
    let metric = &context.objective.metric;
    let samples = Samples::of(prepared);
    let full = samples.worth(Fidelity::epochs(prepared.recipe.epochs as u32));
    let knows = |trial: &&Trial| samples.worth(trial.fidelity) >= enough(full);
    let trials = trials.iter().filter(|trial| trial.is_finished());
    let scored = trials.filter(knows).filter_map(|trial| {
        let value = trial.metrics.get(&metric.name)?.value;
        Some((metric.direction.score(value), trial.number))
    });
    let mut scored: Vec<(f64, u64)> = scored.filter(|(score, _)| score.is_finite()).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, number)| number).collect()
}

/// Epochs after which a trial has something to teach to a training of so many: a fifth
/// of them, and eight where that is not more than half of them.
fn enough(full: f64) -> f64 {
    (0.2 * full).max(8.0_f64.min(0.5 * full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_little_does_not_teach() {
        for (full, expected) in [(100.0, 20.0), (40.0, 8.0), (8.0, 4.0)] {
            assert!((enough(full) - expected).abs() < 1e-9, "{full}");
        }
    }
}

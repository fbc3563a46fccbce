//! Statistics of normalisations, gathered anew.

use super::Search;
use super::run::batches as of_part;
use crate::module::{Module, Noise, Weights};
use netsmith::network::operation::Role;

/// Sets the running statistics of a network to the mean over some batches of
/// the training part.
///
/// A step moves them by its own statistics times the momentum, from zero here,
/// so that the mean of the moves is the mean of the statistics but for that
/// factor.
pub(super) fn recalibrate(
    search: &Search<'_>,
    module: &mut Module,
    weights: &mut Weights,
    batches: usize,
) {
    let momentum = netsmith::network::operation::BatchNorm::MOMENTUM as f32;
    let roles: Vec<Role> = module
        .network()
        .weights()
        .iter()
        .map(|weight| weight.shape.role)
        .collect();
    let running = |role: &Role| matches!(role, Role::RunningMean | Role::RunningVariance);
    let mut sums: Vec<Vec<f32>> = weights.0.iter().map(|w| vec![0.0; w.len()]).collect();
    let seed = search.seed.child("recalibration");
    let mut count = 0.0;
    for batch in of_part(search, search.train, &seed).take(batches) {
        for (values, role) in weights.0.iter_mut().zip(&roles) {
            if running(role) {
                values.fill(0.0);
            }
        }
        module.step(weights, &batch.inputs[0], &Noise::none(), |_, gradient| {
            gradient.fill(0.0);
            0.0
        });
        for ((sums, values), role) in sums.iter_mut().zip(&weights.0).zip(&roles) {
            if running(role) {
                let pairs = sums.iter_mut().zip(values);
                pairs.for_each(|(sum, value)| *sum += value / momentum);
            }
        }
        count += 1.0;
    }
    for ((values, sums), role) in weights.0.iter_mut().zip(&sums).zip(&roles) {
        if running(role) && count > 0.0 {
            let pairs = values.iter_mut().zip(sums);
            pairs.for_each(|(value, sum)| *value = sum / count);
        }
    }
}

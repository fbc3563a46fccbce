//! How much memory a training needs.

use super::{Optimizer, Recipe};
use crate::module::{Mixture, activation_bytes};
use netsmith::network::{MemoryPlan, Network};

/// Bytes of a 32-bit float.
const SCALAR: u64 = size_of::<f32>() as u64;

/// Bytes that one training step on so many samples takes at its peak on the
/// fused kernels: weights, their gradients and the optimiser's moments;
/// activations and their gradients; the samples, their answers and the gradient
/// of these.
///
/// What is not counted is small: what describes the network, and what kernels
/// note down, such as statistics of channels and arranged weights.
pub fn step_memory(network: &Network, batch: usize, optimizer: Optimizer) -> u64 {
    mixed_step_memory(network, batch, optimizer, None)
}

/// The same of a supernet, under a mixture.
pub(crate) fn mixed_step_memory(
    network: &Network,
    batch: usize,
    optimizer: Optimizer,
    mixture: Option<&Mixture>,
) -> u64 {
    let weights = MemoryPlan::of(network, 1).weights;
    let samples: usize = network.inputs().map(|shape| shape.elements()).sum();
    let answers = network.answer().elements();
    let values = (samples as u64).saturating_add(2 * answers as u64);
    let entering = values.saturating_mul(batch as u64).saturating_mul(SCALAR);
    let copies = optimizer.moments() as u64 + 2;
    activation_bytes(network, batch, mixture)
        .saturating_add(weights.saturating_mul(copies))
        .saturating_add(entering)
}

/// What else a training takes, such as buffers of the validation and what describes
/// the network: measured at 1 to 11 MB above the rest of the plan over networks of 3
/// to 220 MB.
const RESERVE: u64 = 4 << 20;

/// Bytes that training with this recipe on the fused kernels needs at most: a
/// step, the weights and moments that are kept beside it, of the epoch before and
/// of the best so far, and a reserve. The data sets are not counted.
pub fn training_memory(network: &Network, recipe: &Recipe) -> u64 {
    let weights = MemoryPlan::of(network, 1).weights;
    // Weights, moments and best weights of the epoch before, and the best of now.
    let kept = recipe.optimizer.moments() as u64 + 3;
    step_memory(network, recipe.batch_size, recipe.optimizer)
        .saturating_add(weights.saturating_mul(kept))
        .saturating_add(RESERVE)
}

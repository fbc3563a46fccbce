//! How much memory a training needs.

use super::Recipe;
use crate::module::activation_bytes;
use netsmith::network::{MemoryPlan, Network};

/// Scratch of the kernels and of the loop: measured at 1 to 11 MB above the rest of
/// the plan over networks of 3 to 220 MB.
const SCRATCH: u64 = 4 << 20;

/// Bytes that training with this recipe on the fused kernels needs at most:
/// weights, gradients, the optimiser's state, activations and their gradients of
/// one batch, the state before the epoch with the best weights so far, and some
/// scratch. Data are not counted.
pub fn training_memory(network: &Network, recipe: &Recipe) -> u64 {
    let weights = MemoryPlan::of(network, 1).weights;
    let moments = recipe.optimizer.moments() as u64;
    // Weights, gradients and moments; weights, moments and best weights of the
    // epoch before, and the best of now.
    let copies = (moments + 2) + (moments + 3);
    activation_bytes(network, recipe.batch_size, None)
        .saturating_add(weights.saturating_mul(copies))
        .saturating_add(SCRATCH)
}

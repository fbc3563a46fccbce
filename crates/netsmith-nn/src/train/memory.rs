//! How much memory a training needs.

use super::Recipe;
use netsmith::network::{MemoryPlan, Network};
use netsmith_kernels::LANES;

/// Scratch of the kernels and of the loop: measured at 1 to 11 MB above the rest of
/// the plan over networks of 3 to 220 MB.
const SCRATCH: u64 = 4 << 20;

/// Bytes that training with this recipe needs at most: weights, gradients,
/// the optimiser's state, activations and their gradients of one batch in whole
/// blocks of samples, the state before the epoch with the best weights so far, and
/// some scratch. Data are not counted.
pub fn training_memory(network: &Network, recipe: &Recipe) -> u64 {
    let batch = recipe.batch_size.next_multiple_of(LANES);
    let plan = MemoryPlan::of(network, batch);
    let moments = recipe.optimizer.moments() as u64;
    // Weights, moments and best weights of the epoch before, and the best of now.
    let kept = plan.weights.saturating_mul(moments + 3);
    plan.training(moments)
        .saturating_add(kept)
        .saturating_add(SCRATCH)
}

//! How much memory a training needs.

use super::Recipe;
use netsmith::network::{MemoryPlan, Network};
use netsmith_kernels::LANES;

/// Bytes that training with this recipe needs at most: weights, gradients,
/// the optimiser's state, activations and their gradients of one batch, in
/// whole blocks of samples. Data are not counted.
pub fn training_memory(network: &Network, recipe: &Recipe) -> u64 {
    let batch = recipe.batch_size.next_multiple_of(LANES);
    MemoryPlan::of(network, batch).training(recipe.optimizer.moments() as u64)
}

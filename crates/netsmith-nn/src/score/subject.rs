//! An untrained network under examination.

use super::{Entry, ScoreData, WORST};
use crate::module::{Kernels, Module, ModuleError, Noise, Weights};
use netsmith::network::{Network, Role};
use netsmith::random::Seed;

/// A network with the weights that its training would start from, and the
/// samples that it is scored on.
///
/// What several scores need is computed once. All that is drawn comes from the
/// seed; the number of threads changes no score.
#[derive(Debug)]
pub struct Subject<'a> {
    pub(super) network: &'a Network,
    pub(super) data: &'a ScoreData,
    pub(super) seed: Seed,
    module: Module,
    weights: Weights,
    /// The gradients on each batch.
    gradients: [Option<Vec<Vec<f32>>>; 2],
}

impl<'a> Subject<'a> {
    /// A network, the data for it, and the seed of its first weights.
    ///
    /// # Errors
    /// The network cannot be trained.
    pub fn new(
        network: &'a Network,
        data: &'a ScoreData,
        seed: &Seed,
    ) -> Result<Self, ModuleError> {
        let weights = Weights::init(network, &seed.child("weights"));
        Self::with_weights(network, data, seed, weights)
    }

    /// The same with given first weights.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_weights(
        network: &'a Network,
        data: &'a ScoreData,
        seed: &Seed,
        weights: Weights,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            network,
            data,
            seed: *seed,
            module: Module::new(network, Kernels::Fused)?,
            weights,
            gradients: [None, None],
        })
    }

    /// One score; [`WORST`] where it is not a finite number.
    ///
    /// # Panics
    /// The samples are not of the network's shape.
    pub fn score(&mut self, entry: &Entry) -> f64 {
        let score = (entry.build)(self);
        if score.is_finite() { score } else { WORST }
    }

    /// The network.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The weights of convolutions and linear layers, without biases.
    pub(super) fn kernels(&self) -> Vec<usize> {
        kernels(self.network)
    }

    /// The gradients of the loss on a batch at the first weights.
    pub(super) fn gradients(&mut self, batch: usize) -> &[Vec<f32>] {
        if self.gradients[batch].is_none() {
            let weights = self.weights.clone();
            self.gradients[batch] = Some(self.gradients_at(weights, batch));
        }
        self.gradients[batch].as_deref().unwrap_or_default()
    }

    /// The gradients of the loss on a batch at other weights.
    pub(super) fn gradients_at(&mut self, mut weights: Weights, batch: usize) -> Vec<Vec<f32>> {
        let ScoreData { batches, loss } = self.data;
        let batch = &batches[batch];
        let noise = Noise::none();
        let step = self.module.step(
            &mut weights,
            &batch.inputs[0],
            &noise,
            |output, gradient| loss.of(output, &batch.targets, None, gradient),
        );
        step.gradients
    }
}

/// The weights of convolutions and linear layers of a network, without biases.
pub(super) fn kernels(network: &Network) -> Vec<usize> {
    let weights = network.weights().iter().enumerate();
    let kernels = weights.filter(|(_, weight)| matches!(weight.shape.role, Role::Kernel { .. }));
    kernels.map(|(index, _)| index).collect()
}

/// The scalar product of two tensors.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let pairs = a.iter().zip(b);
    pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

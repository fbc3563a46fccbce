//! Fisher: how much the loss depends on each channel's activations.
//!
//! ```text
//! a     = output of a convolution or linear layer
//! score = Σ_layers Σ_channels ½ mean_n ( Σ_positions a · ∂L/∂a )²
//! ```

use super::subject::dot;
use super::{Entry, Subject};
use crate::module::{Kernels, Module, Probe};
use netsmith::network::{Network, Role};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "fisher",
    "How much the loss depends on the activations of each channel.",
    score,
)
.paper("Turner et al. 2020, arXiv:1906.04113");

fn score(subject: &mut Subject<'_>) -> f64 {
    let network = subject.network();
    // It was made once, with the subject.
    let Ok(mut module) = Module::new(network, Kernels::Fused) else {
        return f64::NAN;
    };
    let batch = &subject.data.batches[0];
    let mut information = Information {
        network,
        values: vec![Vec::new(); network.nodes().len()],
        total: 0.0,
    };
    let mut loss = |output: &[f32], gradient: &mut [f32]| {
        let loss = &subject.data.loss;
        loss.of(output, &batch.targets, None, gradient)
    };
    module.watch(
        &mut subject.weights().clone(),
        &batch.inputs[0],
        &mut information,
        Some(&mut loss),
    );
    information.total
}

/// Sums up what each layer tells.
struct Information<'a> {
    network: &'a Network,
    /// The layers' outputs, until their gradients come.
    values: Vec<Vec<f32>>,
    total: f64,
}

impl Probe for Information<'_> {
    fn wants_value(&self, node: usize) -> bool {
        let weight = self.network.nodes()[node].weights.first();
        let role = weight.map(|&weight| self.network.weights()[weight].shape.role);
        matches!(role, Some(Role::Kernel { .. }))
    }

    fn value(&mut self, node: usize, value: Vec<f32>) {
        self.values[node] = value;
    }

    fn wants_gradient(&self, node: usize) -> bool {
        self.wants_value(node)
    }

    fn gradient(&mut self, node: usize, gradient: Vec<f32>) {
        let value = std::mem::take(&mut self.values[node]);
        let shape = self.network.nodes()[node].shape;
        let plane = shape.elements() / shape.channels();
        let samples = value.len() / shape.elements();
        let channels = value.chunks_exact(plane).zip(gradient.chunks_exact(plane));
        let squares = channels.map(|(value, gradient)| dot(value, gradient).powi(2));
        self.total += 0.5 * squares.sum::<f64>() / samples as f64;
    }
}

//! Dropout of single values.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::Inheritance;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::{Tensor, TensorData};
use netsmith::network::Saved;
use netsmith::network::operation::Dropout;
use netsmith_kernels::{LANES, Lane, pack};

impl Trainable for Dropout {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let count = site.samples * site.node.shape.elements();
        let name = &site.node.name;
        let factors = site.noise.and_then(|n| n.dropout(name, self.rate, count));
        compose(factors, site.first())
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        scaled(pass, node, drawn(self, pass, node))
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        pull_scaled(pass, node, drawn(self, pass, node), gradient);
    }

    /// The factors are drawn again.
    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Inference
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::passed()
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// What the values of a node are multiplied with, `[samples, size]`.
fn drawn(dropout: &Dropout, pass: &Pass<'_>, node: usize) -> Option<Vec<f32>> {
    let (noise, node) = (pass.noise?, pass.node(node));
    let count = pass.samples * node.shape.elements();
    noise.dropout(&node.name, dropout.rate, count)
}

/// Composed of burn's operations; one factor for each value, or for each sample.
pub(super) fn compose(factors: Option<Vec<f32>>, input: &Value) -> Value {
    let Some(factors) = factors else {
        return input.clone();
    };
    let dims = input.tensor.dims();
    let count = factors.len();
    let shape = if count == dims[0] {
        [count, 1, 1, 1]
    } else {
        dims
    };
    let factors = TensorData::new(factors, shape);
    let factors = Tensor::<4>::from_data(factors, &input.tensor.device());
    Value::new(input.tensor.clone() * factors)
}

/// The value of a node that scales its input by factors, if there are any.
pub(super) fn scaled(pass: &mut Pass<'_>, node: usize, factors: Option<Vec<f32>>) -> Slot {
    let mut value = pass.reuse(node, pass.first(node));
    if let Some(factors) = factors {
        let size = pass.shape(node).elements();
        value.edit(|value| scale(&factors, pass.samples, size, value));
    }
    value
}

/// Takes the gradient of such a node to its input.
pub(super) fn pull_scaled(
    pass: &mut Pass<'_>,
    node: usize,
    factors: Option<Vec<f32>>,
    mut gradient: Slot,
) {
    if let Some(factors) = factors {
        let size = pass.shape(node).elements();
        gradient.edit(|gradient| scale(&factors, pass.samples, size, gradient));
    }
    pass.deliver(pass.first(node), gradient);
}

/// In place, in either direction.
///
/// # Shapes
/// `factors` is `[samples, size]` or `[samples]`, `values` blocks of `size`.
fn scale(factors: &[f32], samples: usize, size: usize, values: &mut [Lane]) {
    let each = factors.len() / samples;
    let mut lanes = vec![[0.0; LANES]; values.len() / size * each];
    pack(factors, each, &mut lanes);
    let blocks = values.chunks_exact_mut(size).zip(lanes.chunks_exact(each));
    for (values, factors) in blocks {
        for (index, value) in values.iter_mut().enumerate() {
            let factor = &factors[if each == 1 { 0 } else { index }];
            for (value, factor) in value.iter_mut().zip(factor) {
                *value *= factor;
            }
        }
    }
}

//! Vectors as the positions of a sequence.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::Tensor;
use netsmith::network::Saved;
use netsmith_kernels::Lane;

/// Vectors as the positions of a sequence.
#[derive(Debug)]
pub(super) struct Stack;

impl Trainable for Stack {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let tensors = site.inputs().map(|value| value.tensor.clone());
        Value::new(Tensor::cat(tensors.collect(), 3))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let inputs = &pass.node(node).inputs;
        let mut value = pass.take(node);
        value.edit(|output| {
            for (position, &input) in inputs.iter().enumerate() {
                stack(position, inputs.len(), pass.read(input), output);
            }
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let inputs = &pass.node(node).inputs;
        for (position, &input) in inputs.iter().enumerate() {
            let mut target = pass.take(input);
            target.edit(|target| stack_backward(position, inputs.len(), gradient.lanes(), target));
            pass.deliver(input, target);
        }
        pass.give(gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Fixed)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// One vector as one position of a sequence of this length.
fn stack(position: usize, length: usize, source: &[Lane], target: &mut [Lane]) {
    for (source, target) in source.iter().zip(target.chunks_exact_mut(length)) {
        target[position] = *source;
    }
}

/// The gradient of one vector of a stack.
fn stack_backward(position: usize, length: usize, gradient: &[Lane], target: &mut [Lane]) {
    for (gradient, target) in gradient.chunks_exact(length).zip(target) {
        *target = gradient[position];
    }
}

//! Concatenation along the channels.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance, Range};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::Tensor;
use netsmith::network::Saved;
use netsmith_kernels::Lane;
use netsmith_kernels::channels_last::{Octet, octets};

/// All inputs behind each other.
#[derive(Debug)]
pub(super) struct Concat;

impl Trainable for Concat {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let tensors = site.inputs().map(|value| value.tensor.clone());
        Value::new(Tensor::cat(tensors.collect(), 1))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let total = pass.shape(node).elements();
        let mut value = pass.take(node);
        value.edit(|output| {
            for (input, offset, size) in parts(pass, node) {
                forward(size, offset, total, pass.read(input), output);
            }
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let total = pass.shape(node).elements();
        for (input, offset, size) in parts(pass, node) {
            let mut target = pass.take(input);
            target.edit(|target| backward(size, offset, total, gradient.lanes(), target));
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
        Inheritance::new(Channels::Joined).with_range(Range::OfInputs)
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let inputs = compiler.node(node).inputs.iter();
        let channels = inputs.map(|&input| compiler.layout(input).channels());
        Some(compiler.draft(node, Joined(channels.collect())))
    }
}

/// Each input with its offset and its size in a sample.
fn parts(pass: &Pass<'_>, node: usize) -> Vec<(usize, usize, usize)> {
    let mut offset = 0;
    let parts = pass.node(node).inputs.iter().map(|&input| {
        let size = pass.shape(input).elements();
        offset += size;
        (input, offset - size, size)
    });
    parts.collect()
}

/// Sources of these numbers of channels behind each other, of single samples.
#[derive(Debug)]
struct Joined(Vec<usize>);

impl Work for Joined {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let width = octets(self.0.iter().sum());
        let mut first = 0;
        for (at, &channels) in self.0.iter().enumerate() {
            let positions = sources.get(at).chunks_exact(octets(channels));
            for (source, target) in positions.zip(target.chunks_exact_mut(width)) {
                target.as_flattened_mut()[first..first + channels]
                    .copy_from_slice(&source.as_flattened()[..channels]);
            }
            first += channels;
        }
    }
}

/// The input with this size and this offset in the output's `total`.
fn forward(size: usize, offset: usize, total: usize, input: &[Lane], output: &mut [Lane]) {
    for (input, output) in input.chunks_exact(size).zip(output.chunks_exact_mut(total)) {
        output[offset..offset + size].copy_from_slice(input);
    }
}

/// The part of the gradient that belongs to this input.
fn backward(size: usize, offset: usize, total: usize, gradient: &[Lane], target: &mut [Lane]) {
    let blocks = gradient.chunks_exact(total);
    for (gradient, target) in blocks.zip(target.chunks_exact_mut(size)) {
        target.copy_from_slice(&gradient[offset..offset + size]);
    }
}

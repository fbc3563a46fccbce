//! Zeros appended up to a given size.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::ops::PadMode;
use netsmith::network::operation::Pad;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::{LANES, Lane};

impl Trainable for Pad {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let output = site.node.shape;
        let [_, channels, height, width] = x.dims();
        let [rows, columns] = output.positions();
        let padding = [
            (0, 0),
            (0, output.channels() - channels),
            (0, rows - height),
            (0, columns - width),
        ];
        Value::new(x.pad(padding, PadMode::Constant(0.0)))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let (from, to) = (pass.from(node), pass.shape(node));
        let mut value = pass.take(node);
        value.edit(|output| pad(from, to, pass.read(pass.first(node)), output));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let (from, to) = (pass.from(node), pass.shape(node));
        pass.deliver_moved(pass.first(node), gradient, |gradient, target| {
            pad_backward(from, to, gradient, target);
        });
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

/// Zeros, and the values of the input within them.
fn pad(input: Shape, output: Shape, source: &[Lane], target: &mut [Lane]) {
    target.fill([0.0; LANES]);
    let blocks = source.chunks_exact(input.elements());
    for (source, target) in blocks.zip(target.chunks_exact_mut(output.elements())) {
        for (from, to, width) in rows(input, output) {
            target[to..to + width].copy_from_slice(&source[from..from + width]);
        }
    }
}

/// What was appended is cut off.
fn pad_backward(input: Shape, output: Shape, gradient: &[Lane], target: &mut [Lane]) {
    let blocks = gradient.chunks_exact(output.elements());
    for (gradient, target) in blocks.zip(target.chunks_exact_mut(input.elements())) {
        for (from, to, width) in rows(input, output) {
            target[from..from + width].copy_from_slice(&gradient[to..to + width]);
        }
    }
}

/// For each row of the smaller shape where it starts there, where it starts in
/// the larger one, and its length.
fn rows(small: Shape, large: Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    let ([height, width], [rows, columns]) = (small.positions(), large.positions());
    let starts = move |row: usize| {
        let (channel, y) = (row / height, row % height);
        (row * width, (channel * rows + y) * columns, width)
    };
    (0..small.channels() * height).map(starts)
}

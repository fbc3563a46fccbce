//! The image moved by one pixel up and left, zeros behind it.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance};
use super::moves::{self, Moves};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::ops::PadMode;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::channels_last::Octet;

/// The image moved by one pixel.
#[derive(Debug)]
pub(super) struct Shift;

impl Trainable for Shift {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [_, _, height, width] = x.dims();
        if height == 1 || width == 1 {
            return Value::new(x * 0.0);
        }
        let moved = x.narrow(2, 1, height - 1).narrow(3, 1, width - 1);
        let padding = [(0, 0), (0, 0), (0, 1), (0, 1)];
        Value::new(moved.pad(padding, PadMode::Constant(0.0)))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let from = pass.from(node);
        moves::value(pass, node, || moves(from))
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let from = pass.from(node);
        moves::pull(pass, node, gradient, || moves(from));
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each)
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let size = compiler.layout(node).positions();
        Some(compiler.draft(node, Shifted(size)))
    }
}

fn moves(shape: Shape) -> Moves {
    let [height, width] = shape.positions();
    let from = (0..shape.elements()).map(|at| {
        let (y, x) = (at / width % height, at % width);
        (y + 1 < height && x + 1 < width).then_some(at + width + 1)
    });
    Moves::new(shape.elements(), from)
}

/// Single samples of this height and width, moved.
#[derive(Debug)]
struct Shifted([usize; 2]);

impl Work for Shifted {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let [height, width] = self.0;
        target.fill([0.0; 8]);
        let octets = target.len() / (height * width);
        let row = width * octets;
        let rows = sources.get(0).chunks_exact(row).skip(1);
        for (source, target) in rows.zip(target.chunks_exact_mut(row)) {
            target[..row - octets].copy_from_slice(&source[octets..]);
        }
    }
}

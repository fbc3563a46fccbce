//! The mean over all positions.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance, Range};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::channels_last::{Octet, global_pool};
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// The mean over all positions.
#[derive(Debug)]
pub(super) struct GlobalPool;

impl Trainable for GlobalPool {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        Value::new(site.first().tensor.clone().mean_dim(2).mean_dim(3))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let plane = plane(pass.from(node));
        let mut value = pass.take(node);
        value.edit(|output| global(plane, pass.read(pass.first(node)), output));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let plane = plane(pass.from(node));
        pass.deliver_moved(pass.first(node), gradient, |gradient, target| {
            global_backward(plane, gradient, target);
        });
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each)
            .with_range(Range::OfInputs)
            .scaling()
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        Some(compiler.draft(node, Mean))
    }
}

/// The mean of single samples.
#[derive(Debug)]
struct Mean;

impl Work for Mean {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        global_pool(sources.get(0), target);
    }
}

fn plane(shape: Shape) -> usize {
    shape.positions().iter().product()
}

/// The mean over planes of this size.
fn global(plane: usize, input: &[Lane], output: &mut [Lane]) {
    let share = 1.0 / plane as f32;
    let planes = input.par_chunks_exact(plane).zip(output);
    planes.for_each(|(input, output)| {
        let mut sums = [0.0; LANES];
        for value in input {
            for lane in 0..LANES {
                sums[lane] += value[lane];
            }
        }
        *output = sums.map(|sum| sum * share);
    });
}

/// The gradient goes to all positions alike.
fn global_backward(plane: usize, gradient: &[Lane], target: &mut [Lane]) {
    let share = 1.0 / plane as f32;
    let planes = gradient.par_iter().zip(target.par_chunks_exact_mut(plane));
    planes.for_each(|(gradient, target)| {
        target.fill(gradient.map(|gradient| gradient * share));
    });
}

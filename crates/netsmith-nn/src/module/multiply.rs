//! The product of two inputs; a vector scales the channels of an image.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance, Range, Zeros};
use super::lanes::PIECE;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;
use netsmith_kernels::channels_last::Octet;
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// The product of two inputs.
#[derive(Debug)]
pub(super) struct Multiply;

impl Trainable for Multiply {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        Value::new(site.input(0).tensor.clone() * site.input(1).tensor.clone())
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let [a, b] = factors(pass, node);
        let mut value = pass.take(node);
        value.edit(|output| {
            let (a, b) = (pass.read(a), pass.read(b));
            multiply(a.len() / b.len(), a, b, output);
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let [a, b] = factors(pass, node);
        let mut target = pass.take(b);
        target.edit(|target| {
            let (a, gradient) = (pass.read(a), gradient.lanes());
            multiply_backward(a.len() / target.len(), a, gradient, target);
        });
        pass.deliver(b, target);
        let mut target = pass.take(a);
        target.edit(|target| {
            let (gradient, b) = (gradient.lanes(), pass.read(b));
            multiply(gradient.len() / b.len(), gradient, b, target);
        });
        pass.deliver(a, target);
        pass.give(gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each)
            .with_zeros(Zeros::OfInput)
            .with_range(Range::PositiveOfInputs)
            .scaling()
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let two = compiler.node(node).inputs.len() == 2;
        two.then(|| compiler.draft(node, Product))
    }
}

fn factors(pass: &Pass<'_>, node: usize) -> [usize; 2] {
    let inputs = &pass.node(node).inputs;
    [inputs[0], inputs[1]]
}

/// The product of single samples; the second source may have one position for
/// all.
#[derive(Debug)]
struct Product;

impl Work for Product {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let factors = sources.get(1);
        let values = sources.get(0).chunks_exact(factors.len());
        for (target, values) in target.chunks_exact_mut(factors.len()).zip(values) {
            let pairs = values.as_flattened().iter().zip(factors.as_flattened());
            let products = target.as_flattened_mut().iter_mut().zip(pairs);
            products.for_each(|(target, (a, b))| *target = a * b);
        }
    }
}

/// `target = a · b`, where each value of `b` meets `plane` values of `a`.
fn multiply(plane: usize, a: &[Lane], b: &[Lane], target: &mut [Lane]) {
    let planes = a.par_chunks_exact(plane);
    let planes = planes.zip(target.par_chunks_exact_mut(plane)).zip(b);
    let planes = planes.with_min_len(PIECE / plane.clamp(1, PIECE));
    planes.for_each(|((a, target), b)| {
        for (a, target) in a.iter().zip(target) {
            for lane in 0..LANES {
                target[lane] = a[lane] * b[lane];
            }
        }
    });
}

/// The gradient of `b` in [`multiply`]: the sum over the values that
/// each of its values met.
fn multiply_backward(plane: usize, a: &[Lane], gradient: &[Lane], target: &mut [Lane]) {
    let planes = a.chunks_exact(plane).zip(gradient.chunks_exact(plane));
    for ((a, gradient), target) in planes.zip(target) {
        let mut sums = [0.0; LANES];
        for (a, gradient) in a.iter().zip(gradient) {
            for lane in 0..LANES {
                sums[lane] += a[lane] * gradient[lane];
            }
        }
        *target = sums;
    }
}

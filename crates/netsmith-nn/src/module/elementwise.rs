//! Sums, products and zero.

use super::value::{Value, dims};
use burn::tensor::{Device, Tensor};
use netsmith::network::Shape;
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// The sum, composed of burn's operations.
pub(super) fn compose_add(inputs: &[&Value]) -> Value {
    let tensors = inputs.iter().map(|value| value.tensor.clone());
    let sum = tensors.reduce(|sum, tensor| sum + tensor);
    Value::new(sum.expect("a sum has an input — this is a bug in netsmith"))
}

/// The product, composed of burn's operations: a vector meets every position.
pub(super) fn compose_multiply(a: &Value, b: &Value) -> Value {
    Value::new(a.tensor.clone() * b.tensor.clone())
}

/// Zeros.
pub(super) fn compose_zero(output: Shape, samples: usize, device: &Device) -> Value {
    Value::new(Tensor::zeros(dims(output, samples), device))
}

/// Lanes of one piece of work: as much as stays in the first cache.
const PIECE: usize = 512;

/// Fused: `target += source`.
pub(super) fn add(source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        let pairs = target.as_flattened_mut().iter_mut();
        pairs
            .zip(source.as_flattened())
            .for_each(|(target, source)| *target += source);
    });
}

/// Fused: `target = a + b`.
pub(super) fn sum(a: &[Lane], b: &[Lane], target: &mut [Lane]) {
    let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE));
    let pieces = pieces.zip(target.par_chunks_mut(PIECE));
    pieces.for_each(|((a, b), target)| {
        let pairs = a.as_flattened().iter().zip(b.as_flattened());
        for ((a, b), target) in pairs.zip(target.as_flattened_mut()) {
            *target = a + b;
        }
    });
}

/// Fused: `target = source`.
pub(super) fn copy(source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| target.copy_from_slice(source));
}

/// Fused: `target = a · b`, where each value of `b` meets `plane` values of `a`.
pub(super) fn multiply(plane: usize, a: &[Lane], b: &[Lane], target: &mut [Lane]) {
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

/// Fused: the gradient of `b` in [`multiply`]: the sum over the values that
/// each of its values met.
pub(super) fn multiply_backward(plane: usize, a: &[Lane], gradient: &[Lane], target: &mut [Lane]) {
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

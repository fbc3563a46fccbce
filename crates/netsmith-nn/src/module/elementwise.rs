//! Sums, products and zero.

use super::value::{Value, dims};
use burn::tensor::{Device, Tensor};
use netsmith::network::Shape;
use netsmith_kernels::{LANES, Lane};

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

/// Fused: `target += source`.
pub(super) fn add(source: &[Lane], target: &mut [Lane]) {
    let pairs = target
        .as_flattened_mut()
        .iter_mut()
        .zip(source.as_flattened());
    pairs.for_each(|(target, source)| *target += source);
}

/// Fused: `target = a + b`.
pub(super) fn sum(a: &[Lane], b: &[Lane], target: &mut [Lane]) {
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    for ((a, b), target) in pairs.zip(target.as_flattened_mut()) {
        *target = a + b;
    }
}

/// Fused: `target = a · b`, where each value of `b` meets `plane` values of `a`.
pub(super) fn multiply(plane: usize, a: &[Lane], b: &[Lane], target: &mut [Lane]) {
    let planes = a.chunks_exact(plane).zip(target.chunks_exact_mut(plane));
    for ((a, target), b) in planes.zip(b) {
        for (a, target) in a.iter().zip(target) {
            for lane in 0..LANES {
                target[lane] = a[lane] * b[lane];
            }
        }
    }
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

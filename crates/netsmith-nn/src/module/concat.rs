//! Concatenation along the channels.

use super::value::Value;
use burn::tensor::Tensor;
use netsmith_kernels::Lane;

/// Composed of burn's operations.
pub(super) fn compose(inputs: &[&Value]) -> Value {
    let tensors = inputs.iter().map(|value| value.tensor.clone());
    Value::new(Tensor::cat(tensors.collect(), 1))
}

/// Fused: the input with this size and this offset in the output's `total`.
pub(super) fn forward(
    size: usize,
    offset: usize,
    total: usize,
    input: &[Lane],
    output: &mut [Lane],
) {
    for (input, output) in input.chunks_exact(size).zip(output.chunks_exact_mut(total)) {
        output[offset..offset + size].copy_from_slice(input);
    }
}

/// Fused: the part of the gradient that belongs to this input.
pub(super) fn backward(
    size: usize,
    offset: usize,
    total: usize,
    gradient: &[Lane],
    target: &mut [Lane],
) {
    let blocks = gradient.chunks_exact(total);
    for (gradient, target) in blocks.zip(target.chunks_exact_mut(size)) {
        target.copy_from_slice(&gradient[offset..offset + size]);
    }
}

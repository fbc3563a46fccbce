//! Dropout of values and of whole branches.

use super::value::Value;
use burn::tensor::{Tensor, TensorData};
use netsmith_kernels::{Lane, pack};

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

/// Fused, in place, in either direction.
///
/// # Shapes
/// `factors` is `[samples, size]` or `[samples]`, `values` blocks of `size`.
pub(super) fn scale(factors: &[f32], samples: usize, size: usize, values: &mut [Lane]) {
    let each = factors.len() / samples;
    let mut lanes = vec![[0.0; netsmith_kernels::LANES]; values.len() / size * each];
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

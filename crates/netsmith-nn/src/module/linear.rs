//! Fully connected layer.

use super::value::Value;
use burn::tensor::Tensor;
use netsmith::network::operation::Linear;

/// Composed of burn's operations.
pub(super) fn compose(linear: &Linear, input: &Value, weights: &[Tensor<1>]) -> Value {
    let rows = input.rows();
    let [_, features] = rows.dims();
    let weight = weights[0].clone().reshape([linear.out, features]);
    let mut output = rows.matmul(weight.transpose());
    if let Some(bias) = weights.get(1) {
        output = output + bias.clone().reshape([1, linear.out]);
    }
    Value::from_rows(output)
}

//! Fully connected layer.

use netsmith::network::Operation;

use super::{AttributeProto, Site};

pub(super) fn linear(site: &mut Site<'_>) -> String {
    let bias = matches!(&site.node.operation, Operation::Linear(linear) if linear.bias);
    let mut inputs = vec![site.input()];
    inputs.extend(site.layer(bias));
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    site.last("Gemm", &inputs, vec![AttributeProto::int("transB", 1)])
}

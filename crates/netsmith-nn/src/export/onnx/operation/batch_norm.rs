//! Batch normalisation that no layer could take over.

use netsmith::network::operation::BatchNorm;

use super::{AttributeProto, Site};

pub(super) fn batch_norm(site: &mut Site<'_>, norm: BatchNorm) -> String {
    let channels = site.shapes[0].channels();
    let mut inputs = vec![site.input()];
    if !norm.affine {
        inputs.push(site.floats("scale", &vec![1.0; channels]));
        inputs.push(site.floats("shift", &vec![0.0; channels]));
    }
    for place in 0..site.node.weights.len() {
        inputs.push(site.weight(place));
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let epsilon = AttributeProto::float("epsilon", BatchNorm::EPSILON as f32);
    site.last("BatchNormalization", &inputs, vec![epsilon])
}

//! Layer normalisation over the channels.
//!
//! The ONNX operator normalises trailing axes, so the channels of an image go
//! behind and back.

use netsmith::network::Shape;
use netsmith::network::operation::LayerNorm;

use super::{AttributeProto, Site};

pub(super) fn layer_norm(site: &mut Site<'_>, norm: LayerNorm) -> String {
    let weights = if norm.affine {
        vec![site.weight(0), site.weight(1)]
    } else {
        // The scale cannot be left out.
        let channels = site.shapes[0].channels();
        vec![site.floats("scale", &vec![1.0; channels])]
    };
    let is_image = matches!(site.shapes[0], Shape::Image { .. });
    let mut inputs = vec![site.input()];
    if is_image {
        let behind = vec![AttributeProto::ints("perm", [0, 2, 3, 1])];
        inputs[0] = site.step("Transpose", "channels-last", &[&inputs[0]], behind);
    }
    inputs.extend(weights);
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let attributes = vec![
        AttributeProto::int("axis", -1),
        AttributeProto::float("epsilon", LayerNorm::EPSILON as f32),
    ];
    if !is_image {
        return site.last("LayerNormalization", &inputs, attributes);
    }
    let normalised = site.step("LayerNormalization", "normalised", &inputs, attributes);
    let back = vec![AttributeProto::ints("perm", [0, 3, 1, 2])];
    site.last("Transpose", &[&normalised], back)
}

//! Batch normalisation that no layer could take over.

use netsmith::network::operation::BatchNorm;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, is_image};

impl Exported for BatchNorm {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let channels = site.shapes[0].channels();
        let mut inputs = vec![site.input()];
        if !self.affine {
            inputs.push(site.floats("scale", &vec![1.0; channels]));
            inputs.push(site.floats("shift", &vec![0.0; channels]));
        }
        for place in 0..site.node.weights.len() {
            inputs.push(site.weight(place));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let epsilon = AttributeProto::float("epsilon", BatchNorm::EPSILON as f32);
        Ok(site.last("BatchNormalization", &inputs, vec![epsilon]))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let axes = if is_image(site.shapes[0]) { 2 } else { 1 };
        let affine = if self.affine { "" } else { ", affine=False" };
        let channels = site.shapes[0].channels();
        Ok(site.layer(format!("nn.BatchNorm{axes}d({channels}{affine})")))
    }

    fn norm(&self) -> Option<&BatchNorm> {
        Some(self)
    }
}

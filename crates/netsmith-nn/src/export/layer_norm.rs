//! Layer normalisation over the channels.
//!
//! The ONNX operator normalises trailing axes, so the channels of an image go
//! behind and back; so does PyTorch's.

use netsmith::network::operation::LayerNorm;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, is_image};

impl Exported for LayerNorm {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let weights = if self.affine {
            vec![site.weight(0), site.weight(1)]
        } else {
            // The scale cannot be left out.
            let channels = site.shapes[0].channels();
            vec![site.floats("scale", &vec![1.0; channels])]
        };
        let is_image = is_image(site.shapes[0]);
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
            return Ok(site.last("LayerNormalization", &inputs, attributes));
        }
        let normalised = site.step("LayerNormalization", "normalised", &inputs, attributes);
        let back = vec![AttributeProto::ints("perm", [0, 3, 1, 2])];
        Ok(site.last("Transpose", &[&normalised], back))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let class = if is_image(site.shapes[0]) {
            "ChannelNorm"
        } else {
            "nn.LayerNorm"
        };
        let affine = if self.affine {
            ""
        } else {
            ", elementwise_affine=False"
        };
        let channels = site.shapes[0].channels();
        Ok(site.layer(format!("{class}({channels}{affine})")))
    }

    fn definition(&self, site: &torch::Site<'_>) -> Option<&'static str> {
        is_image(site.shapes[0]).then_some(CHANNEL_NORM)
    }
}

const CHANNEL_NORM: &str = r#"

class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
"#;

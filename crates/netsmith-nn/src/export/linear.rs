//! Fully connected layer.

use netsmith::network::operation::Linear;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Linear {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let mut inputs = vec![site.input()];
        inputs.extend(site.layer(self.bias));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let turned = vec![AttributeProto::int("transB", 1)];
        Ok(site.last("Gemm", &inputs, turned))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let bias = if self.bias { "" } else { ", bias=False" };
        let channels = site.shapes[0].channels();
        let make = format!("nn.Linear({channels}, {}{bias})", self.out);
        Ok(site.layer(make))
    }

    fn takes_norm(&self) -> bool {
        true
    }
}

//! Concatenation along the channels.

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

/// All inputs behind each other.
#[derive(Debug)]
pub(super) struct Concat;

impl Exported for Concat {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let inputs = site.inputs.clone();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let axis = vec![AttributeProto::int("axis", 1)];
        Ok(site.last("Concat", &inputs, axis))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let inputs = site.inputs.join(", ");
        Ok(Form::Expression(format!("torch.cat([{inputs}], 1)")))
    }
}

//! The sum of all inputs.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// The sum of all inputs.
#[derive(Debug)]
pub(super) struct Add;

impl Exported for Add {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let inputs = site.inputs.clone();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(match inputs.len() {
            1 => inputs[0].to_owned(),
            2 => site.last("Add", &inputs, Vec::new()),
            _ => site.last("Sum", &inputs, Vec::new()),
        })
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(match site.inputs {
            [_] => Form::Same,
            several => Form::Expression(several.join(" + ")),
        })
    }
}

//! Vectors as the positions of a sequence.

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

/// Vectors as the positions of a sequence.
#[derive(Debug)]
pub(super) struct Stack;

impl Exported for Stack {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let axes = site.integers("axes", &[2, 3]);
        let mut columns = Vec::new();
        for input in site.inputs.clone() {
            columns.push(site.step("Unsqueeze", "column", &[&input, &axes], Vec::new()));
        }
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let axis = vec![AttributeProto::int("axis", 3)];
        Ok(site.last("Concat", &columns, axis))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let inputs = site.inputs.join(", ");
        let text = format!("torch.stack([{inputs}], -1).unsqueeze(2)");
        Ok(Form::Expression(text))
    }
}

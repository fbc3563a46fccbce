//! The mean over all positions.

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

/// The mean over all positions.
#[derive(Debug)]
pub(super) struct GlobalPool;

impl Exported for GlobalPool {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let input = site.input();
        let mean = site.step("GlobalAveragePool", "mean", &[&input], Vec::new());
        let axis = vec![AttributeProto::int("axis", 1)];
        Ok(site.last("Flatten", &[&mean], axis))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(Form::Expression(format!("{}.mean((2, 3))", site.x())))
    }
}

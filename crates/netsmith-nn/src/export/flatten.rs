//! An image as a vector.

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

/// An image as a vector.
#[derive(Debug)]
pub(super) struct Flatten;

impl Exported for Flatten {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let input = site.input();
        let axis = vec![AttributeProto::int("axis", 1)];
        Ok(site.last("Flatten", &[&input], axis))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(Form::Expression(format!("{}.flatten(1)", site.x())))
    }
}

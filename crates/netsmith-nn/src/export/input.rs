//! Where samples enter: no operator of its own.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// Where samples enter: no operator of its own.
#[derive(Debug)]
pub(super) struct Input;

impl Exported for Input {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        Err(site.unsupported("samples enter without an operator"))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Err(site.unsupported("samples enter without an operator"))
    }
}

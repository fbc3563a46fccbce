//! Drop-path: in inference the identity.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// Drop-path: in inference the identity.
#[derive(Debug)]
pub(super) struct DropPath;

impl Exported for DropPath {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        Ok(site.input())
    }

    fn torch(&self, _site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(Form::Same)
    }
}

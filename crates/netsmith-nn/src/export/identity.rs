//! The input itself.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// The input itself.
#[derive(Debug)]
pub(super) struct Identity;

impl Exported for Identity {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        Ok(site.input())
    }

    fn torch(&self, _site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(Form::Same)
    }
}

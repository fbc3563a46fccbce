//! A mix of a supernet, which no file can hold.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// A mix of a supernet, which no file can hold.
#[derive(Debug)]
pub(super) struct Mix;

impl Exported for Mix {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        Err(site.unsupported("it belongs to a supernet: resolve the choice first"))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Err(site.unsupported("it belongs to a supernet: resolve the choice first"))
    }
}

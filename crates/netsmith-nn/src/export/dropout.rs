//! Dropout: in inference the identity.

use netsmith::network::operation::Dropout;

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

impl Exported for Dropout {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        Ok(site.input())
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let (x, rate) = (site.x(), self.rate);
        Ok(Form::Expression(format!(
            "F.dropout({x}, {rate}, self.training)"
        )))
    }
}

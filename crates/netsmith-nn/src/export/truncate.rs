//! Channels that follow each other, such as the first.

use netsmith::network::operation::Truncate;

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

impl Exported for Truncate {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let input = site.input();
        let starts = site.integers("starts", &[self.from]);
        let ends = site.integers("ends", &[self.from + self.channels]);
        let axes = site.integers("axes", &[1]);
        let inputs = [&input, &starts, &ends, &axes].map(String::as_str);
        Ok(site.last("Slice", &inputs, Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        Ok(Form::Expression(match self.from {
            0 => format!("{x}[:, :{}]", self.channels),
            from => format!("{x}[:, {from}:{}]", from + self.channels),
        }))
    }
}

//! The image moved by one pixel up and left, zeros behind it.

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

/// The image moved by one pixel.
#[derive(Debug)]
pub(super) struct Shift;

impl Exported for Shift {
    /// Padded behind first and cut in front then: so no step is ever empty.
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let [height, width] = site.size();
        let pads = site.integers("pads", &[0, 0, 0, 0, 0, 0, 1, 1]);
        let input = site.input();
        let padded = site.step("Pad", "padded", &[&input, &pads], Vec::new());
        let starts = site.integers("starts", &[1, 1]);
        let ends = site.integers("ends", &[height + 1, width + 1]);
        let axes = site.integers("axes", &[2, 3]);
        let inputs = [&padded, &starts, &ends, &axes].map(String::as_str);
        Ok(site.last("Slice", &inputs, Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        Ok(Form::Expression(format!(
            "F.pad({x}, (0, 1, 0, 1))[:, :, 1:, 1:]"
        )))
    }
}

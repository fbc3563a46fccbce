//! The product of two inputs; a vector scales the channels of an image.

use netsmith::network::Shape;

use super::exported::Exported;
use super::torch::{self, Form, is_image};
use super::{ExportError, onnx};

/// The product of two inputs.
#[derive(Debug)]
pub(super) struct Multiply;

impl Exported for Multiply {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let [a, mut b] = [0, 1].map(|place| site.inputs[place].clone());
        if scales(&site.shapes) {
            let axes = site.integers("axes", &[2, 3]);
            b = site.step("Unsqueeze", "factors", &[&b, &axes], Vec::new());
        }
        Ok(site.last("Mul", &[&a, &b], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let axes = if scales(site.shapes) {
            "[:, :, None, None]"
        } else {
            ""
        };
        let [a, b] = [site.inputs[0], site.inputs[1]];
        Ok(Form::Expression(format!("{a} * {b}{axes}")))
    }
}

/// Whether a vector scales the channels of an image.
fn scales(shapes: &[Shape]) -> bool {
    is_image(shapes[0]) && !is_image(shapes[1])
}

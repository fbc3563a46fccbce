//! One position of a sequence as a vector.

use netsmith::network::operation::Slice;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Slice {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let position = site.graph.integer(&site.part("position"), self.position);
        let input = site.input();
        let axis = vec![AttributeProto::int("axis", 3)];
        let row = site.step("Gather", "row", &[&input, &position], axis);
        let axes = site.integers("axes", &[2]);
        Ok(site.last("Squeeze", &[&row, &axes], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let (x, position) = (site.x(), self.position);
        Ok(Form::Expression(format!("{x}[:, :, 0, {position}]")))
    }
}

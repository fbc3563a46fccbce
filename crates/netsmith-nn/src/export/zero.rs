//! Zeros: no information passes.

use netsmith::network::operation::Zero;

use super::exported::Exported;
use super::torch::{self, Form};
use super::{ExportError, onnx};

impl Exported for Zero {
    /// Zeros whatever the input holds: a product with zero would let infinities
    /// through.
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let mut value = site.input();
        if self.stride != [1, 1] {
            let starts = site.integers("starts", &[0, 0]);
            let ends = site.integers("ends", &site.size());
            let axes = site.integers("axes", &[2, 3]);
            let steps = site.integers("steps", &self.stride);
            let inputs = [&value, &starts, &ends, &axes, &steps].map(String::as_str);
            value = site.step("Slice", "strided", &inputs, Vec::new());
        }
        let never = site.graph.boolean(&site.part("never"), false);
        let zero = site.graph.floats(&site.part("zero"), &[], &[0.0]);
        Ok(site.last("Where", &[&never, &value, &zero], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        Ok(Form::Expression(match self.stride {
            [1, 1] => format!("torch.zeros_like({x})"),
            [rows, columns] => format!("torch.zeros_like({x}[:, :, ::{rows}, ::{columns}])"),
        }))
    }
}

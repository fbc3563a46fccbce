//! Zeros appended up to a given size.

use netsmith::network::operation::Pad;

use super::exported::Exported;
use super::torch::{self, Form, is_image};
use super::{ExportError, onnx};

impl Exported for Pad {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let (from, to) = (site.shapes[0].dims(), site.node.shape.dims());
        // No padding of the batch axis; zeros before all axes, then those behind.
        let mut pads = vec![0; from.len() + 2];
        pads.extend(from.iter().zip(&to).map(|(from, to)| to - from));
        let (input, pads) = (site.input(), site.integers("pads", &pads));
        Ok(site.last("Pad", &[&input, &pads], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let (x, from, to) = (site.x(), site.shapes[0], site.node.shape);
        let channels = to.channels() - from.channels();
        if !is_image(from) {
            let text = format!("F.pad({x}, (0, {channels}))");
            return Ok(Form::Expression(text));
        }
        let [height, width] = [0, 1].map(|axis| to.positions()[axis] - from.positions()[axis]);
        let text = format!("F.pad({x}, (0, {width}, 0, {height}, 0, {channels}))");
        Ok(Form::Expression(text))
    }
}

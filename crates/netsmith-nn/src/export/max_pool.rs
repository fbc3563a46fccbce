//! The largest value of each window.

use netsmith::network::operation::Pool;

use super::exported::Exported;
use super::torch::{self, Form, both_sides, padded, padding_argument, pair};
use super::{ExportError, onnx};

/// The largest value of each window.
#[derive(Debug)]
pub(super) struct MaxPool(pub(super) Pool);

impl Exported for MaxPool {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let attributes = onnx::window(&self.0.window, site.size());
        let input = site.input();
        Ok(site.last("MaxPool", &[&input], attributes))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        let window = &self.0.window;
        let [kernel, stride] = [window.kernel, window.stride].map(pair);
        let pads = window.pads(site.size());
        let dilation = window.dilation;
        Ok(Form::Expression(match both_sides(pads) {
            // PyTorch takes no more padding than half the kernel.
            Some(padding) if dilation == 1 => {
                format!(
                    "F.max_pool2d({x}, {kernel}, {stride}{})",
                    padding_argument(padding)
                )
            }
            _ => {
                let x = padded(x, pads, ", value=-torch.inf");
                let dilation = if dilation == 1 {
                    String::new()
                } else {
                    format!(", dilation={dilation}")
                };
                format!("F.max_pool2d({x}, {kernel}, {stride}{dilation})")
            }
        }))
    }
}

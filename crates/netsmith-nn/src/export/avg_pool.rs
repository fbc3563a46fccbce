//! The mean of each window; padding is not counted.

use netsmith::network::operation::Pool;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, both_sides, padding_argument, pair};

/// The mean of each window.
#[derive(Debug)]
pub(super) struct AvgPool(pub(super) Pool);

impl Exported for AvgPool {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        if self.0.window.dilation != 1 {
            return Err(site.unsupported("average pools have no dilation in operator set 17"));
        }
        let mut attributes = onnx::undilated_window(&self.0.window, site.size());
        attributes.push(AttributeProto::int("count_include_pad", 0));
        let input = site.input();
        Ok(site.last("AveragePool", &[&input], attributes))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        let window = &self.0.window;
        let [kernel, stride] = [window.kernel, window.stride].map(pair);
        let pads = window.pads(site.size());
        Ok(Form::Expression(match both_sides(pads) {
            Some([0, 0]) => format!("F.avg_pool2d({x}, {kernel}, {stride})"),
            Some(padding) => {
                let padding = padding_argument(padding);
                format!("F.avg_pool2d({x}, {kernel}, {stride}{padding}, count_include_pad=False)")
            }
            None => {
                let [[top, bottom], [left, right]] = pads;
                format!(
                    "average_inside({x}, ({left}, {right}, {top}, {bottom}), {kernel}, {stride})"
                )
            }
        }))
    }

    fn definition(&self, site: &torch::Site<'_>) -> Option<&'static str> {
        let pads = self.0.window.pads(site.size());
        both_sides(pads).is_none().then_some(AVERAGE_INSIDE)
    }
}

const AVERAGE_INSIDE: &str = r#"

def average_inside(x, pads, kernel, stride):
    """Mean over the pixels of each window that lie inside the image."""
    inside = F.pad(torch.ones_like(x[:1, :1]), pads)
    share = F.avg_pool2d(inside, kernel, stride)
    return F.avg_pool2d(F.pad(x, pads), kernel, stride) / share
"#;

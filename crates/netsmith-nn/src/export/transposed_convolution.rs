//! Transposed convolution.

use netsmith::network::operation::TransposedConvolution;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, both_sides, pair};

impl Exported for TransposedConvolution {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let size = site.node.shape.positions();
        let pads = self.window.pads(size);
        let padded = [0, 1].map(|axis| size[axis] + pads[axis][0] + pads[axis][1]);
        let more = more(self, site.size(), padded);
        // The padding is that of the convolution back, from the output.
        let mut attributes = onnx::window(&self.window, size);
        attributes.push(AttributeProto::ints("output_padding", more));
        let mut inputs = vec![site.input()];
        for place in 0..site.node.weights.len() {
            inputs.push(site.weight(place));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(site.last("ConvTranspose", &inputs, attributes))
    }

    /// Where the padding differs between two sides, all windows are whole and the
    /// output is cut out of them.
    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let window = &self.window;
        let size = site.node.shape.positions();
        let channels = site.shapes[0].channels();
        let kernel = pair(window.kernel);
        let mut make = format!("nn.ConvTranspose2d({channels}, {}, {kernel}", self.out);
        let mut say = |name: &str, value: String, default: &str| {
            if value != default {
                make += &format!(", {name}={value}");
            }
        };
        say("stride", pair(window.stride), "1");
        let pads = window.pads(size);
        let [[top, _], [left, _]] = pads;
        let mut end = [top + size[0], left + size[1]];
        let mut after = String::new();
        if let Some(padding) = both_sides(pads) {
            say("padding", pair(padding), "0");
            end = [end[0] + top, end[1] + left];
        } else {
            after = format!("[:, :, {top}:{}, {left}:{}]", end[0], end[1]);
        }
        let more = more(self, site.size(), end);
        say("output_padding", pair(more), "0");
        say("dilation", window.dilation.to_string(), "1");
        make += if self.bias { ")" } else { ", bias=False)" };
        Ok(Form::Layer {
            make,
            argument: site.x().to_owned(),
            after,
        })
    }
}

/// What must be appended to all windows so that they reach this far.
fn more(it: &TransposedConvolution, from: [usize; 2], end: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|axis| {
        let span = it.window.dilation * (it.window.kernel[axis] - 1) + 1;
        let whole = (from[axis] - 1) * it.window.stride[axis] + span;
        end[axis].saturating_sub(whole)
    })
}

//! Convolution.

use netsmith::network::operation::Convolution;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, both_sides, padded, pair};

impl Exported for Convolution {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let channels = site.shapes[0].channels();
        let mut attributes = onnx::window(&self.window, site.size());
        attributes.push(AttributeProto::int(
            "group",
            self.group_count(channels) as i64,
        ));
        let mut inputs = vec![site.input()];
        inputs.extend(site.layer(self.bias));
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(site.last("Conv", &inputs, attributes))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let window = &self.window;
        let (x, channels) = (site.x(), site.shapes[0].channels());
        let mut make = format!(
            "nn.Conv2d({channels}, {}, {}",
            self.out,
            pair(window.kernel)
        );
        let mut say = |name: &str, value: String, default: &str| {
            if value != default {
                make += &format!(", {name}={value}");
            }
        };
        say("stride", pair(window.stride), "1");
        let pads = window.pads(site.size());
        let argument = if let Some(padding) = both_sides(pads) {
            say("padding", pair(padding), "0");
            x.to_owned()
        } else {
            padded(x, pads, "")
        };
        say("dilation", window.dilation.to_string(), "1");
        say("groups", self.group_count(channels).to_string(), "1");
        make += if self.bias { ")" } else { ", bias=False)" };
        Ok(Form::Layer {
            make,
            argument,
            after: String::new(),
        })
    }

    fn takes_norm(&self) -> bool {
        true
    }
}

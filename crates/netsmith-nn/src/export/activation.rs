//! Element-wise non-linearities.

use netsmith::network::operation::Activation;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Activation {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let x = site.input();
        Ok(match *self {
            Activation::Relu => site.last("Relu", &[&x], Vec::new()),
            Activation::Sigmoid => site.last("Sigmoid", &[&x], Vec::new()),
            Activation::Tanh => site.last("Tanh", &[&x], Vec::new()),
            Activation::HardSwish => site.last("HardSwish", &[&x], Vec::new()),
            Activation::HardSigmoid => {
                let slope = AttributeProto::float("alpha", 1.0 / 6.0);
                let middle = AttributeProto::float("beta", 0.5);
                site.last("HardSigmoid", &[&x], vec![slope, middle])
            }
            Activation::Relu6 => {
                let [least, most] =
                    [("least", 0.0), ("most", 6.0)].map(|(name, value)| scalar(site, name, value));
                site.last("Clip", &[&x, &least, &most], Vec::new())
            }
            Activation::Silu => {
                let gate = site.step("Sigmoid", "gate", &[&x], Vec::new());
                site.last("Mul", &[&x, &gate], Vec::new())
            }
            Activation::Gelu => gelu(site, &x),
            Activation::Complement => {
                let one = scalar(site, "one", 1.0);
                site.last("Sub", &[&one, &x], Vec::new())
            }
        })
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        let function = match self {
            Activation::Relu => "F.relu",
            Activation::Relu6 => "F.relu6",
            Activation::HardSwish => "F.hardswish",
            Activation::HardSigmoid => "F.hardsigmoid",
            Activation::Silu => "F.silu",
            Activation::Gelu => "F.gelu",
            Activation::Sigmoid => "torch.sigmoid",
            Activation::Tanh => "torch.tanh",
            Activation::Complement => return Ok(Form::Expression(format!("1 - {x}"))),
        };
        Ok(Form::Expression(format!("{function}({x})")))
    }
}

/// `x · (1 + erf(x / √2)) · 1/2`, in the order that runtimes recognise and
/// compute as one.
fn gelu(site: &mut onnx::Site<'_>, x: &str) -> String {
    let [root, one, half] = [
        ("root", std::f32::consts::SQRT_2),
        ("one", 1.0),
        ("half", 0.5),
    ]
    .map(|(name, value)| scalar(site, name, value));
    let stretched = site.step("Div", "stretched", &[x, &root], Vec::new());
    let erf = site.step("Erf", "erf", &[&stretched], Vec::new());
    let gate = site.step("Add", "gate", &[&erf, &one], Vec::new());
    let gated = site.step("Mul", "gated", &[x, &gate], Vec::new());
    site.last("Mul", &[&gated, &half], Vec::new())
}

/// A constant without axes.
fn scalar(site: &mut onnx::Site<'_>, name: &str, value: f32) -> String {
    site.graph.floats(&site.part(name), &[], &[value])
}

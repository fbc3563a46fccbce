//! Softmax over the channels of each position, or the positions of each channel.

use netsmith::network::operation::Softmax;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Softmax {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let (input, shape) = (site.input(), site.shapes[0]);
        let over = |axis: i64| vec![AttributeProto::int("axis", axis)];
        match self {
            Self::OverChannels => Ok(site.last("Softmax", &[&input], over(1))),
            Self::OverPositions => {
                let positions = shape.positions().iter().product();
                // A zero keeps an axis.
                let rows = site.integers("flat", &[0, 0, positions]);
                let rows = site.step("Reshape", "rows", &[&input, &rows], Vec::new());
                let shares = site.step("Softmax", "shares", &[&rows], over(2));
                let mut dims = shape.dims();
                dims.insert(0, 0);
                let dims = site.integers("shape", &dims);
                Ok(site.last("Reshape", &[&shares, &dims], Vec::new()))
            }
        }
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        Ok(Form::Expression(match self {
            Self::OverChannels => format!("{x}.softmax(1)"),
            Self::OverPositions => format!("{x}.flatten(2).softmax(2).reshape({x}.shape)"),
        }))
    }
}

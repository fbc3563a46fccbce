//! The maximum of blocks where an axis shrinks, copies where it grows.

use netsmith::network::operation::Resize;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form, pair};

impl Exported for Resize {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let (from, to) = (site.size(), site.node.shape.positions());
        let [down, up] = factors(from, to);
        let mut value = site.input();
        if down != [1, 1] {
            let block = vec![
                AttributeProto::ints("kernel_shape", down),
                AttributeProto::ints("strides", down),
            ];
            value = site.step("MaxPool", "shrunk", &[&value], block);
        }
        if up != [1, 1] {
            let scales = [1.0, 1.0, up[0] as f32, up[1] as f32];
            let scales = site.floats("scales", &scales);
            let nearest = vec![
                AttributeProto::text("mode", "nearest"),
                AttributeProto::text("coordinate_transformation_mode", "asymmetric"),
                AttributeProto::text("nearest_mode", "floor"),
            ];
            // The second input, a region, is left out.
            value = site.step("Resize", "grown", &[&value, "", &scales], nearest);
        }
        Ok(value)
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let x = site.x();
        let [down, up] = factors(site.size(), site.node.shape.positions());
        let mut value = x.to_owned();
        if down != [1, 1] {
            value = format!("F.max_pool2d({value}, {})", pair(down));
        }
        if up != [1, 1] {
            value = format!("F.interpolate({value}, scale_factor={})", pair(up));
        }
        Ok(if value == x {
            Form::Same
        } else {
            Form::Expression(value)
        })
    }
}

/// By how much height and width shrink, and by how much they grow.
fn factors(from: [usize; 2], to: [usize; 2]) -> [[usize; 2]; 2] {
    let down = [0, 1].map(|axis| (from[axis] / to[axis]).max(1));
    let up = [0, 1].map(|axis| (to[axis] / from[axis]).max(1));
    [down, up]
}

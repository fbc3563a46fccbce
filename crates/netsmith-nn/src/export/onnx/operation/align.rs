//! Bringing a tensor to a size: padding and resizing.

use super::{AttributeProto, Site};

pub(super) fn pad(site: &mut Site<'_>) -> String {
    let (from, to) = (site.shapes[0].dims(), site.node.shape.dims());
    // No padding of the batch axis; zeros before all axes, then those behind.
    let mut pads = vec![0; from.len() + 2];
    pads.extend(from.iter().zip(&to).map(|(from, to)| to - from));
    let (input, pads) = (site.input(), site.integers("pads", &pads));
    site.last("Pad", &[&input, &pads], Vec::new())
}

/// The maximum of blocks where an axis shrinks, copies where it grows.
pub(super) fn resize(site: &mut Site<'_>) -> String {
    let (from, to) = (site.size(), site.node.shape.positions());
    let down = [0, 1].map(|axis| (from[axis] / to[axis]).max(1));
    let up = [0, 1].map(|axis| (to[axis] / from[axis]).max(1));
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
    value
}

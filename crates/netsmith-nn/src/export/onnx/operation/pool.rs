//! Pooling, and the attributes of sliding windows.

use netsmith::network::operation::{Pool, Window};

use super::{AttributeProto, Site};
use crate::export::ExportError;

/// Kernel, strides, dilations and padding over an image of this size.
pub(super) fn window(window: &Window, size: [usize; 2]) -> Vec<AttributeProto> {
    let mut attributes = undilated(window, size);
    attributes.push(AttributeProto::ints("dilations", [window.dilation; 2]));
    attributes
}

pub(super) fn max_pool(site: &mut Site<'_>, pool: &Pool) -> String {
    let attributes = window(&pool.window, site.size());
    let input = site.input();
    site.last("MaxPool", &[&input], attributes)
}

pub(super) fn avg_pool(site: &mut Site<'_>, pool: &Pool) -> Result<String, ExportError> {
    if pool.window.dilation != 1 {
        return Err(site.unsupported("average pools have no dilation in operator set 17"));
    }
    let mut attributes = undilated(&pool.window, site.size());
    attributes.push(AttributeProto::int("count_include_pad", 0));
    let input = site.input();
    Ok(site.last("AveragePool", &[&input], attributes))
}

pub(super) fn global_pool(site: &mut Site<'_>) -> String {
    let input = site.input();
    let mean = site.step("GlobalAveragePool", "mean", &[&input], Vec::new());
    site.last("Flatten", &[&mean], vec![AttributeProto::int("axis", 1)])
}

fn undilated(window: &Window, size: [usize; 2]) -> Vec<AttributeProto> {
    let [[top, bottom], [left, right]] = window.pads(size);
    vec![
        AttributeProto::ints("kernel_shape", window.kernel),
        AttributeProto::ints("strides", window.stride),
        AttributeProto::ints("pads", [top, left, bottom, right]),
    ]
}

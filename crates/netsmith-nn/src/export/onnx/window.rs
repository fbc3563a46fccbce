//! The attributes of sliding windows.

use netsmith::network::operation::Window;

use super::AttributeProto;

/// Kernel, strides, dilations and padding over an image of this size.
pub(in crate::export) fn window(window: &Window, size: [usize; 2]) -> Vec<AttributeProto> {
    let mut attributes = undilated_window(window, size);
    attributes.push(AttributeProto::ints("dilations", [window.dilation; 2]));
    attributes
}

/// The same without dilations.
pub(in crate::export) fn undilated_window(
    window: &Window,
    size: [usize; 2],
) -> Vec<AttributeProto> {
    let [[top, bottom], [left, right]] = window.pads(size);
    vec![
        AttributeProto::ints("kernel_shape", window.kernel),
        AttributeProto::ints("strides", window.stride),
        AttributeProto::ints("pads", [top, left, bottom, right]),
    ]
}

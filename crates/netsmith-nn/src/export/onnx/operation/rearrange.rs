//! Operations that only move values.

use netsmith::network::operation::{ChannelShuffle, Slice, Truncate};

use super::{AttributeProto, Site};

/// Padded behind first and cut in front then: so no step is ever empty.
pub(super) fn shift(site: &mut Site<'_>) -> String {
    let [height, width] = site.size();
    let pads = site.integers("pads", &[0, 0, 0, 0, 0, 0, 1, 1]);
    let input = site.input();
    let padded = site.step("Pad", "padded", &[&input, &pads], Vec::new());
    let starts = site.integers("starts", &[1, 1]);
    let ends = site.integers("ends", &[height + 1, width + 1]);
    let axes = site.integers("axes", &[2, 3]);
    site.last("Slice", &[&padded, &starts, &ends, &axes], Vec::new())
}

pub(super) fn channel_shuffle(site: &mut Site<'_>, shuffle: ChannelShuffle) -> String {
    let channels = site.shapes[0].channels();
    let [height, width] = site.size();
    // A zero keeps the batch axis.
    let split = [0, shuffle.groups, channels / shuffle.groups, height, width];
    let split = site.integers("split", &split);
    let joined = site.integers("joined", &[0, channels, height, width]);
    let input = site.input();
    let groups = site.step("Reshape", "groups", &[&input, &split], Vec::new());
    let swap = vec![AttributeProto::ints("perm", [0, 2, 1, 3, 4])];
    let swapped = site.step("Transpose", "swapped", &[&groups], swap);
    site.last("Reshape", &[&swapped, &joined], Vec::new())
}

pub(super) fn flatten(site: &mut Site<'_>) -> String {
    let input = site.input();
    site.last("Flatten", &[&input], vec![AttributeProto::int("axis", 1)])
}

pub(super) fn slice(site: &mut Site<'_>, slice: Slice) -> String {
    let position = site.graph.integer(&site.part("position"), slice.position);
    let input = site.input();
    let axis = vec![AttributeProto::int("axis", 3)];
    let row = site.step("Gather", "row", &[&input, &position], axis);
    let axes = site.integers("axes", &[2]);
    site.last("Squeeze", &[&row, &axes], Vec::new())
}

pub(super) fn truncate(site: &mut Site<'_>, truncate: &Truncate) -> String {
    let input = site.input();
    let starts = site.integers("starts", &[truncate.from]);
    let ends = site.integers("ends", &[truncate.from + truncate.channels]);
    let axes = site.integers("axes", &[1]);
    site.last("Slice", &[&input, &starts, &ends, &axes], Vec::new())
}

pub(super) fn stack(site: &mut Site<'_>) -> String {
    let axes = site.integers("axes", &[2, 3]);
    let mut columns = Vec::new();
    for input in site.inputs.clone() {
        columns.push(site.step("Unsqueeze", "column", &[&input, &axes], Vec::new()));
    }
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    site.last("Concat", &columns, vec![AttributeProto::int("axis", 3)])
}

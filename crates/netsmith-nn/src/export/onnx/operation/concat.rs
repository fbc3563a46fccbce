//! Concatenation along the channels.

use super::{AttributeProto, Site};

pub(super) fn concat(site: &mut Site<'_>) -> String {
    let inputs = site.inputs.clone();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    site.last("Concat", &inputs, vec![AttributeProto::int("axis", 1)])
}

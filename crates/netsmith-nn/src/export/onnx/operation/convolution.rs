//! Convolution.

use netsmith::network::operation::Convolution;

use super::{AttributeProto, Site, pool};

pub(super) fn convolution(site: &mut Site<'_>, convolution: &Convolution) -> String {
    let channels = site.shapes[0].channels();
    let mut attributes = pool::window(&convolution.window, site.size());
    attributes.push(AttributeProto::int(
        "group",
        convolution.group_count(channels) as i64,
    ));
    let mut inputs = vec![site.input()];
    inputs.extend(site.layer(convolution.bias));
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    site.last("Conv", &inputs, attributes)
}

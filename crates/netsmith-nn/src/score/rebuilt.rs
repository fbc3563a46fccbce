//! The same network with other operations at some of its nodes.

use netsmith::network::{Builder, Network, Node, Operation, Shape};

/// The network with the operation that `of` gives for each node.
///
/// Nodes keep their numbers and names, and shared weights stay shared.
///
/// # Panics
/// An operation gives another shape than the one whose place it takes.
pub(super) fn rebuilt(network: &Network, of: impl Fn(&Node) -> Operation) -> Network {
    let mut builder = Builder::new();
    for node in network.nodes() {
        let tie = format!("{:?}", node.weights);
        if node.inputs.is_empty() {
            builder.input(&node.name, node.shape);
            continue;
        }
        let added = match of(node) {
            other if other.weights(&inputs(network, node)).is_empty() => {
                builder.add(&node.name, other, &node.inputs)
            }
            other => builder.add_tied(&node.name, other, &node.inputs, &tie),
        };
        added.expect("shapes that fitted still fit — this is a bug in netsmith");
    }
    builder.finish(network.outputs())
}

fn inputs(network: &Network, node: &Node) -> Vec<Shape> {
    let inputs = node.inputs.iter();
    inputs.map(|&input| network.nodes()[input].shape).collect()
}

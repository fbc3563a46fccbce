//! Networks of some of a network's nodes, in which what is computed twice is computed
//! once.

use crate::module::{Mixture, is_repeatable};
use netsmith::network::{Builder, Network, Operation, ShapeError};
use std::collections::BTreeMap;

/// The nodes that a mixture computes, as a network.
pub(super) fn masked(network: &Network, mixture: &Mixture) -> Result<Network, ShapeError> {
    let needed = mixture.needed(network);
    rebuilt(
        network,
        |index, _| needed[index],
        |index, at| mixture.reads(network, index, at),
    )
}

/// The same network in which nodes without trained weights that compute the
/// same of the same are one.
pub(super) fn shared(network: &Network) -> Result<Network, ShapeError> {
    rebuilt(network, |_, _| true, |_, _| true)
}

/// A network of the nodes and inputs that are kept, with equal ones as one.
fn rebuilt(
    network: &Network,
    keeps: impl Fn(usize, &Operation) -> bool,
    reads: impl Fn(usize, usize) -> bool,
) -> Result<Network, ShapeError> {
    let mut builder = Builder::new();
    let mut known: BTreeMap<(String, Vec<usize>), usize> = BTreeMap::new();
    let mut uses = vec![0_usize; network.weights().len()];
    for node in network.nodes() {
        node.weights.iter().for_each(|&weight| uses[weight] += 1);
    }
    let mut places = vec![usize::MAX; network.nodes().len()];
    for (index, node) in network.nodes().iter().enumerate() {
        if !keeps(index, &node.operation) {
            continue;
        }
        if node.inputs.is_empty() {
            places[index] = builder.input(&node.name, node.shape);
            continue;
        }
        let inputs = node.inputs.iter().enumerate();
        let read = inputs.filter(|&(at, &input)| reads(index, at) && places[input] != usize::MAX);
        let inputs: Vec<usize> = read.map(|(_, &input)| places[input]).collect();
        if inputs.is_empty() {
            continue;
        }
        let plain = node
            .weights
            .iter()
            .all(|&weight| uses[weight] == 1 && !network.weights()[weight].shape.role.trains());
        let identity = (format!("{:?}", node.operation), inputs.clone());
        if plain
            && is_repeatable(&node.operation)
            && let Some(&same) = known.get(&identity)
        {
            places[index] = same;
            continue;
        }
        let operation = node.operation.clone();
        let tied = node.weights.first().filter(|&&weight| uses[weight] > 1);
        places[index] = match tied {
            Some(&weight) => {
                let tie = &network.weights()[weight].name;
                builder.add_tied(&node.name, operation, &inputs, tie)?
            }
            None => builder.add(&node.name, operation, &inputs)?,
        };
        known.insert(identity, places[index]);
    }
    let outputs: Vec<usize> = network.outputs().iter().map(|&o| places[o]).collect();
    Ok(builder.finish(&outputs))
}

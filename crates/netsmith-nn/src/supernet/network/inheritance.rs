//! The weights that an architecture's own network takes from a supernet.
//!
//! A narrower layer has the first slices of the shared weights along all axes, as
//! the masks of the supernet leave them. Layers of which there is one for each
//! kernel, and layer norms of which there is one for each width, stand in the
//! supernet under the name that the network's only one has.

use super::Supernet;
use crate::module::Weights;
use netsmith::network::{Network, Node};
use netsmith::random::Seed;
use std::collections::BTreeMap;

impl Supernet {
    /// The weights of the network of an architecture, cut out of the shared ones;
    /// what the supernet lacks starts anew.
    pub fn inherited(&self, shared: &Weights, network: &Network) -> Weights {
        let mut places = BTreeMap::new();
        for (place, weight) in self.network.weights().iter().enumerate() {
            places.insert(weight.name.as_str(), place);
        }
        let mut inherited = Weights::init(network, &Seed::new(0));
        for node in network.nodes() {
            let known = |&weight: &usize| {
                let name = network.weights()[weight].name.as_str();
                places.get(name).copied()
            };
            let sources: Option<Vec<usize>> = node.weights.iter().map(known).collect();
            let alternative = || Some(self.alternative(network, node)?.weights.clone());
            for (&own, source) in node
                .weights
                .iter()
                .zip(sources.or_else(alternative).unwrap_or_default())
            {
                let whole = &self.network.weights()[source].shape.dims;
                let dims = &network.weights()[own].shape.dims;
                inherited.0[own] = first_of(&shared.0[source], whole, dims);
            }
        }
        inherited
    }

    /// The one of several layers in the place of a node that has its kernel, or
    /// its number of channels where that sets them apart.
    fn alternative(&self, network: &Network, node: &Node) -> Option<&Node> {
        let dims = &network.weights()[*node.weights.first()?].shape.dims;
        let has_window = dims.len() > 2;
        let within = format!("{}.", node.name);
        self.network.nodes().iter().find(|other| {
            let fits = |&weight: &usize| {
                let whole = &self.network.weights()[weight].shape.dims;
                if has_window {
                    whole[2..] == dims[2..]
                } else {
                    whole == dims
                }
            };
            other.name.starts_with(&within)
                && other.operation.name() == node.operation.name()
                && other.weights.first().is_some_and(fits)
        })
    }
}

/// The first places along each axis.
fn first_of(values: &[f32], whole: &[usize], kept: &[usize]) -> Vec<f32> {
    let (Some((count, whole)), Some((first, kept))) = (whole.split_first(), kept.split_first())
    else {
        return values.to_vec();
    };
    let parts = values.chunks((values.len() / count.max(&1)).max(1));
    let parts = parts.take(*first);
    parts.flat_map(|part| first_of(part, whole, kept)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_the_first_along_each_axis() {
        let values: Vec<f32> = (0..24).map(|n| n as f32).collect();
        let cut = first_of(&values, &[2, 3, 4], &[2, 2, 4]);
        let expected = [0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17, 18, 19];
        assert_eq!(cut, expected.map(|n| n as f32));
        assert_eq!(first_of(&values, &[24], &[3]), [0.0, 1.0, 2.0]);
    }
}

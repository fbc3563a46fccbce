//! Mixes of a supernet: how much each option counts, and what then need not run.

use super::{mix, zero};
use netsmith::network::Network;

/// How much each input of every mix counts, by the number of the decision.
///
/// An input that counts nothing is not computed, and neither is what only it
/// reads. Mixes of a decision without weights here are sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixture(pub Vec<Vec<f32>>);

impl Mixture {
    /// The weight of the input `at` of the mixes of a decision.
    pub(super) fn weight(&self, decision: usize, at: usize) -> f32 {
        let weights = self.0.get(decision).map_or(&[][..], |weights| weights);
        weights.get(at).copied().unwrap_or(1.0)
    }

    /// For each node whether the network's outputs depend on it.
    pub(crate) fn needed(&self, network: &Network) -> Vec<bool> {
        let nodes = network.nodes();
        let mut needed = vec![false; nodes.len()];
        for &output in network.outputs() {
            needed[output] = true;
        }
        for (index, node) in nodes.iter().enumerate().rev() {
            if !needed[index] {
                continue;
            }
            for (at, &input) in node.inputs.iter().enumerate() {
                needed[input] |= self.reads(network, index, at);
            }
        }
        // A sample enters whether or not something reads it.
        for (index, node) in nodes.iter().enumerate() {
            needed[index] |= node.inputs.is_empty();
        }
        needed
    }

    /// Whether a node reads its input `at`: a mix reads no zeros and nothing
    /// that does not count.
    pub(crate) fn reads(&self, network: &Network, node: usize, at: usize) -> bool {
        let Some(decision) = mix::decision(&network.nodes()[node].operation) else {
            return true;
        };
        let input = network.nodes()[node].inputs[at];
        let zero = zero::is_zero(&network.nodes()[input].operation);
        !zero && self.weight(decision, at) != 0.0
    }
}

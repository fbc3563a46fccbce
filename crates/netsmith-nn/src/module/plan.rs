//! What is known of a network before it runs: which buffers it needs until when.

use super::mixture::norms_of_mixes;
use netsmith::network::operation::Activation;
use netsmith::network::{Network, Operation, Saved};

/// The plan of a network for the fused kernels.
#[derive(Debug)]
pub(super) struct Plan {
    /// For each node the node whose buffer holds its value: itself, or an
    /// earlier one whose value it passes on.
    pub(super) holder: Vec<usize>,
    /// For each batch normalisation whether it rectifies as well: the
    /// activation behind it then passes its value on.
    pub(super) rectified: Vec<bool>,
    /// For each buffer the last node that reads it in the forward pass.
    pub(super) last: Vec<usize>,
    /// For each buffer whether the backward pass reads it as it was kept.
    pub(super) saved: Vec<bool>,
    /// For each buffer whether the backward pass computes it again.
    pub(super) recomputed: Vec<bool>,
    /// For each node whether a gradient must reach it.
    pub(super) needs: Vec<bool>,
    /// For each buffer whether the gradient of a mix's weights reads it.
    pub(super) mixed: Vec<bool>,
    /// For each normalisation the mix that does it on the way, and the place there.
    pub(super) norms: Vec<Option<(usize, usize)>>,
}

impl Plan {
    pub(super) fn new(network: &Network) -> Self {
        let rectified = rectified(network);
        let holder = holders(network, &rectified);
        let norms = norms_of_mixes(network);
        let mut plan = Self {
            last: last_reads(network, &holder),
            saved: vec![false; holder.len()],
            recomputed: network.recomputed(),
            needs: needs(network, &norms, false),
            mixed: vec![false; holder.len()],
            norms,
            holder,
            rectified,
        };
        plan.prolong(network);
        plan.mark_saved(network);
        plan.mark_mixed(network);
        plan
    }

    /// Gradients are to reach the samples too.
    pub(super) fn reach_inputs(&mut self, network: &Network) {
        self.needs = needs(network, &self.norms, true);
    }

    /// A mix reads what it normalises before its normalisation could.
    fn prolong(&mut self, network: &Network) {
        for (node, norm) in network.nodes().iter().zip(&self.norms) {
            if let Some((mix, _)) = norm {
                let last = &mut self.last[self.holder[node.inputs[0]]];
                *last = (*last).max(*mix);
            }
        }
    }

    fn mark_mixed(&mut self, network: &Network) {
        for node in network.nodes() {
            if let Operation::Mix { .. } = node.operation {
                for &input in node.inputs.iter().filter(|&&i| self.norms[i].is_none()) {
                    self.mixed[self.holder[input]] = true;
                }
            }
        }
    }

    fn mark_saved(&mut self, network: &Network) {
        for (index, node) in network.nodes().iter().enumerate() {
            match saved(&node.operation) {
                // An activation that its normalisation does is computed again.
                Saved::Output if self.holder[index] != index => {}
                Saved::Nothing => {}
                Saved::Inputs => {
                    for &input in &node.inputs {
                        self.saved[self.holder[input]] = true;
                    }
                }
                Saved::Output => self.saved[index] = true,
            }
        }
        for (saved, recomputed) in self.saved.iter_mut().zip(&self.recomputed) {
            *saved &= !recomputed;
        }
    }
}

/// What the fused backward pass of an operation reads.
fn saved(operation: &Operation) -> Saved {
    match operation {
        // The factors are drawn again.
        Operation::Dropout(_) | Operation::DropPath => Saved::Nothing,
        // The mean passes gradients on whatever the values were.
        Operation::AvgPool(_) => Saved::Nothing,
        other => other.saved(),
    }
}

/// Batch normalisations that only a rectifier reads.
fn rectified(network: &Network) -> Vec<bool> {
    let consumers = network.consumers();
    let nodes = network.nodes().iter().zip(&consumers).enumerate();
    nodes
        .map(|(index, (node, consumers))| {
            let norm = matches!(node.operation, Operation::BatchNorm(_));
            let rectifier = |&consumer: &usize| {
                let operation = &network.nodes()[consumer].operation;
                matches!(operation, Operation::Activation(Activation::Relu))
            };
            let only = consumers.len() == 1 && !network.outputs().contains(&index);
            norm && only && consumers.iter().all(rectifier)
        })
        .collect()
}

fn holders(network: &Network, rectified: &[bool]) -> Vec<usize> {
    let mut holders: Vec<usize> = Vec::new();
    for (index, node) in network.nodes().iter().enumerate() {
        let passes = match node.operation {
            Operation::Identity | Operation::Flatten => true,
            Operation::Activation(Activation::Relu) => rectified[node.inputs[0]],
            _ => false,
        };
        holders.push(if passes {
            holders[node.inputs[0]]
        } else {
            index
        });
    }
    holders
}

fn last_reads(network: &Network, holder: &[usize]) -> Vec<usize> {
    let mut last: Vec<usize> = (0..holder.len()).collect();
    for (index, node) in network.nodes().iter().enumerate() {
        for &input in &node.inputs {
            last[holder[input]] = index;
        }
    }
    for &output in network.outputs() {
        last[holder[output]] = holder.len();
    }
    last
}

/// For each node whether a gradient must reach it; the samples are reached only
/// where that is asked for.
///
/// A mix learns its weights from its gradient, also where nothing before it is
/// trained; so does a normalisation that gives the gradient of such a weight.
fn needs(network: &Network, norms: &[Option<(usize, usize)>], reaches_inputs: bool) -> Vec<bool> {
    let mut needs: Vec<bool> = Vec::new();
    for (node, norm) in network.nodes().iter().zip(norms) {
        let trains = node.weights.iter();
        let trains = trains
            .into_iter()
            .any(|&w| network.weights()[w].shape.role.trains());
        let inputs = node.inputs.iter().any(|&input| needs[input]);
        let wanted = match node.operation {
            Operation::Zero(_) => false,
            Operation::Input(_) => reaches_inputs,
            Operation::Mix { .. } => true,
            _ => trains || inputs || norm.is_some(),
        };
        needs.push(wanted);
    }
    needs
}

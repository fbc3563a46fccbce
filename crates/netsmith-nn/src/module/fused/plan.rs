//! What a network tells before it runs: which buffers it needs until when.

use crate::module::mix;
use crate::module::trainable::{Reach, Sharing, Trainable, trainable};
use netsmith::network::{Network, Saved};

/// The plan of a network for the fused kernels.
#[derive(Debug)]
pub(in crate::module) struct Plan {
    /// What computes each node.
    operations: Vec<Box<dyn Trainable>>,
    /// For each node the node whose buffer holds its value: itself, or an
    /// earlier one whose value it passes on.
    pub(in crate::module) holder: Vec<usize>,
    /// For each batch normalisation whether it rectifies as well: the
    /// activation behind it then passes its value on.
    pub(in crate::module) rectified: Vec<bool>,
    /// For each buffer the last node that reads it in the forward pass.
    pub(in crate::module) last: Vec<usize>,
    /// For each buffer whether the backward pass reads it as it was kept.
    pub(in crate::module) saved: Vec<bool>,
    /// For each buffer whether the backward pass computes it again.
    pub(in crate::module) recomputed: Vec<bool>,
    /// For each node whether a gradient must reach it.
    pub(in crate::module) needs: Vec<bool>,
    /// For each buffer whether the gradient of a mix's weights reads it.
    pub(in crate::module) mixed: Vec<bool>,
    /// For each normalisation the mix that does it on the way, and the place there.
    pub(in crate::module) norms: Vec<Option<(usize, usize)>>,
}

impl Plan {
    pub(super) fn new(network: &Network) -> Self {
        let nodes = network.nodes().iter();
        let operations: Vec<_> = nodes.map(|node| trainable(&node.operation)).collect();
        let rectified = rectified(network, &operations);
        let holder = holders(network, &operations, &rectified);
        let norms = mix::norms_of_mixes(network, &operations);
        let mut plan = Self {
            last: last_reads(network, &holder),
            saved: vec![false; holder.len()],
            recomputed: network.recomputed(),
            needs: needs(network, &operations, &norms, false),
            mixed: vec![false; holder.len()],
            operations,
            norms,
            holder,
            rectified,
        };
        plan.prolong(network);
        plan.mark_saved(network);
        plan.mark_mixed(network);
        plan
    }

    /// What computes a node.
    pub(super) fn operation(&self, node: usize) -> &dyn Trainable {
        &*self.operations[node]
    }

    /// Gradients are to reach the samples too.
    pub(super) fn reach_inputs(&mut self, network: &Network) {
        self.needs = needs(network, &self.operations, &self.norms, true);
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
            if mix::decision(&node.operation).is_some() {
                for &input in node.inputs.iter().filter(|&&i| self.norms[i].is_none()) {
                    self.mixed[self.holder[input]] = true;
                }
            }
        }
    }

    fn mark_saved(&mut self, network: &Network) {
        for (index, node) in network.nodes().iter().enumerate() {
            match self.operations[index].saved() {
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

/// Norms that only a rectifier reads.
fn rectified(network: &Network, operations: &[Box<dyn Trainable>]) -> Vec<bool> {
    let consumers = network.consumers();
    let consumers = consumers.iter().enumerate();
    consumers
        .map(|(index, consumers)| {
            let norm = operations[index].norm().is_some();
            let only = consumers.len() == 1 && !network.outputs().contains(&index);
            let rectifier = |&consumer: &usize| operations[consumer].is_rectifier();
            norm && only && consumers.iter().all(rectifier)
        })
        .collect()
}

fn holders(network: &Network, operations: &[Box<dyn Trainable>], rectified: &[bool]) -> Vec<usize> {
    let mut holders: Vec<usize> = Vec::new();
    for (index, node) in network.nodes().iter().enumerate() {
        let operation = &operations[index];
        let rectified = || operation.is_rectifier() && rectified[node.inputs[0]];
        let passes = operation.sharing() == Sharing::Always || rectified();
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
/// trained; so does a norm that gives the gradient of such a weight.
fn needs(
    network: &Network,
    operations: &[Box<dyn Trainable>],
    norms: &[Option<(usize, usize)>],
    reaches_inputs: bool,
) -> Vec<bool> {
    let mut needs: Vec<bool> = Vec::new();
    for (index, node) in network.nodes().iter().enumerate() {
        let mut weights = node.weights.iter();
        let trains = weights.any(|&w| network.weights()[w].shape.role.trains());
        let inputs = node.inputs.iter().any(|&input| needs[input]);
        needs.push(match operations[index].reach() {
            Reach::WhereTrained => trains || inputs || norms[index].is_some(),
            Reach::Always => true,
            Reach::Never => false,
            Reach::OnRequest => reaches_inputs,
        });
    }
    needs
}

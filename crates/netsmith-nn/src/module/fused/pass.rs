//! One pass over a network on our own kernels, and what an operation may ask
//! of it.

use super::arena::{Arena, Slot};
use super::plan::Plan;
use crate::module::mixture::Mixture;
use crate::module::probe::Probe;
use crate::module::{BatchStatistics, Goal, Noise, Weights, batch_norm};
use netsmith::network::{Network, Node, Shape};
use netsmith_kernels::{Lane, blocks, unpack};
use std::collections::BTreeMap;

/// One pass over a network. Over an arena that only counts it is the same pass
/// without the kernels: it has no samples, and may have no weights.
pub(in crate::module) struct Pass<'a> {
    pub(in crate::module) network: &'a Network,
    pub(in crate::module) plan: &'a Plan,
    pub(super) arena: &'a mut Arena,
    pub(in crate::module) weights: &'a Weights,
    /// `None` in inference.
    pub(in crate::module) noise: Option<&'a Noise>,
    /// Is shown what is computed.
    pub(super) probe: Option<&'a mut dyn Probe>,
    /// Which gradients the backward pass computes; `None` without one.
    pub(in crate::module) goal: Option<Goal>,
    /// The weights of the options of a supernet, and for each node whether it runs.
    pub(in crate::module) mixture: Option<(&'a Mixture, Vec<bool>)>,
    pub(in crate::module) samples: usize,
    /// The samples, for each input of the network `[samples, elements]`.
    pub(super) inputs: &'a [&'a [f32]],
    /// The values that are alive, by the node that holds them.
    pub(super) values: Vec<Option<Slot>>,
    /// The gradients that have arrived so far.
    pub(super) gradients: Vec<Option<Slot>>,
    /// The gradients of mixes that norms still read, and how many norms do.
    pub(in crate::module) lent: BTreeMap<usize, (Slot, usize)>,
    /// What the norms keep for the backward pass.
    pub(in crate::module) norms: Vec<Option<batch_norm::Memory>>,
    pub(in crate::module) statistics: Vec<BatchStatistics>,
    /// The gradients of the weights.
    pub(super) trained: Vec<Vec<f32>>,
    /// For each weight whether a gradient has reached it.
    pub(super) trained_once: Vec<bool>,
    /// The gradients of the mixes' weights, by decision.
    pub(in crate::module) mixing: Vec<Vec<f64>>,
    /// The gradients of an input of ones to the mixes, by decision.
    pub(in crate::module) ones: Vec<f64>,
    /// The nodes that were computed, in order.
    pub(super) computed: Vec<usize>,
}

impl<'a> Pass<'a> {
    /// Gives all buffers back.
    pub(super) fn finish(self) -> Vec<BatchStatistics> {
        for slot in self.values.into_iter().chain(self.gradients).flatten() {
            self.arena.give(slot);
        }
        self.statistics
    }

    /// A node of the network.
    pub(in crate::module) fn node(&self, index: usize) -> &'a Node {
        &self.network.nodes()[index]
    }

    /// The first node that a node reads.
    pub(in crate::module) fn first(&self, index: usize) -> usize {
        self.node(index).inputs[0]
    }

    /// The shape of one sample of a node's value.
    pub(in crate::module) fn shape(&self, index: usize) -> Shape {
        self.node(index).shape
    }

    /// The shape of one sample of what a node reads first.
    pub(in crate::module) fn from(&self, index: usize) -> Shape {
        self.shape(self.first(index))
    }

    /// The tensor `at` of a node, row-major; `None` where it has fewer, or where
    /// the pass only counts.
    pub(in crate::module) fn weight(&self, index: usize, at: usize) -> Option<&'a [f32]> {
        let weight = self.node(index).weights.get(at);
        weight.and_then(|&weight| self.weights.0.get(weight).map(|values| &values[..]))
    }

    /// The kernel of a layer: its first tensor; empty where the pass only counts.
    pub(in crate::module) fn kernel(&self, index: usize) -> &'a [f32] {
        self.weight(index, 0).unwrap_or_default()
    }

    /// The samples that enter at a node, `[samples, elements]`; empty where the
    /// pass only counts.
    pub(in crate::module) fn entering(&self, index: usize) -> &'a [f32] {
        let earlier = self.network.nodes()[..index].iter();
        let at = earlier.filter(|node| node.inputs.is_empty()).count();
        self.inputs.get(at).copied().unwrap_or_default()
    }

    /// Lanes of a node's value.
    pub(in crate::module) fn size(&self, index: usize) -> usize {
        blocks(self.samples).saturating_mul(self.shape(index).elements())
    }

    /// A buffer of the size of a node's value.
    pub(in crate::module) fn take(&mut self, index: usize) -> Slot {
        self.arena.take(self.size(index))
    }

    /// A buffer that is no longer needed.
    pub(in crate::module) fn give(&mut self, slot: Slot) {
        self.arena.give(slot);
    }

    /// Whether nothing is computed.
    pub(in crate::module) fn counts_only(&self) -> bool {
        self.arena.counts_only()
    }

    /// The value of a node.
    pub(in crate::module) fn read(&self, index: usize) -> &[Lane] {
        let value = self.values[self.plan.holder[index]].as_ref();
        let value = value.expect("a value lives until its last reader — this is a bug in netsmith");
        value.lanes()
    }

    /// Whether a node's value has a buffer of its own.
    pub(in crate::module) fn holds(&self, index: usize) -> bool {
        self.plan.holder[index] == index
    }

    /// Whether a node is computed.
    pub(in crate::module) fn runs(&self, index: usize) -> bool {
        let mixture = self.mixture.as_ref();
        mixture.is_none_or(|(_, needed)| needed[index])
    }

    /// Whether the gradients of the weights are wanted.
    pub(in crate::module) fn trains(&self) -> bool {
        self.goal.is_some_and(Goal::trains)
    }

    /// Whether the gradients of the mixes' weights are wanted.
    pub(in crate::module) fn mixes(&self) -> bool {
        self.goal.is_some_and(Goal::mixes)
    }

    /// `[samples, elements]` of a node.
    pub(super) fn unpacked(&self, index: usize, lanes: &[Lane]) -> Vec<f32> {
        unpack(lanes, self.shape(index).elements(), self.samples)
    }
}

//! The forward pass: the value of each node.

use super::arena::Slot;
use super::pass::Pass;
use crate::module::{batch_norm, lanes};

impl<'a> Pass<'a> {
    /// Computes all nodes from the samples of each input,
    /// `[samples, elements]`.
    pub(super) fn forward(&mut self, inputs: &'a [&'a [f32]]) {
        self.inputs = inputs;
        for index in 0..self.network.nodes().len() {
            if self.runs(index) {
                self.computed.push(index);
                let operation = self.plan.operation(index);
                if let (Some(_), Some(norm)) = (self.plan.norms[index], operation.norm()) {
                    batch_norm::measure(norm, self, index);
                } else if self.holds(index) {
                    let value = operation.forward(self, index);
                    self.values[index] = Some(value);
                }
                self.show_value(index);
            }
            self.release(index);
        }
    }

    /// The value of an output, `[samples, elements]`.
    pub(super) fn output(&self, node: usize) -> Vec<f32> {
        self.unpacked(node, self.read(node))
    }

    fn show_value(&mut self, index: usize) {
        if let Some(probe) = self.probe.take() {
            // What a mix normalises has no value of its own.
            if self.plan.norms[index].is_none() && probe.wants_value(index) {
                probe.value(index, self.unpacked(index, self.read(index)));
            }
            self.probe = Some(probe);
        }
    }

    /// Whether the backward pass reads a buffer.
    fn is_kept(&self, buffer: usize) -> bool {
        self.goal.is_some() && (self.plan.saved[buffer] || self.mixes() && self.plan.mixed[buffer])
    }

    /// Whether a node may write over the buffer of its input.
    pub(in crate::module) fn may_overwrite(&self, node: usize, input: usize) -> bool {
        let buffer = self.plan.holder[input];
        self.plan.last[buffer] == node && !self.is_kept(buffer)
    }

    /// The value of an input for a node that changes it in place: the input's
    /// buffer where it may be overwritten, else a copy.
    pub(in crate::module) fn reuse(&mut self, node: usize, input: usize) -> Slot {
        if self.may_overwrite(node, input)
            && let Some(slot) = self.values[self.plan.holder[input]].take()
        {
            return slot;
        }
        let mut copy = self.take(input);
        copy.edit(|copy| lanes::copy(self.read(input), copy));
        copy
    }

    /// Gives back the buffers that `index` was the last to read.
    fn release(&mut self, index: usize) {
        let node = self.node(index);
        for &node in node.inputs.iter().chain([&index]) {
            let buffer = self.plan.holder[node];
            if self.plan.last[buffer] == index
                && !self.is_kept(buffer)
                && let Some(slot) = self.values[buffer].take()
            {
                self.arena.give(slot);
            }
        }
    }
}

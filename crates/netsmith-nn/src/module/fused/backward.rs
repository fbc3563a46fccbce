//! The backward pass: where each node's gradient goes.

use super::arena::Slot;
use super::pass::Pass;
use crate::module::{lanes, mix};
use netsmith_kernels::{Lane, channel_sums, pack};
use std::ops::Range;

impl Pass<'_> {
    /// Takes the gradients of some outputs, `[samples, elements]` each, to all
    /// weights and inputs that want one.
    pub(super) fn backward(&mut self, gradients: &[(usize, &[f32])]) {
        self.clear_gradients();
        for &(output, gradient) in gradients {
            let mut start = self.take(output);
            start.edit(|start| pack(gradient, self.shape(output).elements(), start));
            self.start(output, start);
        }
        for index in (0..self.network.nodes().len()).rev() {
            if let Some(gradient) = self.gradients[index].take() {
                self.show_gradient(index, &gradient);
                let operation = self.plan.operation(index);
                operation.backward(self, index, gradient);
            } else if let Some((mix, at)) = self.plan.norms[index]
                && self.runs(index)
            {
                mix::pull_share(self, index, mix, at);
            }
            if self.holds(index)
                && let Some(slot) = self.values[index].take()
            {
                self.arena.give(slot);
            }
        }
    }

    /// Zeros for the gradient of each weight that is trained.
    fn clear_gradients(&mut self) {
        if self.counts_only() {
            return;
        }
        let mut trains = vec![false; self.network.weights().len()];
        if self.trains() {
            let nodes = self.network.nodes().iter().enumerate();
            let run = nodes.filter(|&(index, _)| self.runs(index));
            for &weight in run.flat_map(|(_, node)| &node.weights) {
                trains[weight] = self.network.weights()[weight].shape.role.trains();
            }
        }
        let weights = self.network.weights().iter().zip(trains);
        let zeros = weights.map(|(weight, trains)| match trains {
            true => vec![0.0; weight.shape.elements()],
            false => Vec::new(),
        });
        self.trained = zeros.collect();
        self.trained_once = vec![false; self.trained.len()];
    }

    /// The gradient of an output, whether or not anything before it is trained.
    fn start(&mut self, output: usize, gradient: Slot) {
        match &mut self.gradients[output] {
            Some(sum) => {
                sum.edit(|sum| lanes::add(gradient.lanes(), sum));
                self.arena.give(gradient);
            }
            empty => *empty = Some(gradient),
        }
    }

    fn show_gradient(&mut self, index: usize, gradient: &Slot) {
        if let Some(probe) = self.probe.take() {
            if probe.wants_gradient(index) {
                probe.gradient(index, self.unpacked(index, gradient.lanes()));
            }
            self.probe = Some(probe);
        }
    }

    /// Whether a gradient must reach a node.
    pub(in crate::module) fn needs(&self, node: usize) -> bool {
        self.plan.needs[node]
    }

    /// Computes a value again that was not kept; the backward pass gives it
    /// back when it comes to its node.
    pub(in crate::module) fn recall(&mut self, node: usize) {
        let buffer = self.plan.holder[node];
        if self.plan.recomputed[buffer] && self.values[buffer].is_none() {
            let value = self.plan.operation(buffer).forward(self, buffer);
            self.values[buffer] = Some(value);
        }
    }

    /// Computes the gradient of an input from that of the output and, where it
    /// is wanted, from the input's own value.
    pub(in crate::module) fn deliver_from_value(
        &mut self,
        input: usize,
        gradient: Slot,
        pull: impl FnOnce(&[Lane], &[Lane], &mut [Lane]),
    ) {
        if self.needs(input) {
            let mut target = self.take(input);
            target.edit(|target| pull(self.read(input), gradient.lanes(), target));
            self.deliver(input, target);
        }
        self.arena.give(gradient);
    }

    /// Computes the gradient of an input from that of the output alone.
    pub(in crate::module) fn deliver_moved(
        &mut self,
        input: usize,
        gradient: Slot,
        pull: impl FnOnce(&[Lane], &mut [Lane]),
    ) {
        let mut target = self.take(input);
        target.edit(|target| pull(gradient.lanes(), target));
        self.arena.give(gradient);
        self.deliver(input, target);
    }

    /// Adds a gradient to those that have reached a node.
    pub(in crate::module) fn deliver(&mut self, node: usize, gradient: Slot) {
        if self.needs(node) {
            self.start(node, gradient);
        } else {
            self.arena.give(gradient);
        }
    }

    /// Adds `weight · gradient` to the gradients that have reached a node.
    pub(in crate::module) fn deliver_scaled(&mut self, node: usize, weight: f32, gradient: &Slot) {
        match &mut self.gradients[node] {
            Some(sum) => sum.edit(|sum| lanes::add_scaled(weight, gradient.lanes(), sum)),
            empty => {
                let mut target = self.arena.take(gradient.len());
                target.edit(|target| lanes::scaled(weight, gradient.lanes(), target));
                *empty = Some(target);
            }
        }
    }

    /// Adds a gradient that is read again to those that have reached a node.
    pub(in crate::module) fn deliver_copy(&mut self, node: usize, gradient: &Slot) {
        if !self.needs(node) {
            return;
        }
        match &mut self.gradients[node] {
            Some(sum) => sum.edit(|sum| lanes::add(gradient.lanes(), sum)),
            empty => {
                let mut copy = self.arena.take(gradient.len());
                copy.edit(|copy| lanes::copy(gradient.lanes(), copy));
                *empty = Some(copy);
            }
        }
    }

    /// Adds to the gradient of the tensor `at` of a node.
    pub(in crate::module) fn train(&mut self, node: usize, at: usize, gradient: &[f32]) {
        if !self.trains() {
            return;
        }
        let weight = self.node(node).weights[at];
        self.trained_once[weight] = true;
        for (sum, gradient) in self.trained[weight].iter_mut().zip(gradient) {
            *sum += gradient;
        }
    }

    /// Lets a kernel write the gradients of some tensors of a node, where they
    /// are wanted: into the gradient itself where nothing has reached it yet.
    pub(in crate::module) fn train_with(
        &mut self,
        node: usize,
        tensors: Range<usize>,
        write: impl FnOnce(&Self, &mut [Vec<f32>]),
    ) {
        if !self.trains() || self.counts_only() {
            return;
        }
        let mut sums: Vec<Vec<f32>> = tensors.clone().map(|at| self.room(node, at)).collect();
        write(self, &mut sums);
        for (at, sums) in tensors.zip(sums) {
            let weight = self.node(node).weights[at];
            if self.trained_once[weight] {
                self.train(node, at, &sums);
            } else {
                self.trained[weight] = sums;
                self.trained_once[weight] = true;
            }
        }
    }

    fn room(&mut self, node: usize, at: usize) -> Vec<f32> {
        let weight = self.node(node).weights[at];
        match self.trained_once[weight] {
            false => std::mem::take(&mut self.trained[weight]),
            true => vec![0.0; self.trained[weight].len()],
        }
    }

    /// Adds the sums of a gradient over samples and positions to that of a
    /// layer's bias, where it has one.
    pub(in crate::module) fn train_bias(&mut self, node: usize, gradient: &Slot) {
        if self.node(node).weights.len() > 1 && !self.counts_only() {
            let shape = self.shape(node);
            let plane = shape.positions().iter().product();
            let sums = channel_sums(gradient.lanes(), shape.channels(), plane);
            self.train(node, 1, &sums);
        }
    }
}

//! The value of each node.

use super::Pass;
use crate::module::rearrange::{self, Moves};
use crate::module::{
    Noise, activation, align, batch_norm, concat, convolution, dropout, elementwise, layer_norm,
    pool,
};
use netsmith::network::operation::BatchNorm;
use netsmith::network::{Operation, Shape};
use netsmith_kernels::mix::{self, Part};
use netsmith_kernels::{Buffer, Lane, linear, pack};

impl Pass<'_> {
    /// The input's own buffer where it may be written over, else a copy.
    pub(super) fn copy_of(&mut self, index: usize, input: usize) -> Buffer {
        if self.may_overwrite(index, input)
            && let Some(buffer) = self.values[self.plan.holder[input]].take()
        {
            return buffer;
        }
        let mut copy = self.arena.take(self.size(input));
        elementwise::copy(self.read(input), &mut copy);
        copy
    }

    /// The value of one node.
    pub(super) fn value(&mut self, index: usize, inputs: &[f32]) -> Buffer {
        let node = &self.network.nodes()[index];
        let shape = node.shape;
        let weight = |at: usize| node.weights.get(at).map(|&w| &self.weights.0[w][..]);
        let kernel = || weight(0).unwrap_or_default();
        let first = node.inputs.first().copied().unwrap_or(index);
        let from = self.network.nodes()[first].shape;
        let plane = from.positions().iter().product();
        let rate = |dropout: f32| {
            let count = self.samples * shape.elements();
            self.noise
                .and_then(|noise| noise.dropout(&node.name, dropout, count))
        };
        match &node.operation {
            Operation::Activation(kind) => {
                let mut value = self.copy_of(index, first);
                activation::forward(*kind, &mut value);
                return value;
            }
            Operation::Dropout(dropout) => {
                let factors = rate(dropout.rate);
                return self.scaled(index, first, factors);
            }
            Operation::DropPath => {
                let draw = |noise: &Noise| noise.drop_path(&node.name, self.samples);
                let factors = self.noise.and_then(draw);
                return self.scaled(index, first, factors);
            }
            Operation::Mix { decision } => return self.mix(index, *decision),
            Operation::Add => return self.sum(index),
            _ => {}
        }
        let mut value = self.arena.take(self.size(index));
        let output = &mut value[..];
        match &node.operation {
            Operation::Input(shape) => pack(inputs, shape.elements(), output),
            Operation::Convolution(it) => {
                let geometry = convolution::shape(it, from, shape);
                let source = self.read(first);
                netsmith_kernels::convolution::forward(
                    &geometry,
                    source,
                    kernel(),
                    weight(1),
                    output,
                );
            }
            Operation::Linear(it) => {
                let sizes = [it.out, from.channels()];
                linear::forward(sizes, self.read(first), kernel(), weight(1), output);
            }
            Operation::BatchNorm(it) => self.normalise(index, it, Some(output)),
            Operation::LayerNorm(_) => {
                let trained = weight(0).zip(weight(1)).map(|(scale, bias)| [scale, bias]);
                layer_norm::forward([from.channels(), plane], trained, self.read(first), output);
            }
            Operation::MaxPool(it) => {
                pool::Windows::of(it, from, shape).max(self.read(first), output);
            }
            Operation::AvgPool(it) => {
                pool::Windows::of(it, from, shape).average(self.read(first), output);
            }
            Operation::GlobalPool => pool::global(plane, self.read(first), output),
            Operation::Multiply => {
                let plane = self.ratio(node.inputs[0], node.inputs[1]);
                let (a, b) = (self.read(first), self.read(node.inputs[1]));
                elementwise::multiply(plane, a, b, output);
            }
            Operation::Concat => {
                for (input, offset, size) in self.parts(index) {
                    concat::forward(size, offset, shape.elements(), self.read(input), output);
                }
            }
            Operation::Zero(_) => output.as_flattened_mut().fill(0.0),
            Operation::Shift
            | Operation::ChannelShuffle(_)
            | Operation::Slice(_)
            | Operation::Truncate(_) => {
                if let Some(moves) = moves(&node.operation, from) {
                    moves.forward(self.read(first), output);
                }
            }
            Operation::Pad(_) => align::pad(from, shape, self.read(first), output),
            Operation::Resize(_) => align::windows(from, shape).max(self.read(first), output),
            Operation::Stack => {
                for (position, &input) in node.inputs.iter().enumerate() {
                    rearrange::stack(position, node.inputs.len(), self.read(input), output);
                }
            }
            Operation::Activation(_)
            | Operation::Dropout(_)
            | Operation::DropPath
            | Operation::Add
            | Operation::Mix { .. }
            | Operation::Identity
            | Operation::Flatten => {}
        }
        value
    }

    /// Normalises by the statistics of the batch in training, by running ones
    /// else; without an output it is only found by what.
    pub(super) fn normalise(
        &mut self,
        index: usize,
        norm: &BatchNorm,
        output: Option<&mut [Lane]>,
    ) {
        let node = &self.network.nodes()[index];
        let rectified = self.plan.rectified[index];
        let norm = batch_norm::Fused::new(norm, node, self.weights, self.samples, rectified);
        let input = self.read(node.inputs[0]);
        let (memory, statistics) = match (self.noise, output) {
            (Some(_), Some(output)) => norm.train(index, input, output),
            (Some(_), None) => norm.measure(index, input),
            (None, output) => {
                let memory = norm.running(node, self.weights);
                if let Some(output) = output {
                    memory.apply(input, output);
                }
                self.memories[index] = Some(memory);
                return;
            }
        };
        self.memories[index] = Some(memory);
        self.statistics.push(statistics);
    }

    pub(super) fn scaled(
        &mut self,
        index: usize,
        input: usize,
        factors: Option<Vec<f32>>,
    ) -> Buffer {
        let mut value = self.copy_of(index, input);
        if let Some(factors) = factors {
            let size = self.network.nodes()[index].shape.elements();
            dropout::scale(&factors, self.samples, size, &mut value);
        }
        value
    }

    pub(super) fn sum(&mut self, index: usize) -> Buffer {
        let inputs = &self.network.nodes()[index].inputs;
        let own = |&&input: &&usize| {
            let twice = inputs
                .iter()
                .filter(|&&other| self.plan.holder[other] == self.plan.holder[input]);
            twice.count() == 1 && self.may_overwrite(index, input)
        };
        if let Some(&input) = inputs.iter().find(own) {
            let mut value = self.copy_of(index, input);
            for &other in inputs.iter().filter(|&&other| other != input) {
                elementwise::add(self.read(other), &mut value);
            }
            return value;
        }
        let mut value = self.arena.take(self.size(index));
        match inputs[..] {
            [only] => elementwise::copy(self.read(only), &mut value),
            [a, b, ref rest @ ..] => {
                elementwise::sum(self.read(a), self.read(b), &mut value);
                for &other in rest {
                    elementwise::add(self.read(other), &mut value);
                }
            }
            [] => {}
        }
        value
    }

    /// How much a mix's input at this place counts.
    pub(super) fn weight(&self, mix: usize, at: usize) -> f32 {
        match (&self.mixture, &self.network.nodes()[mix].operation) {
            (Some((mixture, _)), Operation::Mix { decision }) => mixture.weight(*decision, at),
            _ => 1.0,
        }
    }

    /// The inputs of a mix that count, with their places and weights.
    pub(super) fn mixed(&self, index: usize, decision: usize) -> Vec<(usize, usize, f32)> {
        let inputs = self.network.nodes()[index].inputs.iter().enumerate();
        match &self.mixture {
            None => inputs.map(|(at, &input)| (at, input, 1.0)).collect(),
            Some((mixture, _)) => inputs
                .filter(|&(at, _)| mixture.reads(self.network, index, at))
                .map(|(at, &input)| (at, input, mixture.weight(decision, at)))
                .collect(),
        }
    }

    #[expect(clippy::float_cmp, reason = "a hard choice counts exactly one")]
    pub(super) fn mix(&mut self, index: usize, decision: usize) -> Buffer {
        let mixed = self.mixed(index, decision);
        if let [(_, input, weight)] = mixed[..]
            && weight == 1.0
            && self.plan.norms[input].is_none()
        {
            return self.copy_of(index, input);
        }
        let mut value = self.arena.take(self.size(index));
        let shape = self.network.nodes()[index].shape;
        let mut shift = vec![0.0; shape.channels()];
        let parts = mixed.iter().map(|&(_, input, weight)| {
            let normed = self.plan.norms[input].and(self.memories[input].as_ref());
            let Some(memory) = normed else {
                return Part {
                    scale: vec![weight; shift.len()],
                    source: self.read(input),
                };
            };
            let [mut scale, own] = memory.lines();
            scale.iter_mut().for_each(|scale| *scale *= weight);
            let sums = shift.iter_mut().zip(own);
            sums.for_each(|(sum, own)| *sum += weight * own);
            Part {
                scale,
                source: self.read(self.network.nodes()[input].inputs[0]),
            }
        });
        let parts: Vec<Part<'_>> = parts.collect();
        mix::blend(
            shape.positions().iter().product(),
            &shift,
            &parts,
            &mut value,
        );
        value
    }

    /// How many values of `a` each value of `b` meets in a product.
    pub(super) fn ratio(&self, a: usize, b: usize) -> usize {
        self.size(a) / self.size(b)
    }

    /// Each input of a concatenation with its offset and its size.
    pub(super) fn parts(&self, index: usize) -> Vec<(usize, usize, usize)> {
        let mut offset = 0;
        let parts = self.network.nodes()[index].inputs.iter().map(|&input| {
            let size = self.network.nodes()[input].shape.elements();
            offset += size;
            (input, offset - size, size)
        });
        parts.collect()
    }
}

/// What an operation moves, if that is all it does.
pub(super) fn moves(operation: &Operation, input: Shape) -> Option<Moves> {
    match operation {
        Operation::Shift => Some(Moves::shift(input)),
        Operation::ChannelShuffle(shuffle) => Some(Moves::shuffle(shuffle, input)),
        Operation::Slice(slice) => Some(Moves::slice(slice, input)),
        Operation::Truncate(truncate) => Some(Moves::truncate(truncate, input)),
        _ => None,
    }
}

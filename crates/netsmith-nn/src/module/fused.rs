//! A network on our own kernels: forward and backward over buffers that are
//! used again.

mod backward;

use super::arena::Arena;
use super::mixture::Mixture;
use super::plan::Plan;
use super::probe::{LossFunction, Probe};
use super::rearrange::Moves;
use super::{
    BatchStatistics, Goal, MixedStep, Noise, Step, Weights, activation, align, answer, batch_norm,
    concat, convolution, dropout, elementwise, layer_norm, pool, rearrange,
};
use netsmith::network::operation::BatchNorm;
use netsmith::network::{Network, Operation, Shape};
use netsmith_kernels::mix::{self, Part};
use netsmith_kernels::{Buffer, Lane, blocks, linear, pack, unpack};
use std::collections::BTreeMap;

/// The buffers and the plan of one network.
#[derive(Debug)]
pub(super) struct Fused {
    arena: Arena,
    plan: Plan,
}

/// One pass over a network.
struct Pass<'a> {
    network: &'a Network,
    plan: &'a Plan,
    arena: &'a mut Arena,
    weights: &'a Weights,
    /// None in inference.
    noise: Option<&'a Noise>,
    /// Is shown what is computed.
    probe: Option<&'a mut dyn Probe>,
    /// What a backward pass is to find; none where there is none.
    goal: Option<Goal>,
    /// How the options of a supernet count, and for each node whether it runs.
    mixture: Option<(&'a Mixture, Vec<bool>)>,
    samples: usize,
    /// The values that are alive, by the node that holds them.
    values: Vec<Option<Buffer>>,
    /// The gradients that have arrived so far.
    gradients: Vec<Option<Buffer>>,
    /// The gradients of mixes that normalisations still read, and how many do.
    lent: BTreeMap<usize, (Buffer, usize)>,
    /// What the normalisations did.
    memories: Vec<Option<batch_norm::Memory>>,
    statistics: Vec<BatchStatistics>,
    /// The gradients of the weights.
    trained: Vec<Vec<f32>>,
    /// For each weight whether a gradient has reached it.
    trained_once: Vec<bool>,
    /// The gradients of the mixes' weights, by decision.
    mixing: Vec<Vec<f64>>,
    ones: Vec<f64>,
    /// How many nodes were computed.
    computed: Vec<usize>,
}

impl Fused {
    pub(super) fn new(network: &Network) -> Self {
        Self {
            arena: Arena::default(),
            plan: Plan::new(network),
        }
    }

    pub(super) fn step(
        &mut self,
        network: &Network,
        weights: &Weights,
        inputs: &[f32],
        samples: usize,
        noise: &Noise,
        mut loss: impl FnMut(&[f32], &mut [f32]) -> f64,
    ) -> (Step, Vec<BatchStatistics>) {
        let mut pass = self.pass(network, weights, samples, Some(noise));
        pass.goal = Some(Goal::Weights);
        let answers = pass.forward(inputs);
        let mut gradient = vec![0.0; answers.len()];
        let loss = loss(&answers, &mut gradient);
        pass.backward(&gradient);
        let step = Step {
            loss,
            gradients: std::mem::take(&mut pass.trained),
        };
        (step, pass.finish())
    }

    /// Gradients go as far back as the samples.
    pub(super) fn reach_inputs(&mut self, network: &Network) {
        self.plan.reach_inputs(network);
    }

    /// A pass in training mode, without dropout, that a probe watches; forward
    /// alone where there is no loss.
    pub(super) fn watched(
        &mut self,
        network: &Network,
        weights: &Weights,
        inputs: &[f32],
        samples: usize,
        probe: &mut dyn Probe,
        loss: Option<LossFunction<'_>>,
    ) -> (Step, Vec<BatchStatistics>) {
        let noise = Noise::none();
        let mut pass = self.pass(network, weights, samples, Some(&noise));
        pass.goal = loss.is_some().then_some(Goal::Weights);
        pass.probe = Some(probe);
        let answers = pass.forward(inputs);
        let mut step = Step::default();
        if let Some(loss) = loss {
            let mut gradient = vec![0.0; answers.len()];
            step.loss = loss(&answers, &mut gradient);
            pass.backward(&gradient);
            step.gradients = std::mem::take(&mut pass.trained);
        }
        (step, pass.finish())
    }

    /// A step of a supernet; a goal of none runs forward alone.
    #[expect(clippy::too_many_arguments, reason = "what a step reads")]
    pub(super) fn mixed(
        &mut self,
        network: &Network,
        weights: &Weights,
        mixture: &Mixture,
        inputs: &[f32],
        samples: usize,
        goal: Option<Goal>,
        loss: &mut dyn FnMut(&[f32], &mut [f32]) -> f64,
    ) -> MixedStep {
        let noise = Noise::none();
        let mut pass = self.pass(network, weights, samples, Some(&noise));
        pass.goal = goal;
        pass.mixture = Some((mixture, mixture.needed(network)));
        let answers = pass.forward(inputs);
        let mut gradient = vec![0.0; answers.len()];
        let loss = loss(&answers, &mut gradient);
        if goal.is_some() {
            pass.backward(&gradient);
        }
        let step = MixedStep {
            loss,
            gradients: std::mem::take(&mut pass.trained),
            mixing: std::mem::take(&mut pass.mixing),
            ones: std::mem::take(&mut pass.ones),
            computed: std::mem::take(&mut pass.computed),
        };
        pass.finish();
        step
    }

    pub(super) fn infer(
        &mut self,
        network: &Network,
        weights: &Weights,
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32> {
        let mut pass = self.pass(network, weights, samples, None);
        let answers = pass.forward(inputs);
        pass.finish();
        answers
    }

    /// Bytes that the buffers take.
    #[cfg(test)]
    pub(super) fn arena_bytes(&self) -> u64 {
        self.arena.bytes()
    }

    fn pass<'a>(
        &'a mut self,
        network: &'a Network,
        weights: &'a Weights,
        samples: usize,
        noise: Option<&'a Noise>,
    ) -> Pass<'a> {
        let nodes = network.nodes().len();
        Pass {
            network,
            plan: &self.plan,
            arena: &mut self.arena,
            weights,
            noise,
            probe: None,
            goal: None,
            mixture: None,
            samples,
            values: vec![None; nodes],
            gradients: vec![None; nodes],
            lent: BTreeMap::new(),
            memories: (0..nodes).map(|_| None).collect(),
            statistics: Vec::new(),
            trained: Vec::new(),
            trained_once: Vec::new(),
            mixing: Vec::new(),
            ones: Vec::new(),
            computed: Vec::new(),
        }
    }
}

impl Pass<'_> {
    /// Gives all buffers back.
    fn finish(self) -> Vec<BatchStatistics> {
        for buffer in self.values.into_iter().chain(self.gradients).flatten() {
            self.arena.give(buffer);
        }
        self.statistics
    }

    fn forward(&mut self, inputs: &[f32]) -> Vec<f32> {
        for index in 0..self.network.nodes().len() {
            if self.runs(index) {
                self.computed.push(index);
                let operation = &self.network.nodes()[index].operation;
                if let (Some(_), Operation::BatchNorm(it)) = (self.plan.norms[index], operation) {
                    self.normalise(index, it, None);
                } else if self.plan.holder[index] == index {
                    let value = self.value(index, inputs);
                    self.values[index] = Some(value);
                }
                self.show_value(index);
            }
            self.release(index);
        }
        let answer = answer(self.network);
        self.unpacked(answer, self.read(answer))
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

    fn show_gradient(&mut self, index: usize, gradient: &[Lane]) {
        if let Some(probe) = self.probe.take() {
            if probe.wants_gradient(index) {
                probe.gradient(index, self.unpacked(index, gradient));
            }
            self.probe = Some(probe);
        }
    }

    /// `[samples, elements]` of a node.
    fn unpacked(&self, index: usize, lanes: &[Lane]) -> Vec<f32> {
        let elements = self.network.nodes()[index].shape.elements();
        unpack(lanes, elements, self.samples)
    }

    /// Whether a node is computed.
    fn runs(&self, index: usize) -> bool {
        let mixture = self.mixture.as_ref();
        mixture.is_none_or(|(_, needed)| needed[index])
    }

    /// Whether the backward pass reads a buffer.
    fn is_kept(&self, buffer: usize) -> bool {
        let mixes = self.goal.is_some_and(Goal::mixes);
        self.goal.is_some() && (self.plan.saved[buffer] || mixes && self.plan.mixed[buffer])
    }

    /// Whether a node may write over the buffer of its input.
    fn may_overwrite(&self, node: usize, input: usize) -> bool {
        let buffer = self.plan.holder[input];
        self.plan.last[buffer] == node && !self.is_kept(buffer)
    }

    /// Gives back the buffers that `index` was the last to read.
    fn release(&mut self, index: usize) {
        let node = &self.network.nodes()[index];
        for &node in node.inputs.iter().chain([&index]) {
            let buffer = self.plan.holder[node];
            if self.plan.last[buffer] == index
                && !self.is_kept(buffer)
                && let Some(buffer) = self.values[buffer].take()
            {
                self.arena.give(buffer);
            }
        }
    }

    fn read(&self, node: usize) -> &[Lane] {
        let value = self.values[self.plan.holder[node]].as_deref();
        value.expect("a value lives until its last reader — this is a bug in netsmith")
    }

    /// Computes a value again that was not kept; the backward pass gives it
    /// back when it comes to its node.
    fn recall(&mut self, node: usize) {
        let buffer = self.plan.holder[node];
        if self.plan.recomputed[buffer] && self.values[buffer].is_none() {
            let value = self.value(buffer, &[]);
            self.values[buffer] = Some(value);
        }
    }

    fn size(&self, node: usize) -> usize {
        blocks(self.samples) * self.network.nodes()[node].shape.elements()
    }

    /// The input's own buffer where it may be written over, else a copy.
    fn copy_of(&mut self, index: usize, input: usize) -> Buffer {
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
    fn value(&mut self, index: usize, inputs: &[f32]) -> Buffer {
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
    fn normalise(&mut self, index: usize, norm: &BatchNorm, output: Option<&mut [Lane]>) {
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

    fn scaled(&mut self, index: usize, input: usize, factors: Option<Vec<f32>>) -> Buffer {
        let mut value = self.copy_of(index, input);
        if let Some(factors) = factors {
            let size = self.network.nodes()[index].shape.elements();
            dropout::scale(&factors, self.samples, size, &mut value);
        }
        value
    }

    fn sum(&mut self, index: usize) -> Buffer {
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
    fn weight(&self, mix: usize, at: usize) -> f32 {
        match (&self.mixture, &self.network.nodes()[mix].operation) {
            (Some((mixture, _)), Operation::Mix { decision }) => mixture.weight(*decision, at),
            _ => 1.0,
        }
    }

    /// The inputs of a mix that count, with their places and weights.
    fn mixed(&self, index: usize, decision: usize) -> Vec<(usize, usize, f32)> {
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
    fn mix(&mut self, index: usize, decision: usize) -> Buffer {
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
    fn ratio(&self, a: usize, b: usize) -> usize {
        self.size(a) / self.size(b)
    }

    /// Each input of a concatenation with its offset and its size.
    fn parts(&self, index: usize) -> Vec<(usize, usize, usize)> {
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
fn moves(operation: &Operation, input: Shape) -> Option<Moves> {
    match operation {
        Operation::Shift => Some(Moves::shift(input)),
        Operation::ChannelShuffle(shuffle) => Some(Moves::shuffle(shuffle, input)),
        Operation::Slice(slice) => Some(Moves::slice(slice, input)),
        Operation::Truncate(truncate) => Some(Moves::truncate(truncate, input)),
        _ => None,
    }
}

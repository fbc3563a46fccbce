//! A network on our own kernels: forward and backward over buffers that are
//! used again.

mod backward;
mod forward;

use super::arena::Arena;
use super::mixture::Mixture;
use super::plan::Plan;
use super::probe::{LossFunction, Probe};
use super::{BatchStatistics, Goal, MixedStep, Noise, Step, Weights, answer, batch_norm};
use netsmith::network::{Network, Operation};
use netsmith_kernels::{Buffer, Lane, blocks, unpack};
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
}

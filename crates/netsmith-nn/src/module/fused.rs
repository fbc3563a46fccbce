//! A network on our own kernels: forward and backward over buffers that are
//! used again.

mod arena;
mod backward;
mod footprint;
mod forward;
mod pass;
mod plan;

pub(super) use arena::Slot;
pub use footprint::activation_bytes;
pub(super) use pass::Pass;

use super::mixture::Mixture;
use super::probe::{LossFunction, Probe};
use super::{BatchStatistics, Goal, MixedStep, Noise, Step, Weights, answer};
use arena::Arena;
use netsmith::network::Network;
use plan::Plan;
use std::collections::BTreeMap;

/// The buffers and the plan of one network.
#[derive(Debug)]
pub(super) struct Fused {
    arena: Arena,
    plan: Plan,
}

impl Fused {
    pub(super) fn new(network: &Network) -> Self {
        Self::with(network, Arena::of_buffers())
    }

    fn with(network: &Network, arena: Arena) -> Self {
        Self {
            arena,
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
        let (inputs, answer) = ([inputs], answer(network));
        let mut pass = self.pass(network, weights, samples, Some(noise));
        pass.goal = Some(Goal::Weights);
        pass.forward(&inputs);
        let answers = pass.output(answer);
        let mut gradient = vec![0.0; answers.len()];
        let loss = loss(&answers, &mut gradient);
        pass.backward(&[(answer, &gradient)]);
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
        let (inputs, answer) = ([inputs], answer(network));
        let noise = Noise::none();
        let mut pass = self.pass(network, weights, samples, Some(&noise));
        pass.goal = loss.is_some().then_some(Goal::Weights);
        pass.probe = Some(probe);
        pass.forward(&inputs);
        let mut step = Step::default();
        if let Some(loss) = loss {
            let answers = pass.output(answer);
            let mut gradient = vec![0.0; answers.len()];
            step.loss = loss(&answers, &mut gradient);
            pass.backward(&[(answer, &gradient)]);
            step.gradients = std::mem::take(&mut pass.trained);
        }
        (step, pass.finish())
    }

    /// A step of a supernet; without a goal it runs forward alone.
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
        let (inputs, answer) = ([inputs], answer(network));
        let noise = Noise::none();
        let mut pass = self.pass(network, weights, samples, Some(&noise));
        pass.goal = goal;
        pass.mixture = Some((mixture, mixture.needed(network)));
        pass.forward(&inputs);
        let answers = pass.output(answer);
        let mut gradient = vec![0.0; answers.len()];
        let loss = loss(&answers, &mut gradient);
        if goal.is_some() {
            pass.backward(&[(answer, &gradient)]);
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
        let inputs = [inputs];
        let mut pass = self.pass(network, weights, samples, None);
        pass.forward(&inputs);
        let answers = pass.output(answer(network));
        pass.finish();
        answers
    }

    fn pass<'a>(
        &'a mut self,
        network: &'a Network,
        weights: &'a Weights,
        samples: usize,
        noise: Option<&'a Noise>,
    ) -> Pass<'a> {
        let nodes = network.nodes().len();
        let empty = || (0..nodes).map(|_| None).collect();
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
            inputs: &[],
            values: empty(),
            gradients: empty(),
            lent: BTreeMap::new(),
            norms: (0..nodes).map(|_| None).collect(),
            statistics: Vec::new(),
            trained: Vec::new(),
            trained_once: Vec::new(),
            mixing: Vec::new(),
            ones: Vec::new(),
            computed: Vec::new(),
        }
    }
}

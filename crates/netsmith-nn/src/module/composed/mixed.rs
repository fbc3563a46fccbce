//! A step of a supernet composed of burn's operations: the reference of the
//! fused kernels.

use super::{Composed, Pass, leaves, narrow, trained, values, vector};
use crate::module::mix;
use crate::module::mixture::Mixture;
use crate::module::value::Value;
use crate::module::{Goal, MixedStep, Noise, Weights};
use burn::tensor::{Gradients, Tensor};
use netsmith::network::Network;

/// How the options of a supernet count, in tensors that have gradients.
pub(super) struct Mixed<'a> {
    mixture: &'a Mixture,
    needed: Vec<bool>,
    decisions: Vec<Decision>,
}

/// What all mixes of one decision share.
struct Decision {
    /// The weights of their inputs.
    weights: Tensor<1>,
    /// One zero that is added to those which count one input: its gradient is
    /// the slope of an input of ones.
    zero: Tensor<1>,
}

impl Composed {
    /// One pass over a supernet, as [`Module::mixed_step`](crate::module::Module::mixed_step)
    /// says.
    #[expect(clippy::too_many_arguments, reason = "what a step reads")]
    pub(in crate::module) fn mixed(
        &self,
        network: &Network,
        weights: &Weights,
        mixture: &Mixture,
        inputs: &[f32],
        samples: usize,
        goal: Option<Goal>,
        loss: &mut dyn FnMut(&[f32], &mut [f32]) -> f64,
    ) -> MixedStep {
        let device = match goal {
            Some(_) => &self.training,
            None => &self.inference,
        };
        let needed = mixture.needed(network);
        let computed: Vec<usize> = (0..needed.len()).filter(|&index| needed[index]).collect();
        let mut runs = vec![false; network.weights().len()];
        for &weight in computed.iter().flat_map(|&i| &network.nodes()[i].weights) {
            runs[weight] = goal.is_some_and(Goal::trains);
        }
        let learns = goal.is_some_and(Goal::mixes);
        let leaf = |values: &[f32]| match vector(values, device) {
            tensor if learns => tensor.require_grad(),
            tensor => tensor,
        };
        let decisions = weights_of(network, mixture).into_iter();
        let decisions = decisions.map(|weights| Decision {
            weights: leaf(&weights),
            zero: leaf(&[0.0]),
        });
        let noise = Noise::none();
        let mut pass = Pass {
            network,
            noise: Some(&noise),
            samples,
            weights: leaves(network, weights, |weight| runs[weight], device),
            statistics: Vec::new(),
            mixed: Some(Mixed {
                mixture,
                needed,
                decisions: decisions.collect(),
            }),
        };
        let output = pass.run(&|shape| narrow(inputs, shape, samples, device), device);
        let answers = values(match goal {
            Some(_) => output.clone().inner(),
            None => output.clone(),
        });
        let mut gradient = vec![0.0; answers.len()];
        let mut step = MixedStep {
            loss: loss(&answers, &mut gradient),
            computed,
            ..MixedStep::default()
        };
        if goal.is_some() && output.is_tracked() {
            let gradients = self.backward(output, gradient);
            step.gradients = trained(&pass.weights, &gradients);
            let decisions = pass.mixed.into_iter().flat_map(|mixed| mixed.decisions);
            (step.mixing, step.ones) = decisions.map(|of| of.slopes(&gradients)).unzip();
        }
        step
    }
}

/// The weights of the inputs of each decision's mixes.
fn weights_of(network: &Network, mixture: &Mixture) -> Vec<Vec<f32>> {
    let mut weights: Vec<Vec<f32>> = Vec::new();
    for node in network.nodes() {
        if let Some(decision) = mix::decision(&node.operation) {
            weights.resize(weights.len().max(decision + 1), Vec::new());
            let of = &mut weights[decision];
            let more = of.len()..node.inputs.len();
            of.extend(more.map(|at| mixture.weight(decision, at)));
        }
    }
    weights
}

impl Decision {
    /// The gradients of its weights and of its zero; those of what no mix has
    /// read are zero.
    fn slopes(&self, gradients: &Gradients) -> (Vec<f64>, f64) {
        let of = |leaf: &Tensor<1>| {
            let gradient = leaf.grad(gradients).map(values).unwrap_or_default();
            gradient.into_iter().map(f64::from).collect::<Vec<f64>>()
        };
        let zero = of(&self.zero);
        (of(&self.weights), zero.first().copied().unwrap_or(0.0))
    }
}

impl Mixed<'_> {
    /// Whether a node is computed.
    pub(super) fn runs(&self, node: usize) -> bool {
        self.needed[node]
    }

    /// The value of a mix: the weighted sum of the inputs that count.
    pub(super) fn value<'v>(
        &self,
        network: &Network,
        index: usize,
        decision: usize,
        zeros: impl FnOnce() -> Value,
        read: impl Fn(usize) -> &'v Value,
    ) -> Value {
        let Decision { weights, zero } = &self.decisions[decision];
        let inputs = network.nodes()[index].inputs.iter().enumerate();
        let counted = inputs.filter(|&(at, _)| self.mixture.reads(network, index, at));
        let terms = counted.map(|(at, &input)| {
            let weight = weights.clone().narrow(0, at, 1);
            read(input).tensor.clone() * weight.reshape([1; 4])
        });
        let terms: Vec<Tensor<4>> = terms.collect();
        let single = terms.len() <= 1;
        let sum = terms.into_iter().reduce(|sum, term| sum + term);
        let sum = sum.unwrap_or_else(|| zeros().tensor);
        Value::new(match single {
            true => sum + zero.clone().reshape([1; 4]),
            false => sum,
        })
    }
}

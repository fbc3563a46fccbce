//! Zen-score: how strongly the features answer to a small change of the sample.
//!
//! ```text
//! kernels ~ N(0, 1), biases 0;   x, ε ~ N(0, 1),   x' = x + 0.01 ε
//! f       = the features before the global pooling, else before the last layer
//! score   = ln E ‖f(x) − f(x')‖₁ + Σ_normalisations ln √(mean running variance)
//! ```
//!
//! The running variances are those after the two passes in training mode, from
//! one; the second term gives back what the normalisations take away.

use super::{Entry, Subject};
use crate::module::{Kernels, Module, Probe, Weights, normal};
use netsmith::network::{Network, Operation, Role};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "zen",
    "How strongly the features of a Gaussian network answer to a small change; reads no data.",
    score,
)
.paper("Lin et al. 2021, arXiv:2102.01063");

/// The size of the change, as in the paper's code.
const CHANGE: f32 = 0.01;

fn score(subject: &mut Subject<'_>) -> f64 {
    let network = subject.network();
    let seed = subject.seed.child("zen");
    let samples = subject.data.batches[0].len();
    let mut weights = Weights::init(network, &seed);
    for (weight, values) in network.weights().iter().zip(&mut weights.0) {
        if let Role::Kernel { .. } = weight.shape.role {
            let mut random = seed.child("kernels").child(&weight.name).stream();
            *values = normal(&mut random, values.len());
        }
    }
    let mut random = seed.child("samples").stream();
    let elements: usize = network.inputs().map(|input| input.elements()).sum();
    let x = normal(&mut random, samples * elements);
    let epsilon = normal(&mut random, x.len());
    let pairs = x.iter().zip(epsilon);
    let beside: Vec<f32> = pairs.map(|(x, epsilon)| x + CHANGE * epsilon).collect();
    of(network, &mut weights, [&x, &beside], samples)
}

/// The score at these weights, whose running variances are moved.
pub(super) fn of(
    network: &Network,
    weights: &mut Weights,
    batches: [&[f32]; 2],
    samples: usize,
) -> f64 {
    let answer = difference(network, weights, batches, samples);
    answer.map_or(f64::NAN, |answer| answer + scales(network, weights))
}

/// The logarithm of the mean distance of the features of two batches.
fn difference(
    network: &Network,
    weights: &mut Weights,
    [x, beside]: [&[f32]; 2],
    samples: usize,
) -> Option<f64> {
    let mut module = Module::new(network, Kernels::Fused).ok()?;
    let mut features = |inputs: &[f32]| {
        let mut probe = Features {
            node: features(network)?,
            value: Vec::new(),
        };
        module.watch(weights, inputs, &mut probe, None);
        Some(probe.value)
    };
    let (f, g) = (features(x)?, features(beside)?);
    let distances = f.iter().zip(&g).map(|(f, g)| f64::from((f - g).abs()));
    Some((distances.sum::<f64>() / samples as f64).ln())
}

/// The node whose value are the features.
fn features(network: &Network) -> Option<usize> {
    let last = |is: fn(&Operation) -> bool| {
        let node = network
            .nodes()
            .iter()
            .rev()
            .find(|node| is(&node.operation));
        node.map(|node| node.inputs[0])
    };
    last(|it| matches!(it, Operation::GlobalPool))
        .or_else(|| last(|it| matches!(it, Operation::Linear(_))))
        .or_else(|| network.outputs().last().copied())
}

/// What the normalisations divided by, in logarithms.
fn scales(network: &Network, weights: &Weights) -> f64 {
    let variances = network.weights().iter().zip(&weights.0);
    let variances = variances.filter(|(weight, _)| weight.shape.role == Role::RunningVariance);
    let logarithms = variances.map(|(_, values)| {
        let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
        0.5 * (sum / values.len() as f64).ln()
    });
    logarithms.sum()
}

/// Keeps the value of one node.
struct Features {
    node: usize,
    value: Vec<f32>,
}

impl Probe for Features {
    fn wants_value(&self, node: usize) -> bool {
        node == self.node
    }

    fn value(&mut self, _node: usize, value: Vec<f32>) {
        self.value = value;
    }
}

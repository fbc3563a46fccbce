//! GraSP: how much each weight keeps the gradient flowing.
//!
//! ```text
//! g     = ∂L/∂w over convolutions and linear layers
//! score = Σ −w · (H g) = −wᵀ H g                             (equation 8, T = 1)
//! H w   ≈ (8 (∇₊₁ − ∇₋₁) − (∇₊₂ − ∇₋₂)) / 12 ε,   ∇ₖ = ∇L((1 + k ε) w),   ε = 0.03
//! ```
//!
//! Deviations from the paper, of which none changes what is computed:
//!
//! - The Hessian is symmetric, so that it is multiplied with w rather than with
//!   g, and from a central difference of fourth order rather than from a second
//!   differentiation: its step may be long enough that what 32 bits round away is
//!   small beside it. A normalised layer does not see the scale of its weights: of all steps, this
//!   one bends the loss least.
//! - Rectifiers hold the pattern of w for both ends of the step. The second
//!   differentiation takes that pattern as given as well. A difference without it
//!   counts what the kinks in between do to the gradient; on a network with
//!   millions of units some are crossed by every step that is long enough for
//!   numbers of 32 bits, and their part soon outgrows the score.
//!
//! Kinks of other activations and of max pooling are stepped over.

use super::rebuilt::rebuilt;
use super::subject::dot;
use super::{Entry, Subject};
use crate::module::{self, Kernels, Module, Noise, Probe, Weights};
use netsmith::network::operation::Dropout;
use netsmith::network::{Network, Node, Operation};
use std::collections::BTreeMap;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "grasp",
    "How much the weights keep the gradient flowing: their product with the Hessian and the \
     gradient.",
    score,
)
.paper("Wang et al. 2020, arXiv:2002.07376");

/// The share of the weights that is stepped to either side.
const STEP: f64 = 0.03;

fn score(subject: &mut Subject<'_>) -> f64 {
    let network = subject.network();
    let linear = rebuilt(network, |node| match is_rectifier(node) {
        true => Operation::Dropout(Dropout { rate: 0.0 }),
        false => node.operation.clone(),
    });
    let modules = [network, &linear].map(|network| Module::new(network, Kernels::Fused));
    let [Ok(mut module), Ok(mut linear)] = modules else {
        return f64::NAN;
    };
    let (batch, loss) = (&subject.data.batches[0], &subject.data.loss);
    let mut loss =
        |output: &[f32], gradient: &mut [f32]| loss.of(output, &batch.targets, None, gradient);

    let mut patterns = Patterns::of(network);
    let mut weights = subject.weights().clone();
    let own = module.watch(
        &mut weights,
        &batch.inputs[0],
        &mut patterns,
        Some(&mut loss),
    );
    let own = own.gradients;
    let noise = Noise::held(patterns.held);

    let kernels = subject.kernels();
    let mut beside = |step: f64| {
        let mut weights: Weights = subject.weights().clone();
        for &kernel in &kernels {
            let values = weights.0[kernel].iter_mut();
            values.for_each(|w| *w = (f64::from(*w) * (1.0 + step)) as f32);
        }
        let found = linear.step(&mut weights, &batch.inputs[0], &noise, &mut loss);
        let sums = kernels
            .iter()
            .map(|&kernel| dot(&own[kernel], &found.gradients[kernel]));
        sums.sum::<f64>()
    };
    let [near, far] = [1.0, 2.0].map(|k| beside(-k * STEP) - beside(k * STEP));
    (8.0 * near - far) / (12.0 * STEP)
}

fn is_rectifier(node: &Node) -> bool {
    module::is_rectifier(&node.operation)
}

/// Which units of each rectifier are on, by the node's name.
struct Patterns<'a> {
    network: &'a Network,
    held: BTreeMap<String, Vec<bool>>,
}

impl<'a> Patterns<'a> {
    fn of(network: &'a Network) -> Self {
        Self {
            network,
            held: BTreeMap::new(),
        }
    }
}

impl Probe for Patterns<'_> {
    fn wants_value(&self, node: usize) -> bool {
        is_rectifier(&self.network.nodes()[node])
    }

    fn value(&mut self, node: usize, value: Vec<f32>) {
        let pattern = value.iter().map(|value| *value > 0.0).collect();
        let name = self.network.nodes()[node].name.clone();
        self.held.insert(name, pattern);
    }
}

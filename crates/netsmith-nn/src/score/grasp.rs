//! GraSP: how much each weight keeps the gradient flowing.
//!
//! ```text
//! g     = ∂L/∂w over convolutions and linear layers
//! score = Σ −w · (H g)
//! H g  ≈ (∇L(w + ε g) − ∇L(w − ε g)) / 2 ε,   ε = 0.01 / ‖g‖₂
//! ```
//!
//! Deviation from the paper: the product with the Hessian comes from a central
//! difference rather than from a second differentiation.

use super::subject::dot;
use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "grasp",
    "How much the weights keep the gradient flowing: their product with the Hessian and the \
     gradient.",
    score,
)
.paper("Wang et al. 2020, arXiv:2002.07376");

/// The length of the step to either side, as in DARTS' second-order term.
const STEP: f64 = 0.01;

fn score(subject: &mut Subject<'_>) -> f64 {
    let kernels = subject.kernels();
    let gradients = subject.gradients(0).to_vec();
    let squares = kernels.iter().map(|&k| dot(&gradients[k], &gradients[k]));
    let epsilon = STEP / squares.sum::<f64>().sqrt();
    if !epsilon.is_finite() {
        return f64::NAN;
    }
    let mut beside = |epsilon: f64| {
        let mut weights = subject.weights().clone();
        for &kernel in &kernels {
            let pairs = weights.0[kernel].iter_mut().zip(&gradients[kernel]);
            pairs.for_each(|(weight, g)| *weight += (epsilon * f64::from(*g)) as f32);
        }
        let found = subject.gradients_at(weights, 0);
        let own = &subject.weights().0;
        let sums = kernels
            .iter()
            .map(|&kernel| dot(&own[kernel], &found[kernel]));
        sums.sum::<f64>()
    };
    (beside(-epsilon) - beside(epsilon)) / (2.0 * epsilon)
}

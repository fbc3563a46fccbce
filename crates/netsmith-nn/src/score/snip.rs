//! SNIP: how much the loss would change without each weight, to first order.
//!
//! ```text
//! score = Σ |w · ∂L/∂w|
//! ```
//!
//! That is the gradient with respect to a mask of ones on the weights.

use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "snip",
    "How much the loss would change without each weight, summed.",
    score,
)
.paper("Lee et al. 2019, arXiv:1810.02340");

fn score(subject: &mut Subject<'_>) -> f64 {
    let kernels = subject.kernels();
    subject.gradients(0);
    let weights = subject.weights().clone();
    let gradients = subject.gradients(0);
    let changes = kernels.iter().flat_map(|&kernel| {
        let pairs = weights.0[kernel].iter().zip(&gradients[kernel]);
        pairs.map(|(weight, gradient)| (f64::from(*weight) * f64::from(*gradient)).abs())
    });
    changes.sum()
}

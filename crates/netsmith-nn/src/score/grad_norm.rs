//! The length of the gradient.
//!
//! ```text
//! score = Σ_layers ‖∂L/∂w‖₂
//! ```

use super::subject::dot;
use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "grad_norm",
    "Lengths of the layers' gradients on one batch, summed.",
    score,
)
.paper("Abdelfattah et al. 2021, arXiv:2101.08134");

fn score(subject: &mut Subject<'_>) -> f64 {
    let kernels = subject.kernels();
    let gradients = subject.gradients(0);
    let lengths = kernels.iter().map(|&kernel| {
        let gradient = &gradients[kernel];
        dot(gradient, gradient).sqrt()
    });
    lengths.sum()
}

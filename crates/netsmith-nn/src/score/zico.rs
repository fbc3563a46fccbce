//! ZiCo: how steady the gradient is from batch to batch.
//!
//! ```text
//! g_b   = ∂L/∂w on batch b = 1, 2
//! score = Σ_layers ln Σ_w mean_b |g_b| / std_b(g_b)
//! ```
//!
//! Weights whose gradient is the same on both batches are left out, and so are
//! layers without others.

use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "zico",
    "How steady the gradient of each layer is between two batches.",
    score,
)
.paper("Li et al. 2023, arXiv:2301.11300");

fn score(subject: &mut Subject<'_>) -> f64 {
    let kernels = subject.kernels();
    let first = subject.gradients(0).to_vec();
    let second = subject.gradients(1);
    let layers = kernels.iter().map(|&kernel| {
        let pairs = first[kernel].iter().zip(&second[kernel]);
        let ratios = pairs.map(|(a, b)| ratio(f64::from(*a), f64::from(*b)));
        let sum: f64 = ratios.sum();
        if sum > 0.0 { sum.ln() } else { 0.0 }
    });
    layers.sum()
}

/// Mean of the absolute values over the deviation of two numbers.
fn ratio(a: f64, b: f64) -> f64 {
    let deviation = (a - b).abs() / 2.0;
    match deviation > 0.0 {
        true => (a.abs() + b.abs()) / 2.0 / deviation,
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_by_hand() {
        // Mean 2, deviation 1.
        assert!((ratio(1.0, 3.0) - 2.0).abs() < 1e-12);
        // Mean 0, mean of the absolute values 2, deviation 2.
        assert!((ratio(-2.0, 2.0) - 1.0).abs() < 1e-12);
        assert!(ratio(5.0, 5.0).abs() < 1e-12);
    }
}

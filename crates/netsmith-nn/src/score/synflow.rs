//! SynFlow: the flow through all paths of a network of positive weights.
//!
//! ```text
//! R     = sum of the answers to a sample of ones, with |w| for w and without
//!         normalisation
//! score = ln Σ |w · ∂R/∂w|,   0 where nothing flows
//! ```

use super::{Entry, Subject, flow};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "synflow",
    "Logarithm of the flow through all paths of the network with positive weights; reads no data.",
    score,
)
.paper("Tanaka et al. 2020, arXiv:2006.05467");

fn score(subject: &mut Subject<'_>) -> f64 {
    let shares = flow::shares(subject);
    let sum: f64 = shares
        .iter()
        .map(|own| (own.weight * own.slope).abs())
        .sum();
    if sum > 0.0 { sum.ln() } else { 0.0 }
}

//! LogSynFlow: SynFlow with the slopes damped.
//!
//! ```text
//! R     = as in SynFlow
//! score = Σ |w · ln(|∂R/∂w| + 1)|
//! ```

use super::{Entry, Subject, flow};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "logsynflow",
    "SynFlow with the logarithm of each slope, so that depth counts less; reads no data.",
    score,
)
.paper("Cavagnero et al. 2023, arXiv:2207.05135");

fn score(subject: &mut Subject<'_>) -> f64 {
    let shares = flow::shares(subject);
    let damped = |own: &flow::Share| (own.weight * own.slope.abs().ln_1p()).abs();
    shares.iter().map(damped).sum()
}

//! The answer of a trained policy: several architectures are drawn, all are
//! scored again, and the best is kept.

use super::{Controller, Episode};
use crate::random::Random;
use crate::space::{Infeasible, Limits, Space};

/// The best of several draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// The best, of equals the first drawn.
    pub best: Episode,
    /// Its score.
    pub score: f64,
    /// How many different architectures were scored.
    pub scored: usize,
}

/// Draws `count` architectures and keeps the one that `score` finds best; the
/// score, larger is better, is that of a network under the shared weights, such
/// as the accuracy on one batch of validation data. An architecture that is
/// drawn again is not scored again; a score that is not a number counts as none.
///
/// Returns nothing where nothing was drawn or scored.
///
/// # Errors
/// The limit that no architecture keeps, with the nearest bound.
///
/// # Paper
/// Pham et al. 2018, section 2.3; the official code draws 10.
pub fn derive(
    controller: &mut Controller,
    theta: &[f64],
    (space, limits): (&Space, &Limits),
    count: usize,
    random: &mut Random,
    score: &mut dyn FnMut(&Episode) -> f64,
) -> Result<Option<Derived>, Infeasible> {
    let mut drawn: Vec<Episode> = Vec::with_capacity(count);
    let mut best: Option<(f64, usize)> = None;
    for _ in 0..count {
        let Some(episode) = controller.sample(theta, space, limits, random)? else {
            continue;
        };
        let known = |other: &Episode| other.architecture == episode.architecture;
        if drawn.iter().any(known) {
            continue;
        }
        let own = score(&episode);
        if !own.is_nan() && best.is_none_or(|(most, _)| own > most) {
            best = Some((own, drawn.len()));
        }
        drawn.push(episode);
    }
    let scored = drawn.len();
    Ok(best.map(|(score, index)| Derived {
        best: drawn.swap_remove(index),
        score,
        scored,
    }))
}

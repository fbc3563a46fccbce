//! Features from outside: what others know about a network without training it.

use crate::space::{Architecture, Space};
use std::fmt::Debug;

/// Gives numbers that may say how good an architecture is, such as
/// training-free scores; a strategy that has a predictor learns what they are
/// worth.
///
/// A search hands one over with [`Strategy::assist`](super::Strategy::assist)
/// before it asks for the first time.
pub trait Scorer: Debug + Send + Sync {
    /// As many finite numbers for each architecture of the space, the same ones
    /// whenever it is asked; of each, more should be better. It is asked for the
    /// same architecture more than once: what takes long should be remembered.
    fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64>;

    /// Seconds that the scores of an architecture take, where a simulated clock
    /// is to pay them.
    fn seconds(&self, _space: &Space, _architecture: &Architecture) -> f64 {
        0.0
    }
}

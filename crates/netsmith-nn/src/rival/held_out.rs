//! Shares of the training part by which a rival chooses its settings.

use crate::data::Part;
use netsmith::random::Seed;

/// Samples below which one held-out share says too little, so that several are drawn.
const FEW: usize = 3_000;

/// Draws of a held-out share where samples are few.
const DRAWS: u64 = 5;

/// The share that is held out, to choose settings by.
const SHARE: f64 = 0.2;

/// What a setting is chosen by.
#[derive(Debug)]
pub(crate) struct Draw {
    /// Samples to judge by.
    pub(crate) held: Part,
    /// Samples to learn from.
    pub(crate) rest: Part,
}

/// Shares of the training part that are held out: one, and of few samples several, each
/// drawn anew. None where there are too few samples to hold one out.
pub(crate) fn draws(train: &Part, seed: &Seed) -> Vec<Draw> {
    let count = if train.len() < FEW { DRAWS } else { 1 };
    let draws = (0..count).map(|draw| {
        let [held, rest] = train.halves(SHARE, &seed.child("held out").nth(draw));
        Draw { held, rest }
    });
    draws
        .filter(|draw| !draw.held.is_empty() && !draw.rest.is_empty())
        .collect()
}

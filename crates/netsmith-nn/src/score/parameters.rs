//! The number of trainable scalars, as a score.

use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "parameters",
    "Trainable scalars: a baseline that costs nothing.",
    score,
);

fn score(subject: &mut Subject<'_>) -> f64 {
    subject.network().parameters() as f64
}

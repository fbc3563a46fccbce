//! The number of multiply-accumulate operations, as a score.

use super::{Entry, Subject};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "macs",
    "Multiply-accumulate operations for one sample: a baseline that costs nothing.",
    score,
);

fn score(subject: &mut Subject<'_>) -> f64 {
    subject.network().macs() as f64
}

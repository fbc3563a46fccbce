//! Latency: how long a network takes to answer.

use super::{Direction, Entry, Facts, Source, Unit};

/// Milliseconds of inference at batch 1.
pub const ENTRY: Entry = Entry::new(
    "latency",
    "Milliseconds of one inference at batch 1, measured on this machine.",
    Facts {
        field: "latency_ms",
        title: "latency",
        unit: Unit::Milliseconds,
        direction: Direction::Minimize,
        source: Source::Measured,
    },
);

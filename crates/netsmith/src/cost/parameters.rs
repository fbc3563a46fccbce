//! Parameters: trainable scalars.

use super::{Direction, Entry, Facts, Source, Unit};

/// Trainable scalars.
pub const ENTRY: Entry = Entry::new(
    "parameters",
    "Trainable scalars; tied weights count once.",
    Facts {
        field: "parameters",
        title: "parameters",
        unit: Unit::Parameters,
        direction: Direction::Minimize,
        source: Source::Graph {
            count: |network| network.parameters(),
            bounds: |bounds| bounds.parameters,
        },
    },
);

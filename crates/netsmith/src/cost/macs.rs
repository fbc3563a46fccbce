//! MACs: multiply-accumulate operations of one sample.

use super::{Direction, Entry, Facts, Source, Unit};

/// Multiply-accumulate operations of one sample.
pub const ENTRY: Entry = Entry::new(
    "macs",
    "Multiply-accumulate operations of convolutions and linear layers for one sample.",
    Facts {
        field: "macs",
        title: "MACs",
        unit: Unit::Macs,
        direction: Direction::Minimize,
        source: Source::Graph {
            count: |network| network.macs(),
            bounds: |bounds| bounds.macs,
        },
    },
);

//! Memory: the peak of inference, by plan.

use super::{Direction, Entry, Facts, Source, Unit};
use crate::network::MemoryPlan;

/// Bytes of a 32-bit float.
const SCALAR: u64 = 4;

/// Peak bytes of inference at batch 1.
pub const ENTRY: Entry = Entry::new(
    "memory",
    "Peak bytes of inference at batch 1, with the weights, by plan.",
    Facts {
        field: "peak_memory_bytes",
        title: "peak memory",
        unit: Unit::Bytes,
        direction: Direction::Minimize,
        source: Source::Graph {
            count: |network| MemoryPlan::of(network, 1).inference(),
            bounds: |bounds| bounds.weights.plus(bounds.activations).times(SCALAR),
        },
    },
);

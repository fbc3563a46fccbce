//! Size: how much the exported weights take.
//!
//! It is the payload of `model.safetensors`: each scalar of each weight as a 32-bit
//! float, running statistics of normalisations included, tied weights once. The header
//! of the file, which names the tensors, is not counted. While a search goes on the
//! network is counted as its architecture is written; the report counts the network
//! that is exported.

use super::{Direction, Entry, Facts, Source, Unit};

/// Bytes of a 32-bit float.
const SCALAR: u64 = 4;

/// Bytes of the exported weights.
pub const ENTRY: Entry = Entry::new(
    "size",
    "Bytes of the exported weights: 4 for each scalar, running statistics included.",
    Facts {
        field: "size_bytes",
        title: "size",
        unit: Unit::Bytes,
        direction: Direction::Minimize,
        source: Source::Graph {
            count: |network| {
                let weights = network.weights().iter();
                let scalars = weights.map(|weight| weight.shape.elements() as u64);
                scalars.fold(0, u64::saturating_add).saturating_mul(SCALAR)
            },
            bounds: |bounds| bounds.weights.times(SCALAR),
        },
    },
);

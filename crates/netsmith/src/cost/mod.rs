//! What a network costs without training it.
//!
//! Each file is one cost: its names, its unit, which way is better, and where its
//! value comes from. Limits, penalties, costs to minimise, the efficiency term of
//! gradient search, reports, JSON and help read [`CATALOGUE`], so that a new cost is a
//! file here and its lines in this one.

mod amount;
mod bounds;
mod entry;
pub mod latency;
pub mod macs;
pub mod memory;
pub mod parameters;
mod quantity;
pub mod size;

pub use amount::AmountError;
pub use bounds::{Bounds, Range};
pub use entry::{Cost, Entry, Facts, Source};
pub use quantity::{Direction, Quantity, Unit};

/// Trainable scalars.
pub const PARAMETERS: Cost = Cost::of(&parameters::ENTRY);
/// Multiply-accumulate operations of one sample.
pub const MACS: Cost = Cost::of(&macs::ENTRY);
/// Peak memory of inference at batch 1, in bytes.
pub const MEMORY: Cost = Cost::of(&memory::ENTRY);
/// Latency of inference at batch 1, in milliseconds.
pub const LATENCY: Cost = Cost::of(&latency::ENTRY);

/// All costs.
pub const CATALOGUE: &[Entry] = &[
    parameters::ENTRY,
    macs::ENTRY,
    memory::ENTRY,
    latency::ENTRY,
    size::ENTRY,
];

/// The number of costs.
pub const COUNT: usize = CATALOGUE.len();

/// The names of all costs, in the order of [`CATALOGUE`].
pub const NAMES: [&str; COUNT] = {
    let mut names = [""; COUNT];
    let mut place = 0;
    while place < COUNT {
        names[place] = CATALOGUE[place].name;
        place += 1;
    }
    names
};

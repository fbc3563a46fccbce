//! Bounds of the costs of all architectures that some decisions still allow.

mod explorer;
mod memory;
mod merge;
mod operation;
mod part;
mod shapes;

pub(super) use explorer::{Explored, Explorer};
pub(super) use memory::Remembered;

/// Least and greatest value of a cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// No architecture costs less.
    pub low: u64,
    /// No architecture costs more.
    pub high: u64,
}

/// Bounds over a set of architectures.
///
/// They hold for each; they are reached where decisions act independently,
/// as in all spaces of the catalogue but for shapes that depend on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Trainable scalars.
    pub parameters: Range,
    /// Multiply-accumulate operations for one sample.
    pub macs: Range,
    /// Peak bytes of inference at batch 1, with the weights.
    pub memory: Range,
}

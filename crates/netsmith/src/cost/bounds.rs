//! Ranges of what the networks of a set hold and compute.

/// Least and greatest value over a set of networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// No network has less.
    pub low: u64,
    /// No network has more.
    pub high: u64,
}

impl Range {
    /// The sum with another range.
    pub fn plus(self, other: Self) -> Self {
        Self {
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }

    /// So many times the range.
    pub fn times(self, factor: u64) -> Self {
        Self {
            low: self.low.saturating_mul(factor),
            high: self.high.saturating_mul(factor),
        }
    }
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
    /// Scalars of all weights, running statistics included.
    pub weights: Range,
    /// Scalars of the activations that inference at batch 1 holds at its peak.
    pub activations: Range,
}

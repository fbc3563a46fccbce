//! Sizes that may depend on decisions.

use super::{DecisionId, Port};

/// A size in a graph with choices: a number, a decision's value, or computed
/// from them and from the channels of the node's first input.
#[derive(Clone, Debug, PartialEq)]
pub enum Size {
    /// A number.
    Fixed(usize),
    /// The value of a [`DecisionKind::Value`](super::DecisionKind::Value).
    Decided(DecisionId),
    /// One number for each option of any decision.
    Table(DecisionId, Vec<usize>),
    /// Channels of the node's first input.
    Channels,
    /// Channels of another node of the same graph.
    ChannelsOf(Port),
    /// The product of two sizes.
    Times(Box<Self>, Box<Self>),
    /// A size divided by a number, rounded down, at least 1.
    Over(Box<Self>, usize),
}

/// No product is larger: it keeps absurd sizes of files countable.
pub(super) const MOST: usize = 1 << 20;

impl Size {
    /// The product of two sizes.
    #[must_use]
    pub fn times(self, other: impl Into<Self>) -> Self {
        Self::Times(Box::new(self), Box::new(other.into()))
    }

    /// The size divided by a number, rounded down, at least 1.
    #[must_use]
    pub fn over(self, divisor: usize) -> Self {
        Self::Over(Box::new(self), divisor)
    }

    /// Its value, where `leaf` gives those of the leaves other than numbers.
    pub(crate) fn value(&self, leaf: &mut impl FnMut(&Self) -> usize) -> usize {
        match self {
            Self::Fixed(size) => *size,
            Self::Times(a, b) => a.value(leaf).saturating_mul(b.value(leaf)).min(MOST),
            Self::Over(size, divisor) => (size.value(leaf) / divisor).max(1),
            leaf_size => leaf(leaf_size),
        }
    }

    /// Calls `f` with each leaf other than numbers.
    pub(crate) fn leaves<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        match self {
            Self::Fixed(_) => {}
            Self::Times(a, b) => {
                a.leaves(f);
                b.leaves(f);
            }
            Self::Over(size, _) => size.leaves(f),
            leaf => f(leaf),
        }
    }

    /// The nodes whose channels it reads.
    pub(crate) fn ports(&self) -> Vec<Port> {
        let mut found = Vec::new();
        self.leaves(&mut |leaf| {
            if let Self::ChannelsOf(port) = leaf {
                found.push(*port);
            }
        });
        found
    }

    /// The decisions that it reads.
    pub(crate) fn decisions(&self) -> Vec<DecisionId> {
        let mut found = Vec::new();
        self.leaves(&mut |leaf| {
            if let Self::Decided(decision) | Self::Table(decision, _) = leaf {
                found.push(*decision);
            }
        });
        found
    }
}

impl From<usize> for Size {
    fn from(size: usize) -> Self {
        Self::Fixed(size)
    }
}

/// The value of a decision on a size.
impl From<DecisionId> for Size {
    fn from(decision: DecisionId) -> Self {
        Self::Decided(decision)
    }
}

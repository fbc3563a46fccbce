//! The tensors that an operation owns.

use super::product;

/// A tensor that an operation owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightShape {
    /// `weight`, `bias`, `mean` or `variance`.
    pub name: &'static str,
    /// All axes.
    pub dims: Vec<usize>,
    /// How it starts, and whether it trains.
    pub role: Role,
}

/// The part a tensor plays in its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights of a convolution or linear layer, with their fan-in.
    Kernel {
        /// Inputs that one output sums over.
        fan_in: usize,
    },
    /// Additive term, starts at zero.
    Bias,
    /// Multiplicative term, starts at one.
    Scale,
    /// Running mean: not trained, starts at zero.
    RunningMean,
    /// Running variance: not trained, starts at one.
    RunningVariance,
}

impl Role {
    /// Whether gradients change it: only such tensors count as parameters.
    pub fn trains(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

impl WeightShape {
    /// A weight of this shape and, where asked for, a bias of its first axis.
    pub(super) fn kernel(dims: Vec<usize>, fan_in: usize, bias: bool) -> Vec<Self> {
        let out = dims[0];
        let mut weights = vec![Self {
            name: "weight",
            dims,
            role: Role::Kernel { fan_in },
        }];
        if bias {
            weights.push(Self::of("bias", out, Role::Bias));
        }
        weights
    }

    /// One number for each channel.
    pub(super) fn of(name: &'static str, channels: usize, role: Role) -> Self {
        Self {
            name,
            dims: vec![channels],
            role,
        }
    }

    /// Number of scalars, at most 2^50.
    pub fn elements(&self) -> usize {
        product(self.dims.iter().copied())
    }
}

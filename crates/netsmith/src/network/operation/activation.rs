//! Element-wise non-linearities.

use super::{Misfit, Primitive, Saved, Shape, one};

/// An element-wise non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x · relu6(x + 3) / 6`.
    HardSwish,
    /// `relu6(x + 3) / 6`.
    HardSigmoid,
    /// `x · sigmoid(x)`.
    Silu,
    /// `x · Φ(x)` with the normal distribution function Φ (exact, not the tanh form).
    Gelu,
    /// `1 / (1 + exp(−x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `1 − x`: what a gate `x` leaves to the other input.
    Complement,
}

impl Activation {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Relu,
        Self::Relu6,
        Self::HardSwish,
        Self::HardSigmoid,
        Self::Silu,
        Self::Gelu,
        Self::Sigmoid,
        Self::Tanh,
        Self::Complement,
    ];

    /// Its name in texts and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::HardSwish => "hard-swish",
            Self::HardSigmoid => "hard-sigmoid",
            Self::Silu => "silu",
            Self::Gelu => "gelu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Complement => "complement",
        }
    }

    /// The activation with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name() == name)
    }
}

impl Primitive for Activation {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }

    fn saved(&self) -> Saved {
        match self {
            Self::Relu | Self::Relu6 | Self::Sigmoid | Self::Tanh | Self::Complement => {
                Saved::Output
            }
            Self::HardSwish | Self::HardSigmoid | Self::Silu | Self::Gelu => Saved::Inputs,
        }
    }
}

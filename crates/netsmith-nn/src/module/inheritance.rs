//! What an operation tells a child network that starts from its parent's weights.

use netsmith::network::operation::{Activation, Convolution};

/// What a network morphism may do with a node of an operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inheritance {
    /// How the channels of its value follow from those of its inputs.
    pub(crate) channels: Channels,
    /// How a new node of it can hand its input on.
    pub(crate) identity: Identity,
    /// How a new node of it can give zeros.
    pub(crate) zeros: Zeros,
    /// The values that it gives.
    pub(crate) range: Range,
    /// Whether it only makes factors of a value, or applies them to it.
    pub(crate) scales: bool,
}

/// How the channels of a value follow from those of the inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Channels {
    /// The value is the input, outside training.
    Passed,
    /// Each one by a kernel from all that enter: that of a convolution, or that of
    /// a linear layer.
    Mixed(Option<Convolution>),
    /// Each one by itself, with trained numbers of its own.
    Normed {
        /// Whether its mean and variance run over the channels.
        together: bool,
    },
    /// Each one by itself.
    Each,
    /// Those of all inputs behind each other.
    Joined,
    /// Each one becomes as many as it has positions.
    Unfolded,
    /// In a way that only the same operation on the same channels repeats.
    Fixed,
}

/// How a new node can hand its input on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Not at all.
    Never,
    /// With the identity as its kernel.
    Kernel,
    /// As a norm of values that need none.
    Norm,
    /// Where the values do not change under this activation.
    Under(Activation),
    /// Where all inputs but one are zeros.
    Sum,
}

/// How a new node can give zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// Not for certain.
    Never,
    /// By weights that are zeros.
    OfWeights,
    /// Where its first input is zeros.
    OfInput,
}

/// The values that a node gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// Any.
    Any,
    /// Those of an activation.
    Of(Activation),
    /// Within those of its inputs.
    OfInputs,
    /// None below zero where its inputs have none.
    PositiveOfInputs,
}

impl Inheritance {
    /// With channels that follow in this way; nothing else is allowed.
    pub(super) fn new(channels: Channels) -> Self {
        Self {
            channels,
            identity: Identity::Never,
            zeros: Zeros::Never,
            range: Range::Any,
            scales: false,
        }
    }

    /// Of a layer with a kernel: that of a convolution, or of a linear layer.
    pub(super) fn of_kernel(convolution: Option<Convolution>) -> Self {
        Self {
            identity: Identity::Kernel,
            zeros: Zeros::OfWeights,
            ..Self::new(Channels::Mixed(convolution))
        }
    }

    /// Of an operation whose value is its input, outside training.
    pub(super) fn passed() -> Self {
        Self::new(Channels::Passed).with_zeros(Zeros::OfInput)
    }

    pub(super) fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    pub(super) fn with_zeros(self, zeros: Zeros) -> Self {
        Self { zeros, ..self }
    }

    pub(super) fn with_range(self, range: Range) -> Self {
        Self { range, ..self }
    }

    pub(super) fn scaling(self) -> Self {
        Self {
            scales: true,
            ..self
        }
    }
}

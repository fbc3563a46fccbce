//! The axes that a chain's windows slide over: two of an image, one of a sequence.

use super::super::Size;
use crate::catalogue::Settings;
use crate::network::Shape;
use crate::network::operation::{Convolution, Pool};

/// An input with one row is a sequence. Windows of two dimensions would spend two
/// thirds of a 3x3 kernel, and four fifths of a 5x5, on padding above and below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axes {
    /// Height and width: kernels `[k, k]`, strides `[s, s]`.
    Image,
    /// The length alone: kernels `[1, k]`, strides `[1, s]`.
    Sequence,
}

impl Axes {
    pub(super) fn of(input: Shape) -> Self {
        match input {
            Shape::Image { height: 1, .. } => Self::Sequence,
            Shape::Image { .. } | Shape::Vector { .. } => Self::Image,
        }
    }

    /// A convolution without bias and with `Same` padding.
    pub(super) fn convolution(
        self,
        out: impl Into<Size>,
        kernel: impl Into<Size>,
        stride: impl Into<Size>,
    ) -> Convolution<Size> {
        match self {
            Self::Image => Convolution::square(out, kernel, stride),
            Self::Sequence => Convolution::row(out, kernel, stride),
        }
    }

    /// The kernels that a stage may have.
    pub(super) fn kernels(self, settings: &Settings) -> Vec<usize> {
        match self {
            Self::Image => settings.integers("kernels"),
            Self::Sequence => settings.integers("sequence-kernels"),
        }
    }

    /// The kernels that the stem may have. A sequence takes the shortest kernel of ROCKET (Dempster
    /// et al. 2020): the stem sees the raw steps, and its 7 weights are fewer than
    /// the 9 of an image's stem.
    pub(super) fn stem_kernels(self, settings: &Settings) -> Vec<usize> {
        match self {
            Self::Image => settings.integers("stem-kernels"),
            Self::Sequence => vec![7],
        }
    }

    /// Pooling that halves the input.
    pub(super) fn pool(self) -> Pool<Size> {
        match self {
            Self::Image => Pool::square(2, 2),
            Self::Sequence => Pool::row(2, 2),
        }
    }

    /// The most stages that the size of the input asks for. The published networks for
    /// sequences have three, however long these are (Wang et al. 2017).
    pub(super) fn most_stages(self) -> usize {
        match self {
            Self::Image => 4,
            Self::Sequence => 3,
        }
    }
}

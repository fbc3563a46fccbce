//! The shape of one sample's activation.

use std::fmt;

/// The shape of an activation, without the batch axis.
///
/// A sequence is an image of height 1: `[channels, 1, length]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// `[channels, height, width]`.
    Image {
        /// Number of channels.
        channels: usize,
        /// Height in pixels.
        height: usize,
        /// Width in pixels, or the length of a sequence.
        width: usize,
    },
    /// `[features]`.
    Vector {
        /// Number of features.
        features: usize,
    },
}

impl Shape {
    /// `[channels, height, width]`.
    pub fn image(channels: usize, height: usize, width: usize) -> Self {
        Self::Image {
            channels,
            height,
            width,
        }
    }

    /// `[channels, 1, length]`.
    pub fn sequence(channels: usize, length: usize) -> Self {
        Self::image(channels, 1, length)
    }

    /// `[features]`.
    pub fn vector(features: usize) -> Self {
        Self::Vector { features }
    }

    /// Channels of an image or features of a vector: the axis that weights mix.
    pub fn channels(self) -> usize {
        match self {
            Self::Image { channels, .. } => channels,
            Self::Vector { features } => features,
        }
    }

    /// Height and width; a vector has one position.
    pub fn positions(self) -> [usize; 2] {
        match self {
            Self::Image { height, width, .. } => [height, width],
            Self::Vector { .. } => [1, 1],
        }
    }

    /// The same shape with another number of channels.
    pub fn with_channels(self, channels: usize) -> Self {
        match self {
            Self::Image { height, width, .. } => Self::image(channels, height, width),
            Self::Vector { .. } => Self::vector(channels),
        }
    }

    /// Number of scalars, at most 2^50: what has more is counted no further.
    pub fn elements(self) -> usize {
        let [height, width] = self.positions();
        product([self.channels(), height, width])
    }

    /// The axes after the batch axis.
    pub fn dims(self) -> Vec<usize> {
        match self {
            Self::Image {
                channels,
                height,
                width,
            } => vec![channels, height, width],
            Self::Vector { features } => vec![features],
        }
    }
}

/// The product of some sizes, at most 2^50, so that a sum of many is a number.
pub(super) fn product(sizes: impl IntoIterator<Item = usize>) -> usize {
    let product = sizes.into_iter().fold(1, usize::saturating_mul);
    product.min(1 << 50)
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image {
                channels,
                height,
                width,
            } => write!(f, "{channels}x{height}x{width}"),
            Self::Vector { features } => write!(f, "{features}"),
        }
    }
}

/// Parses `CxHxW`, or a single number of features.
impl std::str::FromStr for Shape {
    type Err = ParseShapeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseShapeError {
            text: text.to_owned(),
        };
        let dims: Vec<usize> = text
            .split('x')
            .map(|part| part.trim().parse().ok().filter(|&n| n > 0))
            .collect::<Option<_>>()
            .ok_or_else(error)?;
        match dims[..] {
            [features] => Ok(Self::vector(features)),
            [channels, height, width] => Ok(Self::image(channels, height, width)),
            _ => Err(error()),
        }
    }
}

/// A text that is no shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a shape: it is CHANNELSxHEIGHTxWIDTH or FEATURES")]
pub struct ParseShapeError {
    /// The text.
    pub text: String,
}

impl ParseShapeError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "give a shape such as 3x32x32 for images, or 13 for the columns of a table"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for shape in [Shape::image(3, 32, 16), Shape::vector(13)] {
            assert_eq!(shape.to_string().parse(), Ok(shape));
        }
        assert!("3x32".parse::<Shape>().is_err());
        assert!("0".parse::<Shape>().is_err());
    }
}

//! Bringing a tensor to a size: padding, truncating and resizing.

use super::{Misfit, Primitive, Saved, Shape, one, one_image};

/// Zeros appended behind channels, rows and columns up to a given size.
///
/// # Shapes
/// `[c, h, w]` to `[channels, height, width]`, none of which may be smaller; a
/// vector `[f]` to `[channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad<S = usize> {
    /// Channels, or features of a vector.
    pub channels: S,
    /// Height; ignored for a vector.
    pub height: S,
    /// Width; ignored for a vector.
    pub width: S,
}

impl<S> Pad<S> {
    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Pad<T>, E> {
        Ok(Pad {
            channels: f(&self.channels)?,
            height: f(&self.height)?,
            width: f(&self.width)?,
        })
    }
}

impl Primitive for Pad {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let input = one(inputs)?;
        let output = match input {
            Shape::Image { .. } => Shape::image(self.channels, self.height, self.width),
            Shape::Vector { .. } => Shape::vector(self.channels),
        };
        let ([h, w], [height, width]) = (input.positions(), output.positions());
        if input.channels() > output.channels() || h > height || w > width {
            return Err(
                Misfit::new(format!("cannot pad {input} to the smaller {output}"))
                    .hint("padding only grows: bring the larger tensor down in another way"),
            );
        }
        Ok(output)
    }
}

/// Channels of a tensor that follow each other: the first ones, or others.
///
/// # Shapes
/// `[c, h, w]` to `[channels, h, w]`, where `from + channels` is at most `c`; a
/// vector likewise.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate<S = usize> {
    /// Channels that are left.
    pub channels: S,
    /// The first of them, from 0.
    pub from: usize,
}

impl<S> Truncate<S> {
    /// The first channels.
    pub fn first(channels: impl Into<S>) -> Self {
        Self {
            channels: channels.into(),
            from: 0,
        }
    }

    pub(super) fn map<T, E>(
        &self,
        f: &mut impl FnMut(&S) -> Result<T, E>,
    ) -> Result<Truncate<T>, E> {
        Ok(Truncate {
            channels: f(&self.channels)?,
            from: self.from,
        })
    }
}

impl Primitive for Truncate {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let input = one(inputs)?;
        let most = input.channels().saturating_sub(self.from);
        match (1..=most).contains(&self.channels) {
            true => Ok(input.with_channels(self.channels)),
            false if self.from == 0 => Err(Misfit::new(format!(
                "{input} has no first {} channels",
                self.channels
            ))),
            false => Err(Misfit::new(format!(
                "{input} has no {} channels from {} on",
                self.channels, self.from
            ))),
        }
    }
}

/// Nearest neighbour up-sampling or maximum down-sampling to a given height
/// and width. Sizes are multiples of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Resize<S = usize> {
    /// Height of the output.
    pub height: S,
    /// Width of the output.
    pub width: S,
}

impl<S> Resize<S> {
    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Resize<T>, E> {
        Ok(Resize {
            height: f(&self.height)?,
            width: f(&self.width)?,
        })
    }
}

impl Primitive for Resize {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, height, width] = one_image(inputs)?;
        for (from, to) in [(height, self.height), (width, self.width)] {
            if to == 0 || !(from.is_multiple_of(to) || to.is_multiple_of(from)) {
                return Err(Misfit::new(format!(
                    "cannot resize {from} positions to {to}: neither is a multiple of the other"
                )));
            }
        }
        Ok(Shape::image(channels, self.height, self.width))
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

//! Operations that only move values.

use super::{Misfit, Primitive, Shape, one_image};

/// Channels seen as `[groups, channels / groups]` and transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelShuffle {
    /// Number of groups; divides the number of channels.
    pub groups: usize,
}

impl Primitive for ChannelShuffle {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, ..] = one_image(inputs)?;
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            return Err(Misfit::new(format!(
                "{channels} channels are not a multiple of {} groups",
                self.groups
            )));
        }
        Ok(inputs[0])
    }
}

/// One position of a sequence: `[channels, 1, length]` to `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which position, from 0.
    pub position: usize,
}

impl Primitive for Slice {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match one_image(inputs)? {
            [channels, 1, length] if self.position < length => Ok(Shape::vector(channels)),
            [_, height, length] => Err(Misfit::new(format!(
                "no position {} in a sequence of {height}x{length}",
                self.position
            ))),
        }
    }
}

/// Vectors as the positions of a sequence: `n` times `[channels]` to `[channels, 1, n]`.
#[derive(Debug)]
pub(super) struct Stack;

impl Primitive for Stack {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match inputs {
            [Shape::Vector { features }, rest @ ..] if rest.iter().all(|s| *s == inputs[0]) => {
                Ok(Shape::sequence(*features, inputs.len()))
            }
            _ => Err(Misfit::new("takes vectors of one size")),
        }
    }
}

/// The image moved by one pixel up and left, zeros behind it: what the second
/// path of a factorised reduction sees.
#[derive(Debug)]
pub(super) struct Shift;

impl Primitive for Shift {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|_| inputs[0])
    }
}

/// `[channels, height, width]` to `[channels · height · width]`.
#[derive(Debug)]
pub(super) struct Flatten;

impl Primitive for Flatten {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|_| Shape::vector(inputs[0].elements()))
    }
}

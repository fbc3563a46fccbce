//! Concatenation along the channels.

use super::{Misfit, Primitive, Shape};

/// All inputs behind each other along the channels; height and width agree.
#[derive(Debug)]
pub(super) struct Concat;

impl Primitive for Concat {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let Some(first) = inputs.first() else {
            return Err(Misfit::new("takes at least 1 input"));
        };
        let channels = inputs.iter().map(|shape| shape.channels());
        let channels = channels.fold(0, usize::saturating_add);
        let output = first.with_channels(channels);
        match inputs.iter().find(|s| s.with_channels(channels) != output) {
            None => Ok(output),
            Some(other) => Err(Misfit::new(format!(
                "{first} and {other} differ in more than channels"
            ))
            .hint("align the images to one height and width first")),
        }
    }
}

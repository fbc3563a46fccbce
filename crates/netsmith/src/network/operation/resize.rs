//! Resizing.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one_image,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "resize",
    "Nearest neighbour up, maximum down, to a given height and width.",
    Form::new(
        &[
            attribute("height", "", "Height of the output."),
            attribute("width", "", "Width of the output."),
        ],
        |attributes| {
            Ok(Operation::Resize(Resize {
                height: attributes.required("height")?,
                width: attributes.required("width")?,
            }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |height, width| Operation::Resize(Resize { height, width });
    let examples = [[3, 3], [12, 2]].map(|[h, w]| Example::new(of(h, w), &[Shape::image(4, 6, 6)]));
    examples.to_vec()
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
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

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

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::Each(Zeros::WhereAll)
    }

    fn block(&self) -> BlockKind {
        BlockKind::Move
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("height", self.height.to_string()),
            ("width", self.width.to_string()),
        ]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}x{}", self.height, self.width)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        vec![SizeRole::Positions; 2]
    }
}

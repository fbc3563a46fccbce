//! One position of a sequence.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, attribute, one_image,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "slice",
    "One position of a sequence as a vector.",
    Form::new(
        &[attribute("position", "0", "Which position, from 0.")],
        |attributes| {
            let position = attributes.integer("position", 0, 0)?;
            Ok(Operation::Slice(Slice { position }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |position| Operation::Slice(Slice { position });
    let examples = [0, 3].map(|position| Example::new(of(position), &[Shape::sequence(5, 4)]));
    examples.to_vec()
}

/// One position of a sequence: `[channels, 1, length]` to `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Which position, from 0.
    pub position: usize,
}

impl Primitive for Slice {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match one_image(inputs)? {
            [channels, 1, length] if self.position < length => Ok(Shape::vector(channels)),
            [_, height, length] => Err(Misfit::new(format!(
                "no position {} in a sequence of {height}x{length}",
                self.position
            ))),
        }
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
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
        vec![("position", self.position.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.position)
    }
}

//! Vectors as a sequence.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Meeting, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "stack",
    "Vectors as the positions of a sequence.",
    Form::plain(|_| Ok(Operation::Stack), examples),
);

fn examples() -> Vec<Example> {
    vec![Example::new(Operation::Stack, &[Shape::vector(5); 3])]
}

/// Vectors as the positions of a sequence: `n` times `[channels]` to `[channels, 1, n]`.
#[derive(Debug)]
pub(super) struct Stack;

impl Primitive for Stack {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Many(Meeting::Stack)
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match inputs {
            [Shape::Vector { features }, rest @ ..] if rest.iter().all(|s| *s == inputs[0]) => {
                Ok(Shape::sequence(*features, inputs.len()))
            }
            _ => Err(Misfit::new("takes vectors of one size")),
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
        BlockKind::Join
    }
}

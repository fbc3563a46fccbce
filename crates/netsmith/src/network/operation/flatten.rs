//! An image as a vector.

use super::{
    Arity, BlockKind, Buffer, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros, one_image,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "flatten",
    "An image as a vector.",
    Form::plain(|_| Ok(Operation::Flatten), examples),
);

fn examples() -> Vec<Example> {
    vec![Example::new(Operation::Flatten, &[Shape::image(4, 6, 6)])]
}

/// `[channels, height, width]` to `[channels · height · width]`.
#[derive(Debug)]
pub(super) struct Flatten;

impl Primitive for Flatten {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|_| Shape::vector(inputs[0].elements()))
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
        Masking::Unfolds
    }

    fn block(&self) -> BlockKind {
        BlockKind::Light
    }

    fn buffer(&self) -> Buffer {
        Buffer::Input
    }
}

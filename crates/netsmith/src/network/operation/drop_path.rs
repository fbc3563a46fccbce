//! Drop-path.

use super::{
    Arity, BlockKind, Buffer, Entry, Example, Factors, Form, Masking, Misfit, Operation, Primitive,
    Saved, Shape, WeightShape, Zeros, one,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "drop-path",
    "Whole samples of a branch dropped in training.",
    Form::plain(|_| Ok(Operation::DropPath), examples),
);

fn examples() -> Vec<Example> {
    let shapes = [Shape::image(4, 6, 6), Shape::vector(5)];
    let examples = shapes.map(|shape| Example::new(Operation::DropPath, &[shape]));
    examples.to_vec()
}

/// A branch that is zeroed for whole samples in training and scaled for the
/// others; the identity otherwise. The training schedule sets the rate.
#[derive(Debug)]
pub(super) struct DropPath;

impl Primitive for DropPath {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
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
        BlockKind::Light
    }

    fn buffer(&self) -> Buffer {
        Buffer::Noise(Factors::EachSample)
    }
}

//! The identity.

use super::{
    Arity, BlockKind, Buffer, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros, one,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "identity",
    "The input itself.",
    Form::plain(|_| Ok(Operation::Identity), examples),
);

fn examples() -> Vec<Example> {
    let shapes = [Shape::image(4, 6, 6), Shape::vector(5)];
    let examples = shapes.map(|shape| Example::new(Operation::Identity, &[shape]));
    examples.to_vec()
}

/// The input itself.
#[derive(Debug)]
pub(super) struct Identity;

impl Primitive for Identity {
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

    fn is_identity(&self) -> bool {
        true
    }

    fn buffer(&self) -> Buffer {
        Buffer::Input
    }
}

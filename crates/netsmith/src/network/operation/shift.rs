//! The image moved by one pixel.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, one_image,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "shift",
    "The image moved by one pixel up and left, zeros behind it.",
    Form::plain(|_| Ok(Operation::Shift), examples),
);

fn examples() -> Vec<Example> {
    vec![Example::new(Operation::Shift, &[Shape::image(4, 6, 6)])]
}

/// The image moved by one pixel up and left, zeros behind it: what the second
/// path of a factorised reduction sees.
#[derive(Debug)]
pub(super) struct Shift;

impl Primitive for Shift {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|_| inputs[0])
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
}

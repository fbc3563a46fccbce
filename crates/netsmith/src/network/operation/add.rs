//! The sum.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Meeting, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "add",
    "Sum of all inputs.",
    Form::plain(|_| Ok(Operation::Add), examples),
);

fn examples() -> Vec<Example> {
    let image = [Shape::image(4, 6, 6); 2];
    let vector = [Shape::vector(5); 3];
    vec![
        Example::new(Operation::Add, &image),
        Example::new(Operation::Add, &vector),
    ]
}

/// Sum of inputs of one shape.
#[derive(Debug)]
pub(super) struct Add;

impl Primitive for Add {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Many(Meeting::Same)
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        same(inputs)
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

    fn is_sum(&self) -> bool {
        true
    }
}

/// The shape that all inputs have.
pub(super) fn same(inputs: &[Shape]) -> Result<Shape, Misfit> {
    let Some(first) = inputs.first() else {
        return Err(Misfit::new("takes at least 1 input"));
    };
    match inputs.iter().find(|shape| *shape != first) {
        None => Ok(*first),
        Some(other) => Err(Misfit::new(format!("{first} and {other} differ"))
            .hint("align the tensors to one shape first")),
    }
}

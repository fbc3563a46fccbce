//! Pooling over all positions.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, one_image,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "global-pool",
    "Mean over all positions: an image becomes a vector.",
    Form::plain(|_| Ok(Operation::GlobalPool), examples),
);

fn examples() -> Vec<Example> {
    vec![Example::new(
        Operation::GlobalPool,
        &[Shape::image(4, 6, 6)],
    )]
}

/// Mean over all positions: `[channels, height, width]` to `[channels]`.
#[derive(Debug)]
pub(super) struct GlobalPool;

impl Primitive for GlobalPool {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|[channels, ..]| Shape::vector(channels))
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
        BlockKind::Pool
    }
}

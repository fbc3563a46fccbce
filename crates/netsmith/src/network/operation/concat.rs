//! Concatenation along the channels.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Meeting, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "concat",
    "All inputs behind each other along the channels.",
    Form::plain(|_| Ok(Operation::Concat), examples),
);

fn examples() -> Vec<Example> {
    let images = [Shape::image(4, 6, 6), Shape::image(3, 6, 6)];
    let vectors = [Shape::vector(5), Shape::vector(2), Shape::vector(1)];
    vec![
        Example::new(Operation::Concat, &images),
        Example::new(Operation::Concat, &vectors),
    ]
}

/// All inputs behind each other along the channels; height and width agree.
#[derive(Debug)]
pub(super) struct Concat;

impl Primitive for Concat {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Many(Meeting::Concat)
    }

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
        Masking::Joins
    }

    fn block(&self) -> BlockKind {
        BlockKind::Join
    }
}

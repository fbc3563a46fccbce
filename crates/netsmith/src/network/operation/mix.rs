//! Mixes of a supernet.

use super::add::same;
use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Meeting, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "mix",
    "Weighted sum of all options of a decision, in a supernet.",
    Form::unwritten(examples),
);

fn examples() -> Vec<Example> {
    let inputs = [Shape::image(4, 6, 6); 2];
    let mixes = [0, 3].map(|decision| Example::new(Operation::Mix { decision }, &inputs));
    mixes.to_vec()
}

/// The mix of the decision of this number.
#[derive(Debug)]
pub(super) struct Mix(pub(super) usize);

impl Primitive for Mix {
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

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("decision", self.0.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.0)
    }
}

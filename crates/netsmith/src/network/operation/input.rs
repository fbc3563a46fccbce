//! The place where a sample enters.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry =
    Entry::new("input", "A sample enters here.", Form::unwritten(examples));

fn examples() -> Vec<Example> {
    let shapes = [Shape::image(3, 8, 8), Shape::vector(13)];
    let inputs = shapes.map(|shape| Example::new(Operation::input(shape), &[]));
    inputs.to_vec()
}

impl<S> Operation<S> {
    /// A sample of this shape enters here.
    pub(in crate::network) fn input(shape: Shape) -> Self {
        Self::Input(shape)
    }
}

/// A sample of this shape.
#[derive(Debug)]
pub(super) struct Input(pub(super) Shape);

impl Primitive for Input {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Source
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match inputs {
            [] => Ok(self.0),
            _ => Err(Misfit::new("an input takes no inputs")),
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
        Zeros::Never
    }

    fn masking(&self) -> Masking {
        Masking::Each(Zeros::Never)
    }

    fn block(&self) -> BlockKind {
        BlockKind::Port
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("shape", self.0.to_string())]
    }

    fn text(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, " {}", self.0)
    }
}

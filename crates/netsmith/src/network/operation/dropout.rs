//! Dropout.

use super::{
    Arity, BlockKind, Buffer, Entry, Example, Factors, Form, Masking, Misfit, Operation, Primitive,
    Saved, Shape, WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "dropout",
    "Single activations dropped in training.",
    Form::new(
        &[attribute(
            "rate",
            "0.1",
            "Probability of each activation, from 0 to under 1.",
        )],
        |attributes| {
            let rate = attributes.rate("rate", 0.1)?;
            Ok(Operation::Dropout(Dropout { rate }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |rate, shape| Example::new(Operation::Dropout(Dropout { rate }), &[shape]);
    vec![of(0.1, Shape::image(4, 6, 6)), of(0.25, Shape::vector(5))]
}

/// Each activation is zeroed with probability `rate` in training and the rest
/// scaled by `1 / (1 − rate)`; the identity otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability in `[0, 1)`.
    pub rate: f32,
}

impl Primitive for Dropout {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        if (0.0..1.0).contains(&self.rate) {
            one(inputs)
        } else {
            Err(Misfit::new(format!("rate {} is outside [0, 1)", self.rate)))
        }
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        // The backward pass reads the factors that were drawn, not the activations.
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

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("rate", self.rate.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.rate)
    }

    fn buffer(&self) -> Buffer {
        Buffer::Noise(Factors::EachValue)
    }
}

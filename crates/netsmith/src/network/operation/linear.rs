//! Fully connected layer.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one, product,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "linear",
    "Fully connected layer.",
    Form::new(
        &[
            attribute("out", "", "Features of the output."),
            attribute("bias", "true", "Whether a bias is added."),
        ],
        |attributes| {
            Ok(Operation::Linear(Linear {
                out: attributes.required("out")?,
                bias: attributes.switch("bias", true)?,
            }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |out, bias| {
        let linear = Linear { out, bias };
        Example::new(Operation::Linear(linear), &[Shape::vector(5)])
    };
    vec![of(7, true), of(3, false)]
}

/// `out = weight · in + bias`, with a weight of `[out, features]`.
///
/// # Shapes
/// `[features]` to `[out]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear<S = usize> {
    /// Features of the output.
    pub out: S,
    /// Whether a bias is added.
    pub bias: bool,
}

impl<S> Linear<S> {
    /// A layer with a bias.
    pub fn new(out: impl Into<S>) -> Self {
        Self {
            out: out.into(),
            bias: true,
        }
    }

    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Linear<T>, E> {
        Ok(Linear {
            out: f(&self.out)?,
            bias: self.bias,
        })
    }
}

impl Primitive for Linear {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match one(inputs)? {
            Shape::Vector { .. } if self.out > 0 => Ok(Shape::vector(self.out)),
            Shape::Vector { .. } => Err(Misfit::new("needs at least one output feature")),
            image @ Shape::Image { .. } => Err(Misfit::new(format!(
                "takes a vector, got the image {image}"
            ))
            .hint("pool or flatten the image first")),
        }
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let features = inputs[0].channels();
        WeightShape::kernel(vec![self.out, features], features, self.bias)
    }

    fn macs(&self, inputs: &[Shape], output: Shape) -> u64 {
        product([inputs[0].elements(), output.elements()]) as u64
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::Never
    }

    fn masking(&self) -> Masking {
        Masking::Mixes
    }

    fn block(&self) -> BlockKind {
        BlockKind::Linear
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("out", self.out.to_string()),
            ("bias", self.bias.to_string()),
        ]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bias = if self.bias { "" } else { " no bias" };
        write!(f, " -> {}{bias}", self.out)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        vec![SizeRole::Channels]
    }
}

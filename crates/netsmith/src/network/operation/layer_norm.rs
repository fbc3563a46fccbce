//! Layer normalisation.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Role, Saved,
    Shape, WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "layer-norm",
    "Layer normalisation over the channels.",
    Form::new(
        &[attribute(
            "affine",
            "true",
            "Whether scale and bias are trained.",
        )],
        |attributes| {
            let affine = attributes.switch("affine", true)?;
            Ok(Operation::LayerNorm(LayerNorm { affine }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |affine, shape| Example::new(Operation::LayerNorm(LayerNorm { affine }), &[shape]);
    vec![
        of(true, Shape::image(4, 6, 6)),
        of(false, Shape::image(4, 6, 6)),
        of(true, Shape::vector(5)),
    ]
}

/// `(x − mean) / √(variance + 1e-5) · weight + bias`, with mean and variance
/// over the channels of each position (of a vector: over its features).
///
/// # Shapes
/// Any shape to itself; both tensors are `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerNorm {
    /// Whether scale and bias are trained; they are absent otherwise.
    pub affine: bool,
}

impl LayerNorm {
    /// Added to the variance.
    pub const EPSILON: f64 = 1e-5;
}

impl Primitive for LayerNorm {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let of = |name, role| WeightShape::of(name, inputs[0].channels(), role);
        if self.affine {
            vec![of("weight", Role::Scale), of("bias", Role::Bias)]
        } else {
            Vec::new()
        }
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        // The bias could learn a constant from zeros, but what is pruned is
        // what is trained.
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::PerWidth
    }

    fn block(&self) -> BlockKind {
        BlockKind::Light
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("affine", self.affine.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.affine { "" } else { " fixed" })
    }
}

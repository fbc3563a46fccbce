//! Batch normalisation.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Role, Saved,
    Shape, WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "batch-norm",
    "Batch normalisation.",
    Form::new(
        &[attribute(
            "affine",
            "true",
            "Whether scale and bias are trained.",
        )],
        |attributes| {
            let affine = attributes.switch("affine", true)?;
            Ok(Operation::BatchNorm(BatchNorm { affine }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |affine, shape| Example::new(Operation::BatchNorm(BatchNorm { affine }), &[shape]);
    vec![
        of(true, Shape::image(4, 6, 6)),
        of(false, Shape::image(4, 6, 6)),
        of(true, Shape::vector(5)),
    ]
}

/// `(x − mean) / √(variance + 1e-5) · weight + bias` for each channel; batch
/// statistics in training, running ones otherwise (momentum 0.1).
///
/// # Shapes
/// Any shape to itself; all four tensors are `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchNorm {
    /// Whether scale and bias are trained; they are absent otherwise.
    pub affine: bool,
}

impl BatchNorm {
    /// Added to the variance.
    pub const EPSILON: f64 = 1e-5;
    /// Share of a new batch in the running statistics.
    pub const MOMENTUM: f64 = 0.1;
}

impl Primitive for BatchNorm {
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
        let mut weights = Vec::new();
        if self.affine {
            weights.push(of("weight", Role::Scale));
            weights.push(of("bias", Role::Bias));
        }
        weights.push(of("mean", Role::RunningMean));
        weights.push(of("variance", Role::RunningVariance));
        weights
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
        // A bias makes channels of zeros something else.
        Masking::Each(if self.affine {
            Zeros::Never
        } else {
            Zeros::WhereAll
        })
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

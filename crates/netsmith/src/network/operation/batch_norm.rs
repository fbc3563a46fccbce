//! Batch normalisation.

use super::{Misfit, Primitive, Role, Saved, Shape, WeightShape, one};

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
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let of = |name, role| WeightShape {
            name,
            dims: vec![inputs[0].channels()],
            role,
        };
        let mut weights = Vec::new();
        if self.affine {
            weights.push(of("weight", Role::Scale));
            weights.push(of("bias", Role::Bias));
        }
        weights.push(of("mean", Role::RunningMean));
        weights.push(of("variance", Role::RunningVariance));
        weights
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

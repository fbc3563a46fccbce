//! Layer normalisation.

use super::{Misfit, Primitive, Role, Saved, Shape, WeightShape, one};

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
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let of = |name, role| WeightShape {
            name,
            dims: vec![inputs[0].channels()],
            role,
        };
        if self.affine {
            vec![of("weight", Role::Scale), of("bias", Role::Bias)]
        } else {
            Vec::new()
        }
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

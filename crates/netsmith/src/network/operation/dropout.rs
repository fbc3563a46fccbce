//! Dropout.

use super::{Misfit, Primitive, Saved, Shape, one};

/// Each activation is zeroed with probability `rate` in training and the rest
/// scaled by `1 / (1 − rate)`; the identity otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Probability in `[0, 1)`.
    pub rate: f32,
}

impl Primitive for Dropout {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        if (0.0..1.0).contains(&self.rate) {
            one(inputs)
        } else {
            Err(Misfit::new(format!("rate {} is outside [0, 1)", self.rate)))
        }
    }

    // The backward pass reads the factors that were drawn, not the activations.
    fn saved(&self) -> Saved {
        Saved::Nothing
    }
}

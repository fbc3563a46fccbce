//! Fully connected layer.

use super::{Misfit, Primitive, Role, Saved, Shape, WeightShape, one, product};
use std::fmt;

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
        let mut weights = vec![WeightShape {
            name: "weight",
            dims: vec![self.out, features],
            role: Role::Kernel { fan_in: features },
        }];
        if self.bias {
            weights.push(WeightShape {
                name: "bias",
                dims: vec![self.out],
                role: Role::Bias,
            });
        }
        weights
    }

    fn macs(&self, inputs: &[Shape], output: Shape) -> u64 {
        product([inputs[0].elements(), output.elements()]) as u64
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

impl fmt::Display for Linear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "-> {}{}",
            self.out,
            if self.bias { "" } else { " no bias" }
        )
    }
}

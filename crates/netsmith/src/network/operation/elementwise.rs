//! Sums, products, the identity and zero.

use super::{Misfit, Primitive, Saved, Shape, one, one_image};

/// Zeros: no information passes.
///
/// # Shapes
/// `[channels, height, width]` to `[channels, ⌈height / stride⌉, ⌈width / stride⌉]`;
/// a vector to itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Zero<S = usize> {
    /// Steps along height and width.
    pub stride: [S; 2],
}

impl<S> Zero<S> {
    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Zero<T>, E> {
        Ok(Zero {
            stride: [f(&self.stride[0])?, f(&self.stride[1])?],
        })
    }
}

impl Primitive for Zero {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [y, x] = self.stride;
        if [y, x] == [1, 1] {
            return one(inputs);
        }
        if y == 0 || x == 0 {
            return Err(Misfit::new("stride must be positive"));
        }
        let [channels, height, width] = one_image(inputs)?;
        Ok(Shape::image(
            channels,
            height.div_ceil(y),
            width.div_ceil(x),
        ))
    }
}

/// The input itself.
#[derive(Debug)]
pub(super) struct Identity;

impl Primitive for Identity {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one(inputs)
    }
}

/// Sum of inputs of one shape.
#[derive(Debug)]
pub(super) struct Add;

impl Primitive for Add {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let Some(first) = inputs.first() else {
            return Err(Misfit::new("takes at least 1 input"));
        };
        match inputs.iter().find(|shape| *shape != first) {
            None => Ok(*first),
            Some(other) => Err(Misfit::new(format!("{first} and {other} differ"))
                .hint("align the tensors to one shape first")),
        }
    }
}

/// Product of inputs of one shape, or of an image and a vector of its channels.
#[derive(Debug)]
pub(super) struct Multiply;

impl Primitive for Multiply {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match inputs {
            [a, b] if a == b => Ok(*a),
            [
                image @ Shape::Image { channels, .. },
                Shape::Vector { features },
            ] if channels == features => Ok(*image),
            [a, b] => Err(Misfit::new(format!("{b} cannot scale {a}"))),
            _ => Err(Misfit::new(format!("takes 2 inputs, got {}", inputs.len()))),
        }
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

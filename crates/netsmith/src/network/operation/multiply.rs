//! The product.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Meeting, Misfit, Operation, Primitive, Saved,
    Shape, WeightShape, Zeros,
};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "multiply",
    "Product of all inputs; a vector scales the channels of an image.",
    Form::plain(|_| Ok(Operation::Multiply), examples),
);

fn examples() -> Vec<Example> {
    let image = Shape::image(4, 6, 6);
    vec![
        Example::new(Operation::Multiply, &[image, image]),
        Example::new(Operation::Multiply, &[image, Shape::vector(4)]),
    ]
}

/// Product of inputs of one shape, or of an image and a vector of its channels.
#[derive(Debug)]
pub(super) struct Multiply;

impl Primitive for Multiply {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Many(Meeting::Scale)
    }

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

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::WhereAny
    }

    fn masking(&self) -> Masking {
        Masking::Each(Zeros::WhereAny)
    }

    fn block(&self) -> BlockKind {
        BlockKind::Join
    }
}

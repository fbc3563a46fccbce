//! Zeros.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one, one_image,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "zero",
    "Zeros of the input's shape, strided.",
    Form::new(
        &[attribute(
            "stride",
            "1",
            "Steps along height and width: one size or a list of two.",
        )],
        |attributes| {
            let stride = attributes.pair("stride", 1)?;
            Ok(Operation::Zero(Zero { stride }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |stride, shape| Example::new(Operation::Zero(Zero { stride }), &[shape]);
    vec![
        of([1, 1], Shape::image(4, 6, 6)),
        of([2, 3], Shape::image(4, 7, 7)),
        of([1, 1], Shape::vector(5)),
    ]
}

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
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

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

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn zeros(&self) -> Zeros {
        Zeros::Always
    }

    fn masking(&self) -> Masking {
        Masking::Each(Zeros::Always)
    }

    fn block(&self) -> BlockKind {
        BlockKind::Move
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("stride", format!("{:?}", self.stride))]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stride {
            [1, 1] => Ok(()),
            [y, x] => write!(f, " /{y}x{x}"),
        }
    }

    fn sizes(&self) -> Vec<SizeRole> {
        vec![SizeRole::Positions; 2]
    }
}

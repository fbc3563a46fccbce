//! The geometry of pools, which both kinds share.

use super::{Attribute, Attributes, Example, Fault, Misfit, Operation, Padding, Shape, Size};
use super::{Window, attribute, one_image};

/// Maximum or mean over a window. Padding never enters: the maximum ignores
/// it, the mean divides by the number of pixels inside the image.
///
/// # Shapes
/// `[channels, height, width]` to `[channels, ⌈height / stride⌉, ⌈width / stride⌉]`
/// with `Same` padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Pool<S = usize> {
    /// Kernel, stride and padding; pools are not dilated.
    pub window: Window<S>,
}

impl<S: Clone> Pool<S> {
    /// A square pool with `Same` padding.
    pub fn square(kernel: impl Into<S>, stride: impl Into<S>) -> Self {
        Self {
            window: Window::square(kernel, stride),
        }
    }

    /// A pool over one row, for a sequence, with `Same` padding.
    pub fn row(kernel: impl Into<S>, stride: impl Into<S>) -> Self
    where
        S: From<usize>,
    {
        Self {
            window: Window::row(kernel, stride),
        }
    }

    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Pool<T>, E> {
        Ok(Pool {
            window: self.window.map(f)?,
        })
    }
}

impl Pool {
    pub(super) fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, height, width] = one_image(inputs)?;
        let [height, width] = self.window.output([height, width])?;
        Ok(Shape::image(channels, height, width))
    }
}

pub(super) const ATTRIBUTES: &[Attribute] = &[
    attribute(
        "kernel",
        "2",
        "Sides of the window: one size or a list of two.",
    ),
    attribute(
        "stride",
        "2",
        "Steps between two windows: one size or a list of two.",
    ),
    attribute(
        "padding",
        "same",
        "`same`, or `valid`: windows stay inside.",
    ),
];

pub(super) fn read(attributes: &mut Attributes<'_, '_>) -> Result<Pool<Size>, Fault> {
    let window = Window::read(attributes, 2, 2)?;
    Ok(Pool { window })
}

pub(super) fn examples(operation: fn(Pool) -> Operation) -> Vec<Example> {
    let of = |pool, shape| Example::new(operation(pool), &[shape]);
    let valid = Window {
        padding: Padding::Valid,
        kernel: [2, 3],
        ..Window::square(2_usize, 1_usize)
    };
    vec![
        of(Pool::square(2_usize, 2_usize), Shape::image(3, 7, 6)),
        of(Pool::square(3_usize, 1_usize), Shape::image(3, 7, 6)),
        of(Pool { window: valid }, Shape::image(3, 7, 6)),
    ]
}

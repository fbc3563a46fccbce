//! Pooling.

use super::{Misfit, Primitive, Saved, Shape, Window, one_image};

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

    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Pool<T>, E> {
        Ok(Pool {
            window: self.window.map(f)?,
        })
    }
}

impl Primitive for Pool {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, height, width] = one_image(inputs)?;
        let [height, width] = self.window.output([height, width])?;
        Ok(Shape::image(channels, height, width))
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }
}

/// Mean over all positions.
#[derive(Debug)]
pub(super) struct GlobalPool;

impl Primitive for GlobalPool {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        one_image(inputs).map(|[channels, ..]| Shape::vector(channels))
    }
}

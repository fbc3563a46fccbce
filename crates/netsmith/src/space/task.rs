//! What a space must serve: the inputs of a sample, and the head that ends every
//! network.

use super::head::{Head, Vector};
use crate::network::Shape;
use std::sync::Arc;

/// What a space must serve.
///
/// # Example
/// ```
/// use netsmith::network::Shape;
/// use netsmith::space::Task;
///
/// let task = Task::vector(Shape::image(3, 32, 32), 10);
/// assert_eq!(task.input(), Shape::image(3, 32, 32));
/// assert_eq!(task.head.values(), 10);
/// ```
#[derive(Clone, Debug)]
pub struct Task {
    /// What a network takes, in this order; at least one.
    pub inputs: Vec<Input>,
    /// What ends every network.
    pub head: Arc<dyn Head>,
}

/// One input of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its name in exported files.
    pub name: String,
    /// The shape of one sample.
    pub shape: Shape,
    /// What its values are.
    pub element: Element,
}

/// What the values of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Real numbers.
    Real,
    /// Whole numbers from 0 to `below - 1`, such as tokens. Networks take them as
    /// 32-bit floats, which hold whole numbers up to 2^24 exactly.
    Index {
        /// One more than the largest.
        below: usize,
    },
}

impl Input {
    /// An input of real numbers.
    pub fn real(name: &str, shape: Shape) -> Self {
        Self {
            name: name.to_owned(),
            shape,
            element: Element::Real,
        }
    }
}

impl Task {
    /// One input of real numbers, called `input`, and one vector as the answer:
    /// a number for each class, or one number.
    pub fn vector(input: Shape, outputs: usize) -> Self {
        Self {
            inputs: vec![Input::real("input", input)],
            head: Arc::new(Vector { outputs }),
        }
    }

    /// The shape of the first input.
    ///
    /// # Panics
    /// When there is none.
    pub fn input(&self) -> Shape {
        self.inputs[0].shape
    }

    /// The shapes of all inputs.
    pub fn shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|input| input.shape).collect()
    }
}

//! A node on its way into PyTorch, and pieces of Python.

use netsmith::network::{Node, Shape};

use crate::export::ExportError;

/// What a node's form is made of.
#[derive(Debug)]
pub(in crate::export) struct Site<'a> {
    pub(in crate::export) node: &'a Node,
    /// The expressions that it reads.
    pub(in crate::export) inputs: &'a [&'a str],
    /// Their shapes.
    pub(in crate::export) shapes: &'a [Shape],
}

/// A node in PyTorch.
#[derive(Debug)]
pub(in crate::export) enum Form {
    /// The value of the input itself.
    Same,
    /// An expression.
    Expression(String),
    /// A layer with weights.
    Layer {
        /// How it is made.
        make: String,
        /// What it is called with.
        argument: String,
        /// What is done to its value at once, such as `.permute(0, 3, 1, 2)`.
        after: String,
    },
}

impl<'a> Site<'a> {
    /// The first expression that it reads.
    pub(in crate::export) fn x(&self) -> &'a str {
        self.inputs.first().copied().unwrap_or_default()
    }

    /// Height and width of what it reads first.
    pub(in crate::export) fn size(&self) -> [usize; 2] {
        self.shapes[0].positions()
    }

    /// A layer that is called with the first expression.
    pub(in crate::export) fn layer(&self, make: String) -> Form {
        Form::Layer {
            make,
            argument: self.x().to_owned(),
            after: String::new(),
        }
    }

    /// The operation has no PyTorch form.
    pub(in crate::export) fn unsupported(&self, rule: &'static str) -> ExportError {
        ExportError::Unsupported {
            node: self.node.name.clone(),
            operation: self.node.operation.to_string(),
            rule,
        }
    }
}

/// Whether values of a shape have height and width.
pub(in crate::export) fn is_image(shape: Shape) -> bool {
    matches!(shape, Shape::Image { .. })
}

/// PyTorch lists the last axis first.
pub(in crate::export) fn padded(
    x: &str,
    [[top, bottom], [left, right]]: [[usize; 2]; 2],
    value: &str,
) -> String {
    if [top, bottom, left, right] == [0; 4] {
        return x.to_owned();
    }
    format!("F.pad({x}, ({left}, {right}, {top}, {bottom}){value})")
}

/// The padding of each axis, if it is the same before and behind.
pub(in crate::export) fn both_sides(
    [[top, bottom], [left, right]]: [[usize; 2]; 2],
) -> Option<[usize; 2]> {
    (top == bottom && left == right).then_some([top, left])
}

/// The padding as a further argument; nothing where there is none.
pub(in crate::export) fn padding_argument(padding: [usize; 2]) -> String {
    match padding {
        [0, 0] => String::new(),
        padding => format!(", {}", pair(padding)),
    }
}

/// One number for a square, else height and width.
pub(in crate::export) fn pair([y, x]: [usize; 2]) -> String {
    if y == x {
        y.to_string()
    } else {
        format!("({y}, {x})")
    }
}

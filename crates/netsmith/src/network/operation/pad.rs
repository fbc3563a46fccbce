//! Padding.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "pad",
    "Zeros appended up to a given size.",
    Form::new(
        &[
            attribute("channels", "channels", "Channels, or features of a vector."),
            attribute("height", "", "Height; ignored for a vector."),
            attribute("width", "", "Width; ignored for a vector."),
        ],
        |attributes| {
            Ok(Operation::Pad(Pad {
                channels: attributes.channels("channels")?,
                height: attributes.required("height")?,
                width: attributes.required("width")?,
            }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |[channels, height, width]: [usize; 3], shape| {
        let pad = Pad {
            channels,
            height,
            width,
        };
        Example::new(Operation::Pad(pad), &[shape])
    };
    vec![
        of([6, 7, 8], Shape::image(4, 6, 6)),
        of([7, 1, 1], Shape::vector(5)),
    ]
}

/// Zeros appended behind channels, rows and columns up to a given size.
///
/// # Shapes
/// `[c, h, w]` to `[channels, height, width]`, none of which may be smaller; a
/// vector `[f]` to `[channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pad<S = usize> {
    /// Channels, or features of a vector.
    pub channels: S,
    /// Height; ignored for a vector.
    pub height: S,
    /// Width; ignored for a vector.
    pub width: S,
}

impl<S> Pad<S> {
    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Pad<T>, E> {
        Ok(Pad {
            channels: f(&self.channels)?,
            height: f(&self.height)?,
            width: f(&self.width)?,
        })
    }
}

impl Primitive for Pad {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let input = one(inputs)?;
        let output = match input {
            Shape::Image { .. } => Shape::image(self.channels, self.height, self.width),
            Shape::Vector { .. } => Shape::vector(self.channels),
        };
        let ([h, w], [height, width]) = (input.positions(), output.positions());
        if input.channels() > output.channels() || h > height || w > width {
            return Err(
                Misfit::new(format!("cannot pad {input} to the smaller {output}"))
                    .hint("padding only grows: bring the larger tensor down in another way"),
            );
        }
        Ok(output)
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
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::Appends
    }

    fn block(&self) -> BlockKind {
        BlockKind::Move
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("channels", self.channels.to_string()),
            ("height", self.height.to_string()),
            ("width", self.width.to_string()),
        ]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}x{}x{}", self.channels, self.height, self.width)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        use SizeRole::{Channels, Positions};
        vec![Channels, Positions, Positions]
    }
}

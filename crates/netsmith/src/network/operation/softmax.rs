//! Softmax inside a network.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "softmax",
    "Exponentials divided by their sum, over channels or over positions.",
    Form::new(
        &[attribute(
            "over",
            "channels",
            "`channels` of each position, or `positions` of each channel.",
        )],
        |attributes| {
            let over = attributes.word("over", &Softmax::WORDS, Softmax::OverChannels)?;
            Ok(Operation::Softmax(over))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |softmax, shape| Example::new(Operation::Softmax(softmax), &[shape]);
    vec![
        of(Softmax::OverChannels, Shape::image(4, 3, 5)),
        of(Softmax::OverPositions, Shape::image(4, 3, 5)),
        of(Softmax::OverChannels, Shape::vector(5)),
    ]
}

/// `exp(x_i) / Σ_j exp(x_j)`, where the `x_j` are those that share a position,
/// or those that share a channel.
///
/// # Shapes
/// Any shape to itself; a vector has channels only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Softmax {
    /// The channels of each position sum to 1.
    OverChannels,
    /// The positions of each channel sum to 1.
    OverPositions,
}

impl Softmax {
    const WORDS: [(&'static str, Self); 2] = [
        ("channels", Self::OverChannels),
        ("positions", Self::OverPositions),
    ];

    fn word(self) -> &'static str {
        match self {
            Self::OverChannels => "channels",
            Self::OverPositions => "positions",
        }
    }
}

impl Primitive for Softmax {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match (one(inputs)?, self) {
            (Shape::Vector { .. }, Self::OverPositions) => {
                Err(Misfit::new("a vector has one position").hint("take it over channels"))
            }
            (input, Self::OverChannels | Self::OverPositions) => Ok(input),
        }
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn zeros(&self) -> Zeros {
        Zeros::Never
    }

    fn masking(&self) -> Masking {
        match self {
            Self::OverChannels => Masking::PerWidth,
            Self::OverPositions => Masking::Each(Zeros::Never),
        }
    }

    fn block(&self) -> BlockKind {
        BlockKind::Light
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("over", format!("\"{}\"", self.word()))]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " over {}", self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_no_positions() {
        let vector = [Shape::vector(5)];
        assert_eq!(Softmax::OverChannels.output(&vector), Ok(vector[0]));
        assert!(Softmax::OverPositions.output(&vector).is_err());
        let text = Operation::<usize>::Softmax(Softmax::OverPositions).to_string();
        assert_eq!(text, "softmax over positions");
    }
}

//! Embedding: tokens as vectors of a table.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one_image,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "embedding",
    "Each token as the row of a table that has its number.",
    Form::new(
        &[
            attribute(
                "tokens",
                "",
                "Number of different tokens: rows of the table.",
            ),
            attribute("out", "", "Channels of the output: columns of the table."),
        ],
        |attributes| {
            Ok(Operation::Embedding(Embedding {
                tokens: attributes.tokens("tokens")?,
                out: attributes.required("out")?,
            }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |tokens, out, shape| {
        let embedding = Embedding { tokens, out };
        Example::new(Operation::Embedding(embedding), &[shape])
    };
    vec![
        of(7, 4, Shape::sequence(1, 5)),
        of(3, 6, Shape::image(1, 2, 3)),
    ]
}

/// `out[:, position] = weight[in[position]]`: the row of a table for each token.
///
/// Tokens enter as whole numbers from 0 to under `tokens`, held in floats. No
/// gradient goes to them.
///
/// # Shapes
/// `[1, 1, length]` to `[out, 1, length]`, and an image of one channel likewise;
/// the weight is `[tokens, out]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding<S = usize> {
    /// Number of different tokens.
    pub tokens: usize,
    /// Channels of the output.
    pub out: S,
}

impl<S> Embedding<S> {
    pub(super) fn map<T, E>(
        &self,
        f: &mut impl FnMut(&S) -> Result<T, E>,
    ) -> Result<Embedding<T>, E> {
        Ok(Embedding {
            tokens: self.tokens,
            out: f(&self.out)?,
        })
    }
}

impl Primitive for Embedding {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, height, width] = one_image(inputs)?;
        if channels != 1 {
            return Err(Misfit::new(format!(
                "takes the numbers of tokens in 1 channel, got {channels}"
            )));
        }
        if self.tokens == 0 || self.out == 0 {
            return Err(Misfit::new("needs at least one token and output channel"));
        }
        Ok(Shape::image(self.out, height, width))
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        // Of all rows one is read for each output.
        WeightShape::kernel(vec![self.tokens, self.out], 1, false)
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::Never
    }

    fn masking(&self) -> Masking {
        Masking::Mixes
    }

    fn block(&self) -> BlockKind {
        BlockKind::Linear
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("tokens", self.tokens.to_string()),
            ("out", self.out.to_string()),
        ]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {} -> {}", self.tokens, self.out)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        vec![SizeRole::Channels]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_token_has_a_row() {
        let embedding = Embedding {
            tokens: 100,
            out: 16_usize,
        };
        let input = [Shape::sequence(1, 12)];
        assert_eq!(embedding.output(&input), Ok(Shape::sequence(16, 12)));
        assert_eq!(embedding.weights(&input)[0].dims, [100, 16]);
        assert_eq!(embedding.macs(&input, Shape::sequence(16, 12)), 0);
        assert!(embedding.output(&[Shape::sequence(2, 12)]).is_err());
        let text = Operation::Embedding(embedding).to_string();
        assert_eq!(text, "embedding 100 -> 16");
    }
}

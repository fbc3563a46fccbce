//! Multi-head attention without its projections.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, attribute, product,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "attention",
    "Each query as the mean of values, weighted by how well their keys fit; in heads.",
    Form::new(
        &[attribute(
            "heads",
            "1",
            "Groups of channels that attend each by itself.",
        )],
        |attributes| {
            let heads = attributes.integer("heads", 1, 1)?;
            Ok(Operation::Attention(Attention { heads }))
        },
        examples,
    ),
)
.paper("Vaswani et al. 2017, arXiv:1706.03762, section 3.2");

fn examples() -> Vec<Example> {
    let of =
        |heads, inputs: &[Shape]| Example::new(Operation::Attention(Attention { heads }), inputs);
    let (sequence, mask) = (Shape::sequence(4, 5), Shape::sequence(1, 5));
    let (query, value) = (Shape::image(4, 3, 2), Shape::sequence(6, 5));
    vec![
        of(1, &[sequence, sequence, sequence]),
        of(2, &[sequence, sequence, sequence, mask]),
        of(2, &[query, sequence, value]),
        of(2, &[query, sequence, value, Shape::image(1, 6, 5)]),
    ]
}

/// `softmax(queryᵀ · key / √d) · value` for each head, where `d` is the number
/// of its query channels, and the softmax is over the keys. Projections are
/// layers before and behind it.
///
/// A mask holds ones where a key counts and zeros where not; a query for which
/// no key counts gets zeros.
///
/// # Shapes
/// | input | shape |
/// |---|---|
/// | query | `[channels, h, w]` |
/// | key | `[channels, …]` of `length` positions |
/// | value | `[out, …]` of `length` positions |
/// | mask, if there is one | `[1, 1, length]`, or `[1, h · w, length]` with a row for each query |
///
/// The output is `[out, h, w]`. The number of heads divides `channels` and `out`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// Number of heads.
    pub heads: usize,
}

impl Attention {
    /// Most inputs that it takes.
    const INPUTS: &'static [&'static str] = &["query", "key", "value", "mask"];
}

fn positions(shape: Shape) -> usize {
    product(shape.positions())
}

impl Primitive for Attention {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::Named {
            names: Self::INPUTS,
            optional: 1,
        }
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let (query, key, value, mask) = match *inputs {
            [query, key, value] => (query, key, value, None),
            [query, key, value, mask] => (query, key, value, Some(mask)),
            _ => {
                let misfit = self.arity().misfit(inputs.len());
                return Err(Misfit::new(misfit.unwrap_or_default()));
            }
        };
        for (shape, name) in inputs.iter().zip(Self::INPUTS) {
            if let Shape::Vector { .. } = shape {
                let rule = format!("its {name} is a sequence or an image, got the vector {shape}");
                return Err(Misfit::new(rule));
            }
        }
        let (channels, out) = (query.channels(), value.channels());
        if key.channels() != channels {
            let rule = format!("query {query} and key {key} differ in channels");
            return Err(Misfit::new(rule).hint("project both to the same channels first"));
        }
        if positions(key) != positions(value) {
            let rule = format!("key {key} and value {value} differ in positions");
            return Err(Misfit::new(rule));
        }
        let divides = |channels: usize| self.heads > 0 && channels.is_multiple_of(self.heads);
        if !divides(channels) || !divides(out) {
            return Err(Misfit::new(format!(
                "{channels} and {out} channels are not multiples of {} heads",
                self.heads
            )));
        }
        let (queries, keys) = (positions(query), positions(key));
        if let Some(mask) = mask
            && ![1, queries]
                .map(|rows| Shape::image(1, rows, keys))
                .contains(&mask)
        {
            return Err(Misfit::new(format!(
                "the mask {mask} is neither 1x1x{keys} nor 1x{queries}x{keys}"
            )));
        }
        Ok(query.with_channels(out))
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, inputs: &[Shape], _output: Shape) -> u64 {
        let (queries, keys) = (positions(inputs[0]), positions(inputs[1]));
        let channels = inputs[0].channels().saturating_add(inputs[2].channels());
        product([queries, keys, channels]) as u64
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::Grouped { mixes: true }
    }

    fn block(&self) -> BlockKind {
        BlockKind::Join
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("heads", self.heads.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.heads {
            1 => f.write_str(" 1 head"),
            heads => write!(f, " {heads} heads"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_keep_their_positions_and_get_the_channels_of_values() {
        let attention = Attention { heads: 2 };
        let (query, key, value) = (
            Shape::sequence(8, 3),
            Shape::sequence(8, 5),
            Shape::sequence(6, 5),
        );
        let output = attention.output(&[query, key, value]);
        assert_eq!(output, Ok(Shape::sequence(6, 3)));
        let macs = attention.macs(&[query, key, value], Shape::sequence(6, 3));
        assert_eq!(macs, 3 * 5 * (8 + 6));
        assert_eq!(
            Operation::Attention::<usize>(attention).to_string(),
            "attention 2 heads"
        );
    }

    #[test]
    fn inputs_that_do_not_meet_are_told() {
        let attention = Attention { heads: 2 };
        let sequence = |channels, length| Shape::sequence(channels, length);
        let rule = |inputs: &[Shape]| attention.output(inputs).unwrap_err().rule;
        let (a, b) = (sequence(4, 5), sequence(6, 5));
        assert_eq!(
            rule(&[a, a]),
            "takes 3 to 4 inputs (query, key, value, mask), got 2"
        );
        assert_eq!(
            rule(&[a, b, a]),
            "query 4x1x5 and key 6x1x5 differ in channels"
        );
        assert_eq!(
            rule(&[a, a, sequence(4, 6)]),
            "key 4x1x5 and value 4x1x6 differ in positions"
        );
        let odd = sequence(3, 5);
        assert_eq!(
            rule(&[a, a, odd]),
            "4 and 3 channels are not multiples of 2 heads"
        );
        assert_eq!(
            rule(&[a, a, a, a]),
            "the mask 4x1x5 is neither 1x1x5 nor 1x5x5"
        );
    }
}

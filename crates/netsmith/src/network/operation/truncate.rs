//! Some channels of a tensor.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros, attribute, one,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "truncate",
    "Channels that follow each other, such as the first.",
    Form::new(
        &[
            attribute("channels", "", "Channels that are left."),
            attribute("from", "0", "The first of them, from 0."),
        ],
        |attributes| {
            Ok(Operation::Truncate(Truncate {
                channels: attributes.required("channels")?,
                from: attributes.integer("from", 0, 0)?,
            }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |channels, from, shape| {
        let truncate = Truncate { channels, from };
        Example::new(Operation::Truncate(truncate), &[shape])
    };
    vec![
        of(3, 0, Shape::image(4, 6, 6)),
        of(2, 1, Shape::image(4, 6, 6)),
        of(4, 0, Shape::vector(5)),
    ]
}

/// Channels of a tensor that follow each other: the first ones, or others.
///
/// # Shapes
/// `[c, h, w]` to `[channels, h, w]`, where `from + channels` is at most `c`; a
/// vector likewise.
#[derive(Clone, Debug, PartialEq)]
pub struct Truncate<S = usize> {
    /// Channels that are left.
    pub channels: S,
    /// The first of them, from 0.
    pub from: usize,
}

impl<S> Truncate<S> {
    /// The first channels.
    pub fn first(channels: impl Into<S>) -> Self {
        Self {
            channels: channels.into(),
            from: 0,
        }
    }

    pub(super) fn map<T, E>(
        &self,
        f: &mut impl FnMut(&S) -> Result<T, E>,
    ) -> Result<Truncate<T>, E> {
        Ok(Truncate {
            channels: f(&self.channels)?,
            from: self.from,
        })
    }
}

impl Primitive for Truncate {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let input = one(inputs)?;
        let most = input.channels().saturating_sub(self.from);
        if (1..=most).contains(&self.channels) {
            Ok(input.with_channels(self.channels))
        } else if self.from == 0 {
            Err(Misfit::new(format!(
                "{input} has no first {} channels",
                self.channels
            )))
        } else {
            Err(Misfit::new(format!(
                "{input} has no {} channels from {} on",
                self.channels, self.from
            )))
        }
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
        Masking::Cuts
    }

    fn block(&self) -> BlockKind {
        BlockKind::Move
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![
            ("channels", self.channels.to_string()),
            ("from", self.from.to_string()),
        ]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.channels)?;
        match self.from {
            0 => Ok(()),
            from => write!(f, " from {from}"),
        }
    }

    fn sizes(&self) -> Vec<SizeRole> {
        vec![SizeRole::Channels]
    }
}

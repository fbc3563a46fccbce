//! Channel shuffle.

use super::{
    Arity, BlockKind, Entry, Example, Form, Masking, Misfit, Operation, Primitive, Saved, Shape,
    WeightShape, Zeros, attribute, one_image,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "channel-shuffle",
    "Channels of several groups interleaved.",
    Form::new(
        &[attribute(
            "groups",
            "2",
            "Number of groups; divides the number of channels.",
        )],
        |attributes| {
            let groups = attributes.integer("groups", 1, 2)?;
            Ok(Operation::ChannelShuffle(ChannelShuffle { groups }))
        },
        examples,
    ),
);

fn examples() -> Vec<Example> {
    let of = |groups| Operation::ChannelShuffle(ChannelShuffle { groups });
    let examples = [2, 4].map(|groups| Example::new(of(groups), &[Shape::image(8, 3, 3)]));
    examples.to_vec()
}

/// Channels seen as `[groups, channels / groups]` and transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelShuffle {
    /// Number of groups; divides the number of channels.
    pub groups: usize,
}

impl Primitive for ChannelShuffle {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, ..] = one_image(inputs)?;
        if self.groups == 0 || !channels.is_multiple_of(self.groups) {
            return Err(Misfit::new(format!(
                "{channels} channels are not a multiple of {} groups",
                self.groups
            )));
        }
        Ok(inputs[0])
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
        Masking::Grouped { mixes: false }
    }

    fn block(&self) -> BlockKind {
        BlockKind::Move
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("groups", self.groups.to_string())]
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.groups)
    }
}

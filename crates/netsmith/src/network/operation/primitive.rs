//! The contract of a primitive operation: all that is known of it but how it
//! is computed.
//!
//! The rest of this crate asks a [`Primitive`] and names no operation. A method
//! has a default only where forgetting it does no harm or a conformance test
//! catches it.

use super::{Entry, Shape, WeightShape};
use std::fmt;

/// What a primitive operation tells of itself.
pub(crate) trait Primitive {
    /// Its line in the catalogue, with its name and summary.
    fn entry(&self) -> &'static Entry;

    /// Which inputs it takes.
    fn arity(&self) -> Arity;

    /// The output's shape.
    ///
    /// # Errors
    /// The rule that these inputs break.
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit>;

    /// Trainable weights and buffers, in a fixed order.
    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape>;

    /// Multiply-accumulate operations of its matrix products for one sample;
    /// by convention 0 for all that multiplies no matrices.
    fn macs(&self, inputs: &[Shape], output: Shape) -> u64;

    /// What the backward pass reads again.
    fn saved(&self) -> Saved;

    /// When its output counts as zeros, for pruning.
    fn zeros(&self) -> Zeros;

    /// How the channels of a supernet, of which only the first may count, go
    /// through it.
    fn masking(&self) -> Masking;

    /// What kind of box it is drawn as.
    fn block(&self) -> BlockKind;

    /// Its attributes as keys and values of TOML. The conformance test reads
    /// them back.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Writes its attributes behind its name, each part after a space. Keys of
    /// networks hash this text: different operations need different texts.
    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut attributes = self.attributes().into_iter();
        attributes.try_for_each(|(key, value)| write!(f, " {key} {value}"))
    }

    /// The part that each attribute plays which a decision may set, in the
    /// order of [`Operation::map`](super::Operation::map).
    fn sizes(&self) -> Vec<SizeRole> {
        Vec::new()
    }

    /// Whether its output is its input, so that pruning removes it.
    fn is_identity(&self) -> bool {
        false
    }

    /// Whether it is the sum of its inputs: their order is of no consequence,
    /// zeros may be left out, and the sum of one input is that input.
    fn is_sum(&self) -> bool {
        false
    }

    /// Where its output is written.
    fn buffer(&self) -> Buffer {
        Buffer::New
    }

    /// Whether a training step may compute its output a second time instead
    /// of keeping it, because that costs little.
    fn is_cheap(&self, _input: Shape) -> bool {
        false
    }

    /// Whether its backward pass can read an input that is computed a second
    /// time.
    fn reads_recomputed(&self) -> bool {
        false
    }
}

/// Which inputs an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arity {
    /// None: a sample enters here.
    Source,
    /// One.
    One,
    /// Any number of tensors that meet by a rule.
    Many(Meeting),
    /// One for each name; the last `optional` of them may be absent.
    Named {
        /// What the inputs are called, in order.
        names: &'static [&'static str],
        /// How many may be left out, from the end.
        optional: usize,
    },
}

impl Arity {
    /// What is wrong with this number of inputs, if it is wrong for every
    /// shape: `takes 1 input, got 2`.
    pub(crate) fn misfit(self, given: usize) -> Option<String> {
        let inputs = |count: usize| if count == 1 { "input" } else { "inputs" };
        match self {
            Self::Source if given > 0 => Some("an input takes no inputs".to_owned()),
            Self::One if given != 1 => Some(format!("takes 1 input, got {given}")),
            Self::Named { names, optional } => {
                let (least, most) = (names.len() - optional, names.len());
                let range = match optional {
                    0 => format!("{most} {}", inputs(most)),
                    _ => format!("{least} to {most} inputs"),
                };
                let fits = (least..=most).contains(&given);
                (!fits).then(|| format!("takes {range} ({}), got {given}", names.join(", ")))
            }
            Self::Source | Self::One | Self::Many(_) => None,
        }
    }
}

/// How several inputs meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// All of the same shape.
    Same,
    /// The second is the same or scales the channels of the first.
    Scale,
    /// All the same but for the channels, which add up.
    Concat,
    /// Vectors of one size.
    Stack,
}

/// Which activations an operation's backward pass reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// None: gradients pass through.
    Nothing,
    /// Its inputs.
    Inputs,
    /// Its output.
    Output,
}

/// When the output of an operation is zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeros {
    /// Whatever enters.
    Always,
    /// Not for certain, whatever enters.
    Never,
    /// Where all inputs are zeros.
    WhereAll,
    /// Where one input is zeros.
    WhereAny,
}

/// How channels go through an operation of a supernet, in which only the first
/// ones of a tensor may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Masking {
    /// Each channel goes through by itself, so that those of the first input
    /// count in the output. The rule says when the others are zeros exactly.
    Each(Zeros),
    /// Each channel of the output reads all that enter, of which those that do
    /// not count must be zeros; its size says how many of its own count.
    Mixes,
    /// The first channels are left; its size says how many.
    Cuts,
    /// Zeros are appended; its size says how many channels count.
    Appends,
    /// The channels of all inputs follow each other.
    Joins,
    /// Each channel becomes one for every position.
    Unfolds,
    /// Channels are read together in a way that zeros disturb: there is one
    /// operation for each number of channels that may count.
    PerWidth,
    /// Channels are divided into groups, which no mask expresses. Whether each
    /// channel of the output reads several that enter.
    Grouped {
        /// Whether those that do not count must be zeros.
        mixes: bool,
    },
}

/// What an attribute that a decision may set does in a supernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SizeRole {
    /// How many channels the output has; a mask leaves fewer.
    Channels,
    /// A side of a centred window; there is one operation for each value.
    Kernel,
    /// A side of a window that stays inside the image, whose output has
    /// another size for each value.
    InnerKernel,
    /// It sets the positions of the output, which a supernet cannot leave open.
    Positions,
}

/// Where an operation writes its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffer {
    /// Into a buffer of its own.
    New,
    /// Nowhere: the output is the input's buffer.
    Input,
    /// In inference nowhere. In training into a buffer of its own, and the
    /// factors that were drawn are kept for the backward pass.
    Noise(Factors),
}

/// How many factors are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factors {
    /// One for each value.
    EachValue,
    /// One for each sample.
    EachSample,
}

/// What a box of a drawing mainly does, which decides its colour. Light ones
/// share a box with their neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BlockKind {
    /// Small steps on single values: norms, activations, dropout.
    Light,
    /// Samples enter or answers leave.
    Port,
    /// Values only move.
    Move,
    /// Several values become one.
    Join,
    /// Pooling.
    Pool,
    /// Fully connected layer.
    Linear,
    /// Convolution.
    Convolution,
}

/// Inputs that an operation cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// The rule that they break.
    pub(crate) rule: String,
    /// What to do about it.
    pub(crate) hint: Option<&'static str>,
}

impl Misfit {
    pub(crate) fn new(rule: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            hint: None,
        }
    }

    /// The same with a remedy.
    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self {
            hint: Some(hint),
            ..self
        }
    }
}

/// The only input.
pub(super) fn one(inputs: &[Shape]) -> Result<Shape, Misfit> {
    match inputs {
        [input] => Ok(*input),
        _ => Err(Misfit::new(format!("takes 1 input, got {}", inputs.len()))),
    }
}

/// The only input, which must be an image: `[channels, height, width]`.
pub(super) fn one_image(inputs: &[Shape]) -> Result<[usize; 3], Misfit> {
    match one(inputs)? {
        Shape::Image {
            channels,
            height,
            width,
        } => Ok([channels, height, width]),
        vector @ Shape::Vector { .. } => Err(Misfit::new(format!(
            "takes an image or a sequence, got the vector {vector}"
        ))
        .hint("rows of a table want a space without images, such as `mlp`")),
    }
}

//! The primitive operations that networks are made of.
//!
//! One file each, which says all but how to compute: `Primitive` is the
//! contract. An operation has a variant here, a line in `Operation::ask` and
//! in [`Operation::map`], and one in `CATALOGUE`.
//!
//! An attribute that a decision may set has type `S`: a size expression in a
//! graph with choices, a `usize` in a network.

mod activation;
mod add;
mod attention;
mod avg_pool;
mod batch_norm;
mod channel_shuffle;
mod concat;
mod convolution;
mod drop_path;
mod dropout;
mod embedding;
mod flatten;
mod global_pool;
mod identity;
mod input;
mod layer_norm;
mod linear;
mod max_pool;
mod mix;
mod multiply;
mod pad;
mod pool;
mod primitive;
mod resize;
mod shift;
mod slice;
mod softmax;
mod stack;
mod transposed_convolution;
mod truncate;
mod weight;
mod window;
mod zero;

pub use activation::Activation;
pub use attention::Attention;
pub use batch_norm::BatchNorm;
pub use channel_shuffle::ChannelShuffle;
pub use convolution::{Convolution, Groups};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use pad::Pad;
pub use pool::Pool;
pub use primitive::Saved;
pub(crate) use primitive::{
    Arity, BlockKind, Buffer, Factors, Masking, Meeting, Misfit, Primitive, SizeRole, Zeros,
};
pub use resize::Resize;
pub use slice::Slice;
pub use softmax::Softmax;
pub use transposed_convolution::TransposedConvolution;
pub use truncate::Truncate;
pub use weight::{Role, WeightShape};
pub use window::{Padding, Window};
pub use zero::Zero;

use super::Shape;
use super::shape::product;
use crate::catalogue;
use crate::space::Size;
use crate::space::file::{Attributes, Fault};
use primitive::{one, one_image};
use std::convert::Infallible;
use std::fmt;

/// One kind of node.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation<S = usize> {
    /// A sample enters here.
    Input(Shape),
    /// Convolution over height and width.
    Convolution(Convolution<S>),
    /// Convolution turned around: a strided one makes the image larger.
    TransposedConvolution(TransposedConvolution<S>),
    /// Fully connected layer.
    Linear(Linear<S>),
    /// Each token as the row of a table that has its number.
    Embedding(Embedding<S>),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Layer normalisation over the channels.
    LayerNorm(LayerNorm),
    /// Element-wise non-linearity.
    Activation(Activation),
    /// Exponentials divided by their sum, over channels or over positions.
    Softmax(Softmax),
    /// Largest value of each window.
    MaxPool(Pool<S>),
    /// Mean of each window; padding is not counted.
    AvgPool(Pool<S>),
    /// Mean over all positions: an image becomes a vector.
    GlobalPool,
    /// Sum of all inputs.
    Add,
    /// Product of all inputs; a vector scales the channels of an image.
    Multiply,
    /// All inputs behind each other along the channels.
    Concat,
    /// The input itself.
    Identity,
    /// Zeros of the input's shape, strided.
    Zero(Zero<S>),
    /// The image moved by one pixel up and left, zeros behind it.
    Shift,
    /// Channels of several groups interleaved.
    ChannelShuffle(ChannelShuffle),
    /// Single activations dropped in training.
    Dropout(Dropout),
    /// Whole samples of a branch dropped in training, at the rate that the
    /// training schedule sets.
    DropPath,
    /// An image as a vector.
    Flatten,
    /// Zeros appended up to a given size.
    Pad(Pad<S>),
    /// Channels that follow each other, such as the first.
    Truncate(Truncate<S>),
    /// Nearest neighbour up, maximum down, to a given height and width.
    Resize(Resize<S>),
    /// One position of a sequence as a vector.
    Slice(Slice),
    /// Vectors as the positions of a sequence.
    Stack,
    /// Each query as the mean of values, weighted by how well their keys fit; in
    /// heads.
    Attention(Attention),
    /// Weighted sum of all inputs; the weights belong to a decision of the
    /// supernet, and `decision` is its number in the space.
    Mix {
        /// Number of the decision in its space.
        decision: usize,
    },
}

impl Operation {
    /// Asks the operation's file: the one match over all operations.
    pub(crate) fn ask<R>(&self, question: impl FnOnce(&(dyn Primitive + 'static)) -> R) -> R {
        match self {
            Self::Input(shape) => question(&input::Input(*shape)),
            Self::Convolution(convolution) => question(convolution),
            Self::TransposedConvolution(convolution) => question(convolution),
            Self::Linear(linear) => question(linear),
            Self::Embedding(embedding) => question(embedding),
            Self::BatchNorm(norm) => question(norm),
            Self::LayerNorm(norm) => question(norm),
            Self::Activation(activation) => question(activation),
            Self::Softmax(softmax) => question(softmax),
            Self::MaxPool(pool) => question(&max_pool::MaxPool(pool.clone())),
            Self::AvgPool(pool) => question(&avg_pool::AvgPool(pool.clone())),
            Self::GlobalPool => question(&global_pool::GlobalPool),
            Self::Add => question(&add::Add),
            Self::Multiply => question(&multiply::Multiply),
            Self::Concat => question(&concat::Concat),
            Self::Identity => question(&identity::Identity),
            Self::Zero(zero) => question(zero),
            Self::Shift => question(&shift::Shift),
            Self::ChannelShuffle(shuffle) => question(shuffle),
            Self::Dropout(dropout) => question(dropout),
            Self::DropPath => question(&drop_path::DropPath),
            Self::Flatten => question(&flatten::Flatten),
            Self::Pad(pad) => question(pad),
            Self::Truncate(truncate) => question(truncate),
            Self::Resize(resize) => question(resize),
            Self::Slice(slice) => question(slice),
            Self::Stack => question(&stack::Stack),
            Self::Attention(attention) => question(attention),
            Self::Mix { decision } => question(&mix::Mix(*decision)),
        }
    }
}

impl<S: Clone> Operation<S> {
    /// Every attribute of type `S`, changed by `f`.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Operation<T>, E> {
        Ok(match self {
            Self::Input(shape) => Operation::Input(*shape),
            Self::Convolution(convolution) => Operation::Convolution(convolution.map(f)?),
            Self::TransposedConvolution(convolution) => {
                Operation::TransposedConvolution(convolution.map(f)?)
            }
            Self::Linear(linear) => Operation::Linear(linear.map(f)?),
            Self::Embedding(embedding) => Operation::Embedding(embedding.map(f)?),
            Self::BatchNorm(norm) => Operation::BatchNorm(*norm),
            Self::LayerNorm(norm) => Operation::LayerNorm(*norm),
            Self::Activation(activation) => Operation::Activation(*activation),
            Self::Softmax(softmax) => Operation::Softmax(*softmax),
            Self::MaxPool(pool) => Operation::MaxPool(pool.map(f)?),
            Self::AvgPool(pool) => Operation::AvgPool(pool.map(f)?),
            Self::GlobalPool => Operation::GlobalPool,
            Self::Add => Operation::Add,
            Self::Multiply => Operation::Multiply,
            Self::Concat => Operation::Concat,
            Self::Identity => Operation::Identity,
            Self::Zero(zero) => Operation::Zero(zero.map(f)?),
            Self::Shift => Operation::Shift,
            Self::ChannelShuffle(shuffle) => Operation::ChannelShuffle(*shuffle),
            Self::Dropout(dropout) => Operation::Dropout(*dropout),
            Self::DropPath => Operation::DropPath,
            Self::Flatten => Operation::Flatten,
            Self::Pad(pad) => Operation::Pad(pad.map(f)?),
            Self::Truncate(truncate) => Operation::Truncate(truncate.map(f)?),
            Self::Resize(resize) => Operation::Resize(resize.map(f)?),
            Self::Slice(slice) => Operation::Slice(*slice),
            Self::Stack => Operation::Stack,
            Self::Attention(attention) => Operation::Attention(*attention),
            Self::Mix { decision } => Operation::Mix {
                decision: *decision,
            },
        })
    }

    /// Calls `f` with every attribute of type `S`.
    pub(crate) fn for_each_size(&self, f: &mut impl FnMut(&S)) {
        self.with_sizes(&mut |size| {
            f(size);
            1
        });
    }

    /// The operation with numbers in place of its sizes.
    pub(crate) fn with_sizes(&self, f: &mut impl FnMut(&S) -> usize) -> Operation {
        let mapped = self.map(&mut |size| Ok::<usize, Infallible>(f(size)));
        let Ok(mapped) = mapped;
        mapped
    }

    /// Asks the operation's file what does not depend on its sizes.
    pub(crate) fn ask_unsized<R>(
        &self,
        question: impl FnOnce(&(dyn Primitive + 'static)) -> R,
    ) -> R {
        self.with_sizes(&mut |_| 1).ask(question)
    }

    /// The name under which `netsmith list operations` shows it.
    pub fn name(&self) -> &'static str {
        self.ask_unsized(|primitive| primitive.entry().name)
    }
}

impl Operation {
    /// The output's shape for these inputs.
    pub(crate) fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        self.ask(|primitive| primitive.output(inputs))
    }

    /// Weights and buffers for these inputs.
    pub fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        self.ask(|primitive| primitive.weights(inputs))
    }

    /// Multiply-accumulate operations for one sample.
    pub fn macs(&self, inputs: &[Shape], output: Shape) -> u64 {
        self.ask(|primitive| primitive.macs(inputs, output))
    }

    /// Which activations its backward pass reads.
    pub fn saved(&self) -> Saved {
        self.ask(Primitive::saved)
    }

    /// Whether a sample enters here.
    pub fn is_input(&self) -> bool {
        self.ask(Primitive::arity) == Arity::Source
    }

    /// The operation as an inline table of TOML, which a node of a
    /// [space file](crate::space::file) may be; nothing for what no file writes.
    ///
    /// ```
    /// use netsmith::network::{Operation, operation::Linear};
    ///
    /// let linear = Operation::Linear(Linear::new(10_usize));
    /// let text = linear.to_toml().expect("a file may write it");
    /// assert_eq!(text, "{ operation = \"linear\", out = 10, bias = true }");
    /// assert_eq!(Operation::from_toml(&text), Ok(linear));
    /// ```
    pub fn to_toml(&self) -> Option<String> {
        self.ask(|primitive| {
            let entry = primitive.entry();
            entry.build.read?;
            let mut text = format!("{{ operation = \"{}\"", entry.name);
            for (key, value) in primitive.attributes() {
                text.push_str(&format!(", {key} = {value}"));
            }
            Some(text + " }")
        })
    }

    /// The operation that an inline table of TOML writes, whose sizes are numbers.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn from_toml(text: &str) -> Result<Self, crate::space::FileError> {
        crate::space::file::operation(text)
    }
}

/// The operation with its attributes, such as `convolution 3x3/2 -> 16`: equal
/// operations have equal texts.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ask(|primitive| {
            f.write_str(primitive.entry().name)?;
            primitive.text(f)
        })
    }
}

/// An operation's line in the catalogue.
pub type Entry = catalogue::Entry<Form>;

/// How an operation is written, and instances of it.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// What a space file may say of it.
    pub attributes: &'static [Attribute],
    /// Reads it from a space file; nothing for what no file writes.
    pub(crate) read: Option<Read>,
    /// Operations of this name with shapes that they take: those that the
    /// conformance tests of every crate run on. Some differ in each attribute.
    pub examples: fn() -> Vec<Example>,
}

/// Reads an operation of a space file.
pub(crate) type Read = fn(&mut Attributes<'_, '_>) -> Result<Operation<Size>, Fault>;

/// Something that a space file may say of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its key.
    pub name: &'static str,
    /// What is meant without it; empty where it must be given.
    pub default: &'static str,
    /// One sentence.
    pub doc: &'static str,
}

/// An operation and shapes that it takes.
#[derive(Clone, Debug)]
pub struct Example {
    /// The operation.
    pub operation: Operation,
    /// Its inputs.
    pub inputs: Vec<Shape>,
}

impl Example {
    fn new(operation: Operation, inputs: &[Shape]) -> Self {
        Self {
            operation,
            inputs: inputs.to_vec(),
        }
    }
}

impl Form {
    /// An operation without attributes.
    const fn plain(read: Read, examples: fn() -> Vec<Example>) -> Self {
        Self::new(&[], read, examples)
    }

    const fn new(
        attributes: &'static [Attribute],
        read: Read,
        examples: fn() -> Vec<Example>,
    ) -> Self {
        Self {
            attributes,
            read: Some(read),
            examples,
        }
    }

    /// An operation that no file writes.
    const fn unwritten(examples: fn() -> Vec<Example>) -> Self {
        Self {
            attributes: &[],
            read: None,
            examples,
        }
    }
}

/// An attribute of an entry: key, default and meaning.
const fn attribute(name: &'static str, default: &'static str, doc: &'static str) -> Attribute {
    Attribute { name, default, doc }
}

/// All operations, in the order of `netsmith list operations`; a family of
/// operations shares a file.
const CATALOGUE: &[&[Entry]] = &[
    &[input::ENTRY],
    &[convolution::ENTRY],
    &[transposed_convolution::ENTRY],
    &[linear::ENTRY],
    &[embedding::ENTRY],
    &[batch_norm::ENTRY],
    &[layer_norm::ENTRY],
    activation::ENTRY,
    &[softmax::ENTRY],
    &[max_pool::ENTRY],
    &[avg_pool::ENTRY],
    &[global_pool::ENTRY],
    &[add::ENTRY],
    &[multiply::ENTRY],
    &[concat::ENTRY],
    &[identity::ENTRY],
    &[zero::ENTRY],
    &[shift::ENTRY],
    &[channel_shuffle::ENTRY],
    &[dropout::ENTRY],
    &[drop_path::ENTRY],
    &[flatten::ENTRY],
    &[pad::ENTRY],
    &[truncate::ENTRY],
    &[resize::ENTRY],
    &[slice::ENTRY],
    &[stack::ENTRY],
    &[attention::ENTRY],
    &[mix::ENTRY],
];

/// The entries of all operations.
pub fn catalogue() -> impl Iterator<Item = &'static Entry> + Clone {
    CATALOGUE.iter().copied().flatten()
}

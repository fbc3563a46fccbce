//! The primitive operations that networks are made of.
//!
//! One file each. An attribute that a decision may set has type `S`: a
//! size expression in a graph with choices, a `usize` in a network.

mod activation;
mod align;
mod batch_norm;
mod concat;
mod convolution;
mod dropout;
mod elementwise;
mod layer_norm;
mod linear;
mod pool;
mod rearrange;
mod window;

pub use activation::Activation;
pub use align::{Pad, Resize, Truncate};
pub use batch_norm::BatchNorm;
pub use convolution::{Convolution, Groups};
pub use dropout::Dropout;
pub use elementwise::Zero;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use pool::Pool;
pub use rearrange::{ChannelShuffle, Slice};
pub use window::{Padding, Window};

use super::Shape;
use super::shape::product;
use std::fmt;

/// One kind of node.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation<S = usize> {
    /// A sample enters here.
    Input(Shape),
    /// Convolution over height and width.
    Convolution(Convolution<S>),
    /// Fully connected layer.
    Linear(Linear<S>),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Layer normalisation over the channels.
    LayerNorm(LayerNorm),
    /// Element-wise non-linearity.
    Activation(Activation),
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
    /// Weighted sum of all inputs; the weights belong to a decision of the
    /// supernet, and `decision` is its number in the space.
    Mix {
        /// Number of the decision in its space.
        decision: usize,
    },
}

/// What a primitive operation must tell of itself.
pub(crate) trait Primitive {
    /// The output's shape.
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit>;

    /// Trainable weights and buffers, in a fixed order.
    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    /// Multiply-accumulate operations for one sample; 0 for all but
    /// convolutions and linear layers, by convention.
    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    /// What the backward pass reads again.
    fn saved(&self) -> Saved {
        Saved::Nothing
    }
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

/// A tensor that an operation owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightShape {
    /// `weight`, `bias`, `mean` or `variance`.
    pub name: &'static str,
    /// All axes.
    pub dims: Vec<usize>,
    /// How it starts, and whether it trains.
    pub role: Role,
}

/// The part a tensor plays in its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Weights of a convolution or linear layer, with their fan-in.
    Kernel {
        /// Inputs that one output sums over.
        fan_in: usize,
    },
    /// Additive term, starts at zero.
    Bias,
    /// Multiplicative term, starts at one.
    Scale,
    /// Running mean: not trained, starts at zero.
    RunningMean,
    /// Running variance: not trained, starts at one.
    RunningVariance,
}

impl Role {
    /// Whether gradients change it: only such tensors count as parameters.
    pub fn trains(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

impl WeightShape {
    /// Number of scalars, at most 2^50.
    pub fn elements(&self) -> usize {
        product(self.dims.iter().copied())
    }
}

impl Operation {
    /// The output's shape for these inputs.
    pub(crate) fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        self.primitive().output(inputs)
    }

    /// Weights and buffers for these inputs.
    pub fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        self.primitive().weights(inputs)
    }

    /// Multiply-accumulate operations for one sample.
    pub fn macs(&self, inputs: &[Shape], output: Shape) -> u64 {
        self.primitive().macs(inputs, output)
    }

    /// Which activations its backward pass reads.
    pub fn saved(&self) -> Saved {
        self.primitive().saved()
    }

    fn primitive(&self) -> &dyn Primitive {
        match self {
            Self::Input(shape) => shape,
            Self::Convolution(convolution) => convolution,
            Self::Linear(linear) => linear,
            Self::BatchNorm(norm) => norm,
            Self::LayerNorm(norm) => norm,
            Self::Activation(activation) => activation,
            Self::MaxPool(pool) => pool,
            Self::AvgPool(pool) => pool,
            Self::GlobalPool => &pool::GlobalPool,
            Self::Add | Self::Mix { .. } => &elementwise::Add,
            Self::Multiply => &elementwise::Multiply,
            Self::Concat => &concat::Concat,
            Self::Identity | Self::DropPath => &elementwise::Identity,
            Self::Zero(zero) => zero,
            Self::Shift => &rearrange::Shift,
            Self::ChannelShuffle(shuffle) => shuffle,
            Self::Dropout(dropout) => dropout,
            Self::Flatten => &rearrange::Flatten,
            Self::Pad(pad) => pad,
            Self::Truncate(truncate) => truncate,
            Self::Resize(resize) => resize,
            Self::Slice(slice) => slice,
            Self::Stack => &rearrange::Stack,
        }
    }
}

/// What an operation on several inputs asks of their shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Multiple {
    /// All the same.
    Same,
    /// The second is the same or scales the channels of the first.
    Scale,
    /// All the same but for the channels, which add up.
    Concat,
    /// Vectors of one size.
    Stack,
}

impl<S> Operation<S> {
    /// What it asks of several inputs; nothing where it takes one.
    pub(crate) fn multiple(&self) -> Option<Multiple> {
        match self {
            Self::Add | Self::Mix { .. } => Some(Multiple::Same),
            Self::Multiply => Some(Multiple::Scale),
            Self::Concat => Some(Multiple::Concat),
            Self::Stack => Some(Multiple::Stack),
            _ => None,
        }
    }

    /// The name under which `netsmith list operations` shows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Input(_) => "input",
            Self::Convolution(_) => "convolution",
            Self::Linear(_) => "linear",
            Self::BatchNorm(_) => "batch-norm",
            Self::LayerNorm(_) => "layer-norm",
            Self::Activation(activation) => activation.name(),
            Self::MaxPool(_) => "max-pool",
            Self::AvgPool(_) => "avg-pool",
            Self::GlobalPool => "global-pool",
            Self::Add => "add",
            Self::Multiply => "multiply",
            Self::Concat => "concat",
            Self::Identity => "identity",
            Self::Zero(_) => "zero",
            Self::Shift => "shift",
            Self::ChannelShuffle(_) => "channel-shuffle",
            Self::Dropout(_) => "dropout",
            Self::DropPath => "drop-path",
            Self::Flatten => "flatten",
            Self::Pad(_) => "pad",
            Self::Truncate(_) => "truncate",
            Self::Resize(_) => "resize",
            Self::Slice(_) => "slice",
            Self::Stack => "stack",
            Self::Mix { .. } => "mix",
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
            Self::Linear(linear) => Operation::Linear(linear.map(f)?),
            Self::BatchNorm(norm) => Operation::BatchNorm(*norm),
            Self::LayerNorm(norm) => Operation::LayerNorm(*norm),
            Self::Activation(activation) => Operation::Activation(*activation),
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
            Self::Mix { decision } => Operation::Mix {
                decision: *decision,
            },
        })
    }
}

/// The operation with its attributes, such as `convolution 3x3/2 -> 16`: equal
/// operations have equal texts.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Input(shape) => write!(f, " {shape}"),
            Self::Convolution(convolution) => write!(f, " {convolution}"),
            Self::Linear(linear) => write!(f, " {linear}"),
            Self::BatchNorm(BatchNorm { affine }) | Self::LayerNorm(LayerNorm { affine }) => {
                f.write_str(if *affine { "" } else { " fixed" })
            }
            Self::MaxPool(pool) | Self::AvgPool(pool) => write!(f, " {}", pool.window),
            Self::Zero(Zero { stride: [1, 1] }) => Ok(()),
            Self::Zero(Zero { stride: [y, x] }) => write!(f, " /{y}x{x}"),
            Self::ChannelShuffle(shuffle) => write!(f, " {}", shuffle.groups),
            Self::Dropout(dropout) => write!(f, " {}", dropout.rate),
            Self::Pad(pad) => write!(f, " {}x{}x{}", pad.channels, pad.height, pad.width),
            Self::Truncate(Truncate { channels, from: 0 }) => write!(f, " {channels}"),
            Self::Truncate(Truncate { channels, from }) => write!(f, " {channels} from {from}"),
            Self::Resize(resize) => write!(f, " {}x{}", resize.height, resize.width),
            Self::Slice(slice) => write!(f, " {}", slice.position),
            Self::Mix { decision } => write!(f, " {decision}"),
            _ => Ok(()),
        }
    }
}

impl Primitive for Shape {
    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        match inputs {
            [] => Ok(*self),
            _ => Err(Misfit::new("an input takes no inputs")),
        }
    }
}

/// The only input.
pub(crate) fn one(inputs: &[Shape]) -> Result<Shape, Misfit> {
    match inputs {
        [input] => Ok(*input),
        _ => Err(Misfit::new(format!("takes 1 input, got {}", inputs.len()))),
    }
}

/// The only input, which must be an image: `[channels, height, width]`.
pub(crate) fn one_image(inputs: &[Shape]) -> Result<[usize; 3], Misfit> {
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

//! What an operation tells of its computing, and the one list of who tells it.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::value::Value;
use super::{
    add, avg_pool, concat, drop_path, flatten, global_pool, identity, input, max_pool, mix,
    multiply, shift, stack,
};
use netsmith::network::operation::BatchNorm;
use netsmith::network::{Operation, Saved};
use std::fmt;

/// How an operation computes: composed of burn's operations, on our own kernels,
/// and for single samples. Each operation has one file that says it.
///
/// What has no default here must be said of a new operation; the defaults leave
/// out savings that only a few operations allow.
pub(super) trait Trainable: fmt::Debug + Send + Sync {
    /// Its value, composed of burn's operations, which differentiate themselves.
    fn compose(&self, site: &mut Composition<'_>) -> Value;

    /// Its value on our own kernels. What it takes of the pass depends on shapes
    /// alone, never on lanes: the same walk plans the memory.
    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot;

    /// Takes the gradient of its value to its inputs and weights, on our own
    /// kernels; each buffer is delivered to an input or given back.
    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot);

    /// Which values [`backward`](Self::backward) reads.
    fn saved(&self) -> Saved;

    /// When its value is its input's buffer, so that nothing is computed.
    fn sharing(&self) -> Sharing;

    /// The step that computes it for single samples; `None` where there is none,
    /// so that the network is answered by a pass.
    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft>;

    /// What a child network may do with it that starts from its parent's weights.
    fn inheritance(&self) -> Inheritance;

    /// Where a gradient must reach its value.
    fn reach(&self) -> Reach {
        Reach::WhereTrained
    }

    /// Whether it computes value by value, in whatever order they lie.
    fn is_elementwise(&self) -> bool {
        false
    }

    /// Whether it is `max(x, 0)`, which its neighbours may apply on their way.
    fn is_rectifier(&self) -> bool {
        false
    }

    /// Of a non-linearity: the value above which a unit counts as on.
    fn threshold(&self) -> Option<f32> {
        None
    }

    /// The norm of each channel that it is, which its neighbours may apply on
    /// their way.
    fn norm(&self) -> Option<&BatchNorm> {
        None
    }
}

/// When an operation's value is the buffer of its only input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Never: it computes a value.
    Never,
    /// When single samples are answered.
    Inference,
    /// In training too.
    Always,
}

/// Where a gradient must reach an operation's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Where its weights or something before it is trained.
    WhereTrained,
    /// Always: it learns more than weights.
    Always,
    /// Never: its value depends on nothing.
    Never,
    /// Where somebody asks for the gradients of the samples.
    OnRequest,
}

/// What a child network may do with an operation.
pub(crate) fn inheritance(operation: &Operation) -> Inheritance {
    trainable(operation).inheritance()
}

/// Whether an operation is `max(x, 0)`.
pub(crate) fn is_rectifier(operation: &Operation) -> bool {
    trainable(operation).is_rectifier()
}

/// Whether an operation is a norm of any kind.
pub(crate) fn is_norm(operation: &Operation) -> bool {
    matches!(inheritance(operation).channels, Channels::Normed { .. })
}

/// Of a non-linearity: the value above which a unit counts as on.
pub(crate) fn threshold(operation: &Operation) -> Option<f32> {
    trainable(operation).threshold()
}

/// Whether two nodes of an operation that read the same values without weights
/// have the same value: nothing is drawn, and no mix weighs them apart.
pub(crate) fn is_repeatable(operation: &Operation) -> bool {
    let draws = trainable(operation).sharing() == Sharing::Inference;
    !draws && mix::decision(operation).is_none()
}

/// What computes an operation.
pub(super) fn trainable(operation: &Operation) -> Box<dyn Trainable> {
    match operation {
        Operation::Input(shape) => Box::new(input::Input(*shape)),
        Operation::Convolution(it) => Box::new(it.clone()),
        Operation::TransposedConvolution(it) => Box::new(it.clone()),
        Operation::Linear(it) => Box::new(it.clone()),
        Operation::Embedding(it) => Box::new(it.clone()),
        Operation::BatchNorm(it) => Box::new(*it),
        Operation::LayerNorm(it) => Box::new(*it),
        Operation::Activation(it) => Box::new(*it),
        Operation::Softmax(it) => Box::new(*it),
        Operation::MaxPool(it) => Box::new(max_pool::MaxPool(it.clone())),
        Operation::AvgPool(it) => Box::new(avg_pool::AvgPool(it.clone())),
        Operation::GlobalPool => Box::new(global_pool::GlobalPool),
        Operation::Add => Box::new(add::Add),
        Operation::Multiply => Box::new(multiply::Multiply),
        Operation::Concat => Box::new(concat::Concat),
        Operation::Identity => Box::new(identity::Identity),
        Operation::Zero(it) => Box::new(it.clone()),
        Operation::Shift => Box::new(shift::Shift),
        Operation::ChannelShuffle(it) => Box::new(*it),
        Operation::Dropout(it) => Box::new(*it),
        Operation::DropPath => Box::new(drop_path::DropPath),
        Operation::Flatten => Box::new(flatten::Flatten),
        Operation::Pad(it) => Box::new(it.clone()),
        Operation::Truncate(it) => Box::new(it.clone()),
        Operation::Resize(it) => Box::new(it.clone()),
        Operation::Slice(it) => Box::new(*it),
        Operation::Stack => Box::new(stack::Stack),
        Operation::Attention(it) => Box::new(*it),
        Operation::Mix { decision } => Box::new(mix::Mix {
            decision: *decision,
        }),
    }
}

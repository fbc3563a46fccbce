//! What an operation says of itself in exported files, and the one list of who
//! says it.

use netsmith::network::Operation;
use netsmith::network::operation::BatchNorm;
use std::fmt;

use super::{
    ExportError, add, avg_pool, concat, drop_path, flatten, global_pool, identity, input, max_pool,
    mix, multiply, onnx, shift, stack, torch,
};

/// An operation in ONNX and in PyTorch. Each operation has one file that says it.
pub(super) trait Exported: fmt::Debug {
    /// Adds the operators of a node and returns the name of its value.
    ///
    /// # Errors
    /// The operation has no ONNX form.
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError>;

    /// The form of a node in PyTorch.
    ///
    /// # Errors
    /// The operation has no PyTorch form.
    fn torch(&self, site: &torch::Site<'_>) -> Result<torch::Form, ExportError>;

    /// A definition that its PyTorch form needs in the file.
    fn definition(&self, _site: &torch::Site<'_>) -> Option<&'static str> {
        None
    }

    /// Whether it is a layer that takes over a norm of its channels that alone
    /// reads it.
    fn takes_norm(&self) -> bool {
        false
    }

    /// The norm that it is, which a layer before it may take over.
    fn norm(&self) -> Option<&BatchNorm> {
        None
    }
}

/// Who says what an operation is in exported files.
pub(super) fn exported(operation: &Operation) -> Box<dyn Exported> {
    match operation {
        Operation::Input(_) => Box::new(input::Input),
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
        Operation::Mix { .. } => Box::new(mix::Mix),
    }
}

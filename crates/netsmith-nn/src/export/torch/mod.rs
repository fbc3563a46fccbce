//! A trained network as one file of PyTorch source.
//!
//! The file needs PyTorch only, reads the safetensors file beside it, and is
//! meant to be read: every layer has the name of its node, and the forward
//! pass is one line for each node, with shapes where they change.

mod expression;
mod forward;
mod names;
mod source;

pub(super) use expression::{Form, Site, both_sides, is_image, padded, padding_argument, pair};
pub use source::{python_list, python_number};

use super::{ExportError, TrainedNetwork};
use crate::data::Scale;

/// What the source says of the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchInput {
    /// Constants of the module.
    pub constants: String,
    /// Lines of `__init__` that register buffers.
    pub buffers: String,
    /// The method `normalize`, from raw samples to the network's input.
    pub normalize: String,
}

impl TorchInput {
    /// With the mean and the standard deviation of each channel as buffers, viewed in
    /// this shape.
    pub(crate) fn scaled(channels: &[Scale], view: &str, normalize: String) -> Self {
        let numbers = |of: fn(&Scale) -> f32| {
            let values: Vec<String> = channels
                .iter()
                .map(|scale| python_number(of(scale)))
                .collect();
            values.join(", ")
        };
        let buffer = |name: &str| {
            format!(
                "        self.register_buffer(\"{name}\", {name}.view({view}), persistent=False)\n"
            )
        };
        let tensors = "        mean, std = torch.tensor(MEAN), torch.tensor(STD)\n";
        Self {
            constants: format!(
                "\n# Mean and standard deviation of each channel of the training data.\n\
                 MEAN = [{}]\nSTD = [{}]\n",
                numbers(|scale| scale.mean),
                numbers(|scale| scale.std)
            ),
            buffers: format!("{tensors}{}{}", buffer("mean"), buffer("std")),
            normalize,
        }
    }
}

/// What the source says of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchAnswer {
    /// Constants of the module.
    pub constants: String,
    /// The answer in words, with its shape.
    pub summary: String,
    /// What is returned, of the network's output `answer`.
    pub expression: String,
}

/// The text of `model.py`.
///
/// Its `Model` takes raw samples and gives probabilities, `[batch, classes]`,
/// or the value, `[batch, 1]` in the target's own unit; `load()` makes one with
/// the weights of `model.safetensors`; and `python model.py SAMPLES.npy` prints
/// the answers.
///
/// # Errors
/// The parts do not fit together, or an operation has no PyTorch form.
pub fn torch(trained: &TrainedNetwork<'_>) -> Result<String, ExportError> {
    trained.check()?;
    let body = forward::body(trained)?;
    Ok(source::file(trained, &body))
}

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

use super::{ExportError, TrainedNetwork};

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

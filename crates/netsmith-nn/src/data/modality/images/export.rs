//! The first layers of an exported network that takes pictures.

use crate::data::Scale;
use crate::export::{OnnxGraph, TorchInput};

/// `(pixel - mean) / std`, with a constant for each channel.
pub(super) fn onnx(channels: &[Scale], graph: &mut OnnxGraph, raw: &str) -> String {
    graph.scaled(channels, &[1, channels.len(), 1, 1], raw)
}

pub(super) fn torch(channels: &[Scale]) -> TorchInput {
    TorchInput::scaled(channels, "-1, 1, 1", NORMALIZE.to_owned())
}

const NORMALIZE: &str = "
    def normalize(self, raw):
        return (raw - self.mean) / self.std
";

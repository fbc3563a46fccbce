//! The first layers of an exported network that takes pictures.

use crate::data::Scale;
use crate::export::{OnnxGraph, TorchInput, python_number};

/// `(pixel - mean) / std`, with a constant for each channel.
pub(super) fn onnx(channels: &[Scale], graph: &mut OnnxGraph, raw: &str) -> String {
    graph.scaled(channels, &[1, channels.len(), 1, 1], raw)
}

pub(super) fn torch(channels: &[Scale]) -> TorchInput {
    let numbers = |of: fn(&Scale) -> f32| {
        let values: Vec<String> = channels
            .iter()
            .map(|scale| python_number(of(scale)))
            .collect();
        values.join(", ")
    };
    TorchInput {
        constants: format!(
            "\n# Mean and standard deviation of each channel of the training data.\n\
             MEAN = [{}]\nSTD = [{}]\n",
            numbers(|scale| scale.mean),
            numbers(|scale| scale.std)
        ),
        buffers: BUFFERS.to_owned(),
        normalize: NORMALIZE.to_owned(),
    }
}

const BUFFERS: &str = "        mean, std = torch.tensor(MEAN), torch.tensor(STD)\n        \
     self.register_buffer(\"mean\", mean.view(-1, 1, 1), persistent=False)\n        \
     self.register_buffer(\"std\", std.view(-1, 1, 1), persistent=False)\n";

const NORMALIZE: &str = "
    def normalize(self, raw):
        return (raw - self.mean) / self.std
";

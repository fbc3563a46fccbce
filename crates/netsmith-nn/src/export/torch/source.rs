//! The file around the network.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::json;

use super::forward::Body;
use crate::export::TrainedNetwork;

/// The whole file.
pub(super) fn file(trained: &TrainedNetwork<'_>, body: &Body) -> String {
    let mut file = HEAD.replace("VERSION", env!("CARGO_PKG_VERSION"));
    file += &constants(trained);
    for definition in &body.definitions {
        file += definition;
    }
    file += &model(trained, body);
    file += &paths(body);
    file += TAIL;
    file
}

const HEAD: &str = r#""""A network designed by Netsmith VERSION, as PyTorch source.

`load()` gives the trained model: a batch of raw samples in, as the data have
them, and the answer out. `python model.py SAMPLES.npy` prints the answers, one
line for each sample. The weights are in model.safetensors beside this file.
"""

import json
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

"#;

/// Where the network comes from and what its data look like.
fn constants(trained: &TrainedNetwork<'_>) -> String {
    let mut text = String::from("# Where the network comes from.\nPROVENANCE = {\n");
    for (key, value) in trained.provenance {
        let _ = writeln!(text, "    {}: {},", json!(key), json!(value));
    }
    text += "}\n";
    text += &trained.contract.task.torch().constants;
    text += &trained.contract.modality.torch().constants;
    text
}

fn model(trained: &TrainedNetwork<'_>, body: &Body) -> String {
    let (input, answer) = (
        trained.contract.modality.torch(),
        trained.contract.task.torch(),
    );
    let raw = trained.contract.modality.raw_shape();
    let raw: Vec<String> = raw.iter().map(usize::to_string).collect();
    let mut text = format!(
        "\n\nclass Model(nn.Module):\n    \
         \"\"\"Raw samples, [batch, {}], to {}.\"\"\"\n\n    \
         def __init__(self):\n        super().__init__()\n",
        raw.join(", "),
        answer.summary,
    );
    text += &input.buffers;
    for layer in &body.layers {
        let _ = writeln!(text, "        self.{} = {}", layer.name, layer.make);
        for [own, other] in &layer.ties {
            let _ = writeln!(text, "        self.{own} = self.{other}");
        }
    }
    text += "\n    def forward(self, raw):\n        answer = self.answer(self.normalize(raw))\n";
    let _ = writeln!(text, "        return {}", answer.expression);
    text += &input.normalize;
    text += "\n    def answer(self, x):\n";
    for line in &body.lines {
        let _ = writeln!(text, "        {line}");
    }
    let _ = writeln!(text, "        return {}", body.answer);
    text
}

/// Where the tensors of each layer are in the safetensors file.
fn paths(body: &Body) -> String {
    let mut text =
        String::from("\n\n# The name of each layer in the file of weights.\nPATHS = {\n");
    for layer in body.layers.iter().filter(|layer| !layer.path.is_empty()) {
        let _ = writeln!(text, "    \"{}\": {},", layer.name, json!(layer.path));
    }
    text + "}\n"
}

const TAIL: &str = r#"
# The name of each tensor of a layer, and what the file calls it.
TENSORS = {
    "weight": "weight",
    "bias": "bias",
    "running_mean": "mean",
    "running_var": "variance",
}


def load(path=Path(__file__).with_name("model.safetensors")):
    """The trained model, ready to answer."""
    model, tensors = Model(), read_safetensors(path)
    with torch.no_grad():
        for layer, prefix in PATHS.items():
            for name, name_in_file in TENSORS.items():
                tensor = getattr(getattr(model, layer), name, None)
                if tensor is not None:
                    tensor.copy_(tensors[f"{prefix}.{name_in_file}"])
    return model.eval()


def read_safetensors(path):
    """All tensors of a file of 32-bit floats, by name."""
    data = bytearray(Path(path).read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    start = 8 + length
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(
            data,
            dtype=torch.float32,
            count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4,
            offset=start + entry["data_offsets"][0],
        ).view(entry["shape"])
        for name, entry in header.items()
    }


def main():
    import numpy

    samples = torch.from_numpy(numpy.load(sys.argv[1]).astype("float32"))
    with torch.no_grad():
        for row in load()(samples).tolist():
            print(*(f"{value:.6f}" for value in row))


if __name__ == "__main__":
    main()
"#;

/// A list as Python writes it; texts in JSON are texts in Python too.
pub fn python_list<T: Serialize>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| json!(item).to_string()).collect();
    format!("[{}]", items.join(", "))
}

/// A number as Python reads it, with all its digits.
pub fn python_number(value: f32) -> String {
    format!("{value:?}")
}

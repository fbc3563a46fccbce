"""A network designed by Netsmith 0.1.0, as PyTorch source.

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

# Where the network comes from.
PROVENANCE = {
    "run": "runs/made-up",
    "seed": "1",
}

# What becomes of each column: a number is scaled, NaN is missing; a
# category is a code, and turns into one mark for each known code.
COLUMNS = [
    {"name": "column 0", "names": ["a", "b", "\"c\"", "d"], "known": [0, 1]},
    {"name": "column 1", "mean": 5.0, "std": 40.0, "missing": True},
    {"name": "column 2", "names": ["a", "b", "\"c\"", "d"], "known": [1, 3]},
    {"name": "column 3", "mean": 9.0, "std": 40.0, "missing": True},
]


class Model(nn.Module):
    """Raw samples, [batch, 4], to the value, [batch, 1]."""

    def __init__(self):
        super().__init__()
        self.stage_linear = nn.Linear(8, 8)
        self.stage_batch_norm = nn.BatchNorm1d(8)
        self.stage_linear2 = nn.Linear(8, 1)

    def forward(self, raw):
        answer = self.answer(self.normalize(raw))
        return answer * 7.5 + 120.0

    def normalize(self, raw):
        parts = []
        for index, column in enumerate(COLUMNS):
            value = raw[:, index : index + 1]
            if "known" in column:
                codes = torch.tensor(column["known"], dtype=raw.dtype, device=raw.device)
                parts.append(((value - codes).abs() < 0.5).to(raw.dtype))
                continue
            scaled = (value - column["mean"]) / column["std"]
            parts.append(scaled.masked_fill(value.isnan(), 0))
            if column["missing"]:
                parts.append(value.isnan().to(raw.dtype))
        return torch.cat(parts, 1)

    def answer(self, x):
        x = self.stage_linear(x)
        x = self.stage_batch_norm(x)
        x = F.relu(x)
        x = self.stage_linear2(x)  # 1
        return x


# The name of each layer in the file of weights.
PATHS = {
    "stage_linear": "stage.linear",
    "stage_batch_norm": "stage.batch-norm",
    "stage_linear2": "stage.linear2",
}

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

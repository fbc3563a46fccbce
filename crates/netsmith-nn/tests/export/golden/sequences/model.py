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

# Class names by number.
CLASSES = ["class 0", "class 1", "class 2"]

# Mean and standard deviation of each channel of the training data.
MEAN = [100.0]
STD = [50.0]


def attend(heads, query, key, value, mask=None):
    """Means of the values, weighted by how well their keys fit each query."""
    shape = (query.shape[0], value.shape[1], *query.shape[2:])
    query, key, value = (
        x.unflatten(1, (heads, -1)).flatten(3).mT for x in (query, key, value)
    )
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if mask is None:
        return (scores.softmax(-1) @ value).mT.reshape(shape)
    shares = scores.masked_fill(mask == 0, -1e9).softmax(-1)
    return (shares.masked_fill(mask == 0, 0) @ value).mT.reshape(shape)


class Model(nn.Module):
    """Raw samples, [batch, 1, 1, 6], to probabilities, [batch, 3]."""

    def __init__(self):
        super().__init__()
        mean, std = torch.tensor(MEAN), torch.tensor(STD)
        self.register_buffer("mean", mean.view(-1, 1, 1), persistent=False)
        self.register_buffer("std", std.view(-1, 1, 1), persistent=False)
        self.stage_convolution = nn.Conv2d(1, 1, 1)
        self.stage_embedding = nn.Embedding(5, 4)
        self.stage_convolution2 = nn.Conv2d(4, 4, 1, bias=False)
        self.stage_convolution3 = nn.Conv2d(4, 4, 1, bias=False)
        self.stage_convolution4 = nn.Conv2d(4, 6, 1, bias=False)
        self.stage_transposed_convolution = nn.ConvTranspose2d(6, 3, 3, stride=2, padding=1, output_padding=1, bias=False)
        self.stage_transposed_convolution2 = nn.ConvTranspose2d(3, 3, 2, stride=2)
        self.stage_transposed_convolution3 = nn.ConvTranspose2d(3, 3, 3, stride=2, bias=False)
        self.head = nn.Linear(1323, 3)

    def forward(self, raw):
        answer = self.answer(self.normalize(raw))
        return torch.softmax(answer, 1)

    def normalize(self, raw):
        return (raw - self.mean) / self.std

    def answer(self, x):
        x = self.stage_convolution(x)
        y = self.stage_embedding(x[:, 0].clamp(0, 4).long()).permute(0, 3, 1, 2)  # 4x1x6
        x = F.relu(x)
        z = self.stage_convolution2(y)
        x3 = self.stage_convolution3(y)
        y = self.stage_convolution4(y)  # 6x1x6
        x = attend(2, z, x3, y, x)  # 6x1x6
        x = attend(1, x, x, x)
        y = x.softmax(1)
        z = x.flatten(2).softmax(2).reshape(x.shape)
        x = y + z + x
        x = self.stage_transposed_convolution(x)  # 3x2x12
        x = self.stage_transposed_convolution2(x)  # 3x4x24
        x = self.stage_transposed_convolution3(x)  # 3x9x49
        x = x.flatten(1)  # 1323
        x = self.head(x)  # 3
        return x


# The name of each layer in the file of weights.
PATHS = {
    "stage_convolution": "stage.convolution",
    "stage_embedding": "stage.embedding",
    "stage_convolution2": "stage.convolution2",
    "stage_convolution3": "stage.convolution3",
    "stage_convolution4": "stage.convolution4",
    "stage_transposed_convolution": "stage.transposed-convolution",
    "stage_transposed_convolution2": "stage.transposed-convolution2",
    "stage_transposed_convolution3": "stage.transposed-convolution3",
    "head": "head",
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

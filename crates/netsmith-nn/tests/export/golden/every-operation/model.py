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
MEAN = [100.0, 101.0, 102.0, 103.0]
STD = [50.0, 50.0, 50.0, 50.0]


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each pixel."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def average_inside(x, pads, kernel, stride):
    """Mean over the pixels of each window that lie inside the image."""
    inside = F.pad(torch.ones_like(x[:1, :1]), pads)
    share = F.avg_pool2d(inside, kernel, stride)
    return F.avg_pool2d(F.pad(x, pads), kernel, stride) / share


class Model(nn.Module):
    """Raw samples, [batch, 4, 9, 8], to probabilities, [batch, 3]."""

    def __init__(self):
        super().__init__()
        mean, std = torch.tensor(MEAN), torch.tensor(STD)
        self.register_buffer("mean", mean.view(-1, 1, 1), persistent=False)
        self.register_buffer("std", std.view(-1, 1, 1), persistent=False)
        self.stage_convolution = nn.Conv2d(4, 6, 3, padding=2, dilation=2, groups=2)
        self.stage_batch_norm = nn.BatchNorm2d(6)
        self.stage_convolution2 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm2 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution3 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm3 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution4 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm4 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution5 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm5 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution6 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm6 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution7 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm7 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution8 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm8 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution9 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm9 = nn.BatchNorm2d(6, affine=False)
        self.stage_convolution10 = nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False)
        self.stage_batch_norm10 = nn.BatchNorm2d(6, affine=False)
        self.stage_layer_norm = ChannelNorm(6)
        self.stage_convolution11 = nn.Conv2d(6, 6, 2, stride=2, bias=False)
        self.stage_convolution12 = nn.Conv2d(6, 6, 1, stride=2, bias=False)
        self.stage_linear = nn.Linear(6, 6)
        self.stage_linear2 = nn.Linear(120, 6)
        self.cell_step = nn.Conv2d(6, 6, (1, 3), padding=(0, 1), bias=False)
        self.stage_batch_norm11 = nn.BatchNorm1d(12)
        self.stage_layer_norm2 = nn.LayerNorm(12, elementwise_affine=False)
        self.head = nn.Linear(12, 3)

    def forward(self, raw):
        answer = self.answer(self.normalize(raw))
        return torch.softmax(answer, 1)

    def normalize(self, raw):
        return (raw - self.mean) / self.std

    def answer(self, x):
        x = self.stage_convolution(x)  # 6x9x8
        x = self.stage_batch_norm(x)
        x = F.relu(x)
        y = self.stage_convolution2(x)
        y = self.stage_batch_norm2(y)
        y = F.relu(y)
        z = self.stage_convolution3(x)
        z = self.stage_batch_norm3(z)
        z = F.relu6(z)
        x3 = self.stage_convolution4(x)
        x3 = self.stage_batch_norm4(x3)
        x3 = F.hardswish(x3)
        x4 = self.stage_convolution5(x)
        x4 = self.stage_batch_norm5(x4)
        x4 = F.hardsigmoid(x4)
        x5 = self.stage_convolution6(x)
        x5 = self.stage_batch_norm6(x5)
        x5 = F.silu(x5)
        x6 = self.stage_convolution7(x)
        x6 = self.stage_batch_norm7(x6)
        x6 = F.gelu(x6)
        x7 = self.stage_convolution8(x)
        x7 = self.stage_batch_norm8(x7)
        x7 = torch.sigmoid(x7)
        x8 = self.stage_convolution9(x)
        x8 = self.stage_batch_norm9(x8)
        x8 = torch.tanh(x8)
        x = self.stage_convolution10(x)
        x = self.stage_batch_norm10(x)
        x = 1 - x
        x = y + z + x3 + x4 + x5 + x6 + x7 + x8 + x
        x = F.channel_shuffle(x, 3)
        x = self.stage_layer_norm(x)
        y = F.max_pool2d(x, 3, 2, 1)  # 6x5x4
        z = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)  # 6x5x4
        x3 = F.max_pool2d(F.pad(x, (0, 0, 0, 1), value=-torch.inf), 2, 2)  # 6x5x4
        x4 = average_inside(x, (0, 0, 0, 1), 2, 2)  # 6x5x4
        x5 = self.stage_convolution11(F.pad(x, (0, 0, 0, 1)))  # 6x5x4
        x6 = torch.zeros_like(x[:, :, ::2, ::2])  # 6x5x4
        x = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        x = self.stage_convolution12(x)  # 6x5x4
        x = y + z + x3 + x4 + x5 + x6 + x
        y = x.mean((2, 3))  # 6
        y = self.stage_linear(y)
        y = torch.sigmoid(y)
        x = x * y[:, :, None, None]
        y = F.pad(x, (0, 0, 0, 1, 0, 0))  # 6x6x4
        y = F.interpolate(F.max_pool2d(y, (2, 1)), scale_factor=(1, 2))  # 6x3x8
        y = y.mean((2, 3))  # 6
        x = x.flatten(1)  # 120
        x = self.stage_linear2(x)  # 6
        y = torch.stack([y, x, y], -1).unsqueeze(2)  # 6x1x3
        y = self.cell_step(y)
        y = self.cell_step(y)
        y = y[:, :, 0, 1]  # 6
        x = torch.cat([y, x], 1)  # 12
        x = self.stage_batch_norm11(x)
        x = self.stage_layer_norm2(x)
        x = F.dropout(x, 0.25, self.training)
        x = self.head(x)  # 3
        return x


# The name of each layer in the file of weights.
PATHS = {
    "stage_convolution": "stage.convolution",
    "stage_batch_norm": "stage.batch-norm",
    "stage_convolution2": "stage.convolution2",
    "stage_batch_norm2": "stage.batch-norm2",
    "stage_convolution3": "stage.convolution3",
    "stage_batch_norm3": "stage.batch-norm3",
    "stage_convolution4": "stage.convolution4",
    "stage_batch_norm4": "stage.batch-norm4",
    "stage_convolution5": "stage.convolution5",
    "stage_batch_norm5": "stage.batch-norm5",
    "stage_convolution6": "stage.convolution6",
    "stage_batch_norm6": "stage.batch-norm6",
    "stage_convolution7": "stage.convolution7",
    "stage_batch_norm7": "stage.batch-norm7",
    "stage_convolution8": "stage.convolution8",
    "stage_batch_norm8": "stage.batch-norm8",
    "stage_convolution9": "stage.convolution9",
    "stage_batch_norm9": "stage.batch-norm9",
    "stage_convolution10": "stage.convolution10",
    "stage_batch_norm10": "stage.batch-norm10",
    "stage_layer_norm": "stage.layer-norm",
    "stage_convolution11": "stage.convolution11",
    "stage_convolution12": "stage.convolution12",
    "stage_linear": "stage.linear",
    "stage_linear2": "stage.linear2",
    "cell_step": "cell.step",
    "stage_batch_norm11": "stage.batch-norm11",
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

"""Golden values of training: three steps of three networks in PyTorch.

Weights, samples and labels come from an integer hash, so that no file need be
shared; `crates/netsmith-nn/tests/golden.rs` builds the same networks, trains
them the same way and compares. Run by `cargo xtask torch`.
"""

import json
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

from shared.hashed import hashed

SAMPLES = 20
CLASSES = 10
STEPS = 3
LEARNING_RATE = 0.05
MOMENTUM = 0.9
WEIGHT_DECAY = 1e-3
SMOOTHING = 0.1
TARGET = Path("crates/netsmith-nn/tests/golden/training.json")


class Weights:
    """Gives out tensors in the order in which a network asks for them."""

    def __init__(self):
        self.all, self.next, self.training = [], 0, True

    def take(self, shape, kind, fan_in=1):
        if self.next == len(self.all):
            values = torch.from_numpy(hashed(self.next + 1, int(numpy.prod(shape))).copy()).reshape(shape)
            if kind == "kernel":
                values = values * numpy.float32(fan_in**-0.5)
            elif kind == "scale":
                values = 1 + numpy.float32(0.1) * values
            elif kind == "bias":
                values = numpy.float32(0.1) * values
            elif kind == "mean":
                values = torch.zeros(shape)
            else:
                values = torch.ones(shape)
            self.all.append((values.requires_grad_(kind in ("kernel", "scale", "bias")), kind))
        self.next += 1
        return self.all[self.next - 1][0]

    def conv(self, x, out, kernel, stride=1, groups=1):
        fan_in = x.shape[1] // groups * kernel * kernel
        w = self.take((out, x.shape[1] // groups, kernel, kernel), "kernel", fan_in)
        return F.conv2d(x, w, stride=stride, padding=kernel // 2, groups=groups)

    def linear(self, x, out):
        w = self.take((out, x.shape[1]), "kernel", x.shape[1])
        return F.linear(x, w, self.take((out,), "bias"))

    def batch_norm(self, x):
        c = (x.shape[1],)
        w, b = self.take(c, "scale"), self.take(c, "bias")
        mean, variance = self.take(c, "mean"), self.take(c, "variance")
        return F.batch_norm(x, mean, variance, w, b, self.training, 0.1, 1e-5)

    def layer_norm(self, x):
        c = (x.shape[1],)
        return F.layer_norm(x, c, self.take(c, "scale"), self.take(c, "bias"), 1e-5)


def global_pool(x):
    return x.mean((2, 3))


def cell_network(w, x):
    """A NAS-Bench-201 network with one cell, a reduction and one cell."""

    def edge(x, kernel):
        return w.batch_norm(w.conv(F.relu(x), x.shape[1], kernel))

    def cell(x):
        a = edge(x, 3)
        b = x + edge(a, 1)
        pooled = F.avg_pool2d(a, 3, 1, 1, count_include_pad=False)
        return edge(x, 3) + pooled + edge(b, 3)

    x = w.batch_norm(w.conv(x, 4, 3))
    x = cell(x)
    y = w.batch_norm(w.conv(F.relu(x), 8, 3, 2))
    y = w.batch_norm(w.conv(F.relu(y), 8, 3))
    x = y + w.conv(F.avg_pool2d(x, 2, 2), 8, 1)
    x = cell(x)
    x = F.relu(w.batch_norm(x))
    return w.linear(global_pool(x), CLASSES)


def chain_network(w, x):
    """Inverted bottlenecks with squeeze-and-excitation and hard swish."""

    def bottleneck(x, out, kernel, stride):
        y = F.hardswish(w.batch_norm(w.conv(x, 24, 1)))
        y = F.hardswish(w.batch_norm(w.conv(y, 24, kernel, stride, 24)))
        gate = w.linear(global_pool(y), 6)
        gate = F.hardsigmoid(w.linear(F.relu(gate), 24))
        y = y * gate[:, :, None, None]
        y = w.batch_norm(w.conv(y, out, 1))
        return x + y if stride == 1 else y

    x = F.hardswish(w.batch_norm(w.conv(x, 8, 3)))
    x = F.max_pool2d(x, 3, 1, 1)
    x = bottleneck(x, 12, 5, 2)
    x = bottleneck(x, 12, 3, 1)
    return w.linear(global_pool(x), CLASSES)


def dense_network(w, x):
    """A residual network for tables with layer norm."""
    x = w.linear(x, 32)
    y = w.linear(F.gelu(w.layer_norm(x)), 32)
    x = x + y
    x = F.silu(w.batch_norm(x))
    return w.linear(x, CLASSES)


def train(network, shape):
    w = Weights()
    momenta = {}
    losses = []
    labels = torch.tensor([(7 * i + 3) % CLASSES for i in range(SAMPLES)])
    size = SAMPLES * int(numpy.prod(shape))

    def batch(number):
        return torch.from_numpy(hashed(1000 + number, size).copy()).reshape((SAMPLES, *shape))

    for step in range(STEPS):
        w.next = 0
        loss = F.cross_entropy(network(w, batch(step)), labels, label_smoothing=SMOOTHING)
        trained = [(t, kind) for t, kind in w.all if t.requires_grad]
        gradients = torch.autograd.grad(loss, [t for t, _ in trained])
        losses.append(loss.item())
        with torch.no_grad():
            for number, ((t, kind), g) in enumerate(zip(trained, gradients)):
                if kind == "kernel":
                    g = g + WEIGHT_DECAY * t
                m = MOMENTUM * momenta[number] + g if number in momenta else g.clone()
                momenta[number] = m
                t -= LEARNING_RATE * (g + MOMENTUM * m)
    w.next, w.training = 0, False
    with torch.no_grad():
        answers = network(w, batch(STEPS))
    return {
        "parameters": sum(t.numel() for t, _ in w.all if t.requires_grad),
        "losses": losses,
        "answers": answers[0].tolist(),
    }


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    golden = {
        "torch": torch.__version__,
        "cell": train(cell_network, (3, 8, 8)),
        "chain": train(chain_network, (1, 9, 9)),
        "dense": train(dense_network, (13,)),
    }
    TARGET.write_text(json.dumps(golden, indent=2) + "\n")
    print(f"wrote {TARGET}")


main()

"""Golden values of the training-free scores: three networks in PyTorch.

Weights, samples and labels come from an integer hash, so that no file need be
shared; the tests of `crates/netsmith-nn/src/score` build the same networks and
compare. Run by `cargo xtask torch`.
"""

import json
import math
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

from shared.hashed import hashed

SAMPLES = 12
CLASSES = 5
TARGET = Path("crates/netsmith-nn/tests/golden/scores.json")


class Pass:
    """One pass over a network in training mode, with all that scores look at."""

    def __init__(self, weights=None, flow=False):
        self.given, self.next, self.weights = weights, 0, []
        self.flow = flow
        self.outputs, self.rectified, self.variances = [], [], []

    def take(self, shape, kind, fan_in=1):
        self.next += 1
        values = torch.from_numpy(hashed(self.next, int(numpy.prod(shape))).copy()).double().reshape(shape)
        if kind == "kernel":
            values = values * fan_in**-0.5
        elif kind == "scale":
            values = 1 + 0.1 * values
        else:
            values = 0.1 * values
        if self.flow:
            values = values.abs()
        values = values.requires_grad_()
        if kind == "kernel":
            self.weights.append(values)
        return values

    def layer(self, output):
        output.retain_grad()
        self.outputs.append(output)
        return output

    def conv(self, x, out, kernel, stride):
        w = self.take((out, x.shape[1], kernel, kernel), "kernel", x.shape[1] * kernel * kernel)
        return self.layer(F.conv2d(x, w, stride=stride, padding=kernel // 2))

    def linear(self, x, out):
        w = self.take((out, x.shape[1]), "kernel", x.shape[1])
        return self.layer(F.linear(x, w, self.take((out,), "bias")))

    def norm(self, x):
        c = (x.shape[1],)
        w, b = self.take(c, "scale"), self.take(c, "bias")
        self.next += 2
        if self.flow:
            return x
        mean, variance = torch.zeros(c).double(), torch.ones(c).double()
        y = F.batch_norm(x, mean, variance, w, b, True, 0.1, 1e-5)
        self.variances.append(variance)
        return y

    def relu(self, x):
        self.rectified.append((x > 0).flatten(1).double())
        return F.relu(x)


def image_network(p, x):
    x = p.relu(p.norm(p.conv(x, 4, 3, 1)))
    y = p.norm(p.conv(x, 4, 3, 1))
    x = x + y
    x = p.relu(p.norm(p.conv(x, 6, 3, 2)))
    p.features = x
    return p.linear(x.mean((2, 3)), CLASSES)


def deep_network(p, x):
    """Two cells in each of three stages, as in NAS-Bench-201."""

    def edge(x, out, stride=1):
        return p.norm(p.conv(p.relu(x), out, 3, stride))

    def cell(x):
        out = x.shape[1]
        a = edge(x, out)
        b = x + edge(a, out)
        pooled = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return pooled + edge(a, out) + edge(b, out)

    x = p.norm(p.conv(x, 8, 3, 1))
    for out in (8, 16, 32):
        if out > 8:
            y = edge(edge(x, out, 2), out)
            x = y + p.conv(F.avg_pool2d(x, 2, 2), out, 1, 1)
        x = cell(cell(x))
    x = p.relu(p.norm(x))
    p.features = x
    return p.linear(x.mean((2, 3)), CLASSES)


def table_network(p, x):
    x = p.relu(p.linear(x, 8))
    x = p.relu(p.linear(x, 8))
    p.features = x
    return p.linear(x, CLASSES)


def scores(network, shape):
    size = SAMPLES * int(numpy.prod(shape))
    labels = torch.tensor([(7 * i + 3) % CLASSES for i in range(SAMPLES)])

    def batch(number):
        return torch.from_numpy(hashed(1000 + number, size).copy()).double().reshape((SAMPLES, *shape))

    def gradients(number, create_graph=False):
        p = Pass()
        loss = F.cross_entropy(network(p, batch(number)), labels)
        return p, torch.autograd.grad(loss, p.weights, create_graph=create_graph)

    found = {}
    p, g = gradients(0, create_graph=True)
    found["grad_norm"] = sum(own.norm().item() for own in g)
    found["snip"] = sum((w * own).abs().sum().item() for w, own in zip(p.weights, g))
    product = sum((own.detach() * own).sum() for own in g)
    hessian = torch.autograd.grad(product, p.weights)
    found["grasp"] = sum((-w * h).sum().item() for w, h in zip(p.weights, hessian))

    _, other = gradients(1)
    zico = 0.0
    for a, b in zip(g, other):
        both = torch.stack([a.detach(), b])
        deviation = both.std(0, unbiased=False)
        differs = deviation > 0
        zico += math.log((both.abs().mean(0)[differs] / deviation[differs]).sum().item())
    found["zico"] = zico

    p = Pass()
    F.cross_entropy(network(p, batch(0)), labels).backward()
    fisher = 0.0
    for a in p.outputs:
        own = (a * a.grad).flatten(2).sum(2) if a.dim() > 2 else a * a.grad
        fisher += 0.5 * own.pow(2).mean(0).sum().item()
    found["fisher"] = fisher

    kernel = sum(x @ x.T + (1 - x) @ (1 - x).T for x in p.rectified)
    found["naswot"] = torch.linalg.slogdet(kernel)[1].item()

    x = batch(0).requires_grad_()
    network(Pass(), x).sum().backward()
    values = torch.linalg.eigvalsh(torch.corrcoef(x.grad.flatten(1))) + 1e-5
    found["jacob_cov"] = -(values.log() + 1 / values).sum().item()

    p = Pass(flow=True)
    network(p, torch.ones((1, *shape)).double()).sum().backward()
    found["synflow"] = math.log(sum((w * w.grad).abs().sum().item() for w in p.weights))
    found["logsynflow"] = sum((w * (w.grad.abs() + 1).log()).abs().sum().item() for w in p.weights)

    # One pass on each batch, so that the running variances move twice.
    first, second = Pass(), Pass()
    network(first, batch(0))
    network(second, batch(1))
    distance = (first.features - second.features).abs().sum() / SAMPLES
    zen = distance.log().item()
    for a, b in zip(first.variances, second.variances):
        # `second` began from one; what `first` had moved counts 0.9 of it.
        zen += 0.5 * (b + 0.9 * (a - 1)).mean().log().item()
    found["zen"] = zen
    return found


def main():
    torch.set_num_threads(1)
    golden = {
        "torch": torch.__version__,
        "image": scores(image_network, (3, 8, 8)),
        "deep": scores(deep_network, (3, 16, 16)),
        "table": scores(table_network, (7,)),
    }
    TARGET.write_text(json.dumps(golden, indent=2) + "\n")
    print(f"wrote {TARGET}")


main()

"""Golden values of gradient search: three steps of DARTS, first and second
order, and of GDAS with forced samples, on a supernet in PyTorch.

Weights, samples and draws come from an integer hash, so that no file need be
shared; `crates/netsmith-nn/src/supernet/golden.rs` makes the same steps and
compares. Run by `cargo xtask torch`.
"""

import json
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F

from shared.hashed import hashed

CHANNELS = 4
CLASSES = 10
SAMPLES = 16
SIZE = 8
STEPS = 3
LEARNING_RATE = 0.025
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
CLIP = 5.0
ARCHITECTURE_RATE = 0.01
ARCHITECTURE_DECAY = 1e-3
BETAS = (0.5, 0.999)
TEMPERATURE = 2.5
EDGES = 6
OPTIONS = 5
TARGET = Path("crates/netsmith-nn/tests/golden/supernet.json")


class Weights:
    """Makes tensors in the order in which the supernet first asks for them."""

    def __init__(self):
        self.tensors, self.kernels, self.index = [], [], 0

    def make(self, shape, kind, fan_in=1):
        self.index += 1
        if kind == "running":
            return None
        values = torch.from_numpy(hashed(self.index, int(numpy.prod(shape))).copy()).reshape(shape)
        if kind == "kernel":
            values = values * numpy.float32(fan_in**-0.5)
        elif kind == "scale":
            values = 1 + numpy.float32(0.1) * values
        else:
            values = numpy.float32(0.1) * values
        self.tensors.append(values.requires_grad_())
        self.kernels.append(kind == "kernel")
        return len(self.tensors) - 1

    def convolution(self, out, into, kernel):
        return self.make((out, into, kernel, kernel), "kernel", into * kernel * kernel)

    def norm(self, channels, affine):
        pair = None
        if affine:
            pair = (self.make((channels,), "scale"), self.make((channels,), "bias"))
        self.make((channels,), "running")
        self.make((channels,), "running")
        return pair


def build(w):
    """The places of all weights, in the order of the network's nodes."""

    def cell(c):
        edges = []
        for _ in range(EDGES):
            one = w.convolution(c, c, 1)
            w.norm(c, False)
            three = w.convolution(c, c, 3)
            w.norm(c, False)
            edges.append((one, three))
        return edges

    def reduction(c):
        first = w.convolution(c, c // 2, 3), w.norm(c, True)
        second = w.convolution(c, c, 3), w.norm(c, True)
        return first, second, w.convolution(c, c // 2, 1)

    places = {"stem": (w.convolution(CHANNELS, 1, 3), w.norm(CHANNELS, True)), "stages": []}
    for stage in range(3):
        c = CHANNELS << stage
        before = reduction(c) if stage > 0 else None
        places["stages"].append((before, cell(c)))
    last = CHANNELS << 2
    places["norm"] = w.norm(last, True)
    places["head"] = (w.make((CLASSES, last), "kernel", last), w.make((CLASSES,), "bias"))
    return places


def forward(places, tensors, mixture, x):
    """Logits; `mixture` is one weight for each option of each edge."""

    def norm(x, pair):
        scale, bias = (None, None) if pair is None else (tensors[pair[0]], tensors[pair[1]])
        return F.batch_norm(x, None, None, scale, bias, True, 0.1, 1e-5)

    def conv(x, place, stride=1):
        weight = tensors[place]
        return F.conv2d(x, weight, stride=stride, padding=weight.shape[2] // 2)

    def cell(x, edges):
        nodes, number = [x], 0
        for node in range(1, 4):
            total = 0
            for source in range(node):
                one, three = edges[number]
                y = nodes[source]
                options = [
                    torch.zeros_like(y),
                    y,
                    norm(conv(F.relu(y), one), None),
                    norm(conv(F.relu(y), three), None),
                    F.avg_pool2d(y, 3, 1, 1, count_include_pad=False),
                ]
                total = total + sum(m * o for m, o in zip(mixture[number], options))
                number += 1
            nodes.append(total)
        return nodes[3]

    kernel, pair = places["stem"]
    x = norm(conv(x, kernel), pair)
    for before, edges in places["stages"]:
        if before is not None:
            (first, a), (second, b), short = before
            y = norm(conv(F.relu(x), first, 2), a)
            y = norm(conv(F.relu(y), second), b)
            x = y + conv(F.avg_pool2d(x, 2, 2), short)
        x = cell(x, edges)
    x = F.relu(norm(x, places["norm"])).mean((2, 3))
    weight, bias = places["head"]
    return F.linear(x, tensors[weight], tensors[bias])


def batch(number):
    size = SAMPLES * SIZE * SIZE
    return torch.from_numpy(hashed(1000 + number, size).copy()).reshape((SAMPLES, 1, SIZE, SIZE))


def labels(number):
    return torch.tensor([(7 * i + 3 * number + 1) % CLASSES for i in range(SAMPLES)])


class Adam:
    """With the decay added to the gradient, as PyTorch's has it."""

    def __init__(self):
        self.first = torch.zeros(EDGES, OPTIONS, dtype=torch.float64)
        self.second = torch.zeros(EDGES, OPTIONS, dtype=torch.float64)
        self.steps = 0

    def step(self, alphas, gradient):
        self.steps += 1
        gradient = gradient + ARCHITECTURE_DECAY * alphas
        self.first = BETAS[0] * self.first + (1 - BETAS[0]) * gradient
        self.second = BETAS[1] * self.second + (1 - BETAS[1]) * gradient**2
        first = self.first / (1 - BETAS[0] ** self.steps)
        second = self.second / (1 - BETAS[1] ** self.steps)
        return alphas - ARCHITECTURE_RATE * first / (second.sqrt() + 1e-8)


class Search:
    """`nesterov`: the form of SGD, as each method's authors have it."""

    def __init__(self, nesterov):
        self.nesterov = nesterov
        self.w = Weights()
        self.places = build(self.w)
        self.momenta = None
        values = hashed(500, EDGES * OPTIONS).astype(numpy.float64)
        self.alphas = torch.from_numpy(values).reshape(EDGES, OPTIONS)
        self.adam = Adam()
        self.golden = {"weight_losses": [], "architecture_losses": [], "gradients": []}

    def loss(self, tensors, mixture, number):
        answers = forward(self.places, tensors, mixture, batch(number))
        return F.cross_entropy(answers, labels(number))

    def decayed(self, gradients, tensors):
        pairs = zip(gradients, tensors, self.w.kernels)
        return [g + WEIGHT_DECAY * t if kernel else g for g, t, kernel in pairs]

    def weights_step(self, mixture, number):
        loss = self.loss(self.w.tensors, mixture, number)
        gradients = torch.autograd.grad(loss, self.w.tensors, allow_unused=True)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients if g is not None))
        factor = min(1.0, CLIP / norm.item())
        first = self.momenta is None
        if first:
            self.momenta = [torch.zeros_like(t) for t in self.w.tensors]
        with torch.no_grad():
            for i, (t, g) in enumerate(zip(self.w.tensors, gradients)):
                # What was not computed does not move.
                if g is None:
                    continue
                g = g * factor
                if self.w.kernels[i]:
                    g = g + WEIGHT_DECAY * t
                self.momenta[i] = g.clone() if first else MOMENTUM * self.momenta[i] + g
                step = g + MOMENTUM * self.momenta[i] if self.nesterov else self.momenta[i]
                t -= LEARNING_RATE * step
        self.golden["weight_losses"].append(loss.item())

    def architecture_step(self, loss, gradient):
        self.golden["architecture_losses"].append(loss)
        self.golden["gradients"].append(gradient.tolist())
        self.alphas = self.adam.step(self.alphas, gradient)


def darts(second_order):
    search = Search(nesterov=False)

    def slopes(tensors, alphas, number):
        alphas = alphas.clone().requires_grad_()
        mixture = torch.softmax(alphas, 1).float()
        loss = search.loss(tensors, mixture, number)
        return loss.item(), torch.autograd.grad(loss, alphas)[0]

    for step in range(STEPS):
        train, valid = 2 * step, 2 * step + 1
        alphas = search.alphas
        if second_order:
            mixture = torch.softmax(alphas, 1).float()
            loss = search.loss(search.w.tensors, mixture, train)
            gradients = torch.autograd.grad(loss, search.w.tensors)
            gradients = search.decayed(gradients, search.w.tensors)
            momenta = search.momenta or [0.0 for _ in gradients]
            ahead = [
                (t - LEARNING_RATE * (MOMENTUM * m + g)).detach().requires_grad_()
                for t, g, m in zip(search.w.tensors, gradients, momenta)
            ]
            free = alphas.clone().requires_grad_()
            there = search.loss(ahead, torch.softmax(free, 1).float(), valid)
            *direction, gradient = torch.autograd.grad(there, [*ahead, free])
            epsilon = 0.01 / torch.sqrt(sum((v**2).sum() for v in direction))
            moved = lambda sign: [
                (t + sign * epsilon * v).detach() for t, v in zip(search.w.tensors, direction)
            ]
            plus = slopes(moved(1), alphas, train)[1]
            minus = slopes(moved(-1), alphas, train)[1]
            gradient = gradient - LEARNING_RATE * (plus - minus) / (2 * epsilon.item())
            search.architecture_step(there.item(), gradient)
        else:
            search.architecture_step(*slopes(search.w.tensors, alphas, valid))
        search.weights_step(torch.softmax(search.alphas, 1).float(), train)
    return search.golden


def gdas(all_ones):
    """`all_ones`: what was not drawn counts as if its output were ones."""
    search = Search(nesterov=True)

    def forced(number):
        noise = torch.from_numpy(hashed(2000 + number, EDGES * OPTIONS).astype(numpy.float64))
        noisy = (torch.log_softmax(search.alphas, 1) + noise.reshape(EDGES, OPTIONS)) / TEMPERATURE
        return torch.softmax(noisy, 1)

    def hard(soft):
        return F.one_hot(soft.argmax(1), OPTIONS).float()

    for step in range(STEPS):
        train, valid = 2 * step, 2 * step + 1
        search.weights_step(chosen(hard(forced(train))), train)
        soft = forced(valid)
        one = hard(soft).requires_grad_()
        loss = search.loss(search.w.tensors, chosen(one, all_ones), valid)
        upstream = torch.autograd.grad(loss, one)[0].double()
        pulled = soft * (upstream - (soft * upstream).sum(1, keepdim=True)) / TEMPERATURE
        search.architecture_step(loss.item(), pulled)
    return search.golden


class Ones:
    """A weight of zero whose slope is that of an output of ones."""

    def __init__(self, weight):
        self.weight = weight

    def __mul__(self, output):
        return self.weight * torch.ones_like(output)


class Nothing:
    def __mul__(self, output):
        return 0


def chosen(one, all_ones=False):
    """The weights of the drawn options alone, or with ones for the others."""
    rest = (lambda weight: Ones(weight)) if all_ones else (lambda weight: Nothing())
    return [[w if w.item() == 1 else rest(w) for w in edge] for edge in one]


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    golden = {
        "torch": torch.__version__,
        "darts": darts(False),
        "darts_second_order": darts(True),
        "gdas": gdas(False),
        "gdas_ones": gdas(True),
    }
    TARGET.write_text(json.dumps(golden, indent=1) + "\n")
    print(f"wrote {TARGET}")


main()

"""PyTorch's side of `cargo xtask peers`: times one piece of work, prints JSON.

usage: peer.py WORK THREADS STEPS

A step is forward, cross-entropy, backward and an update by SGD with momentum
0.9, on random data; `w1-inference` is forward alone at batch 1. The networks are
those that `netsmith profile` runs in the same command.
"""

import json
import resource
import statistics
import sys
import time
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

WARM_UP = 2


def relu_conv_norm(channels, out, kernel, stride=1, norm=nn.BatchNorm2d):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False),
        norm(out),
    )


def bench_nodes(x, edges):
    """What the cell of NAS-Bench-201 makes of x with its six edges."""
    nodes, edges = [x], iter(edges)
    for node in range(1, 4):
        nodes.append(sum(next(edges)(nodes[source]) for source in range(node)))
    return nodes[3]


class BenchCell(nn.Module):
    """The NAS-Bench-201 cell whose six edges are 3x3 convolutions."""

    def __init__(self, channels):
        super().__init__()
        self.edges = nn.ModuleList(relu_conv_norm(channels, channels, 3) for _ in range(6))

    def forward(self, x):
        return bench_nodes(x, self.edges)


class Reduction(nn.Module):
    """The residual block between two stages of NAS-Bench-201."""

    def __init__(self, channels):
        super().__init__()
        self.first = relu_conv_norm(channels, 2 * channels, 3, 2)
        self.second = relu_conv_norm(2 * channels, 2 * channels, 3)
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, 2), nn.Conv2d(channels, 2 * channels, 1, bias=False)
        )

    def forward(self, x):
        return self.second(self.first(x)) + self.shortcut(x)


def w1():
    """All edges 3x3 convolutions, one cell a stage, 16 channels: 364,954 parameters."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        BenchCell(16),
        Reduction(16),
        BenchCell(32),
        Reduction(32),
        BenchCell(64),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def norm(channels):
    return nn.BatchNorm2d(channels, affine=False)


class FactorizedReduce(nn.Module):
    def __init__(self, channels, out):
        super().__init__()
        self.a = nn.Conv2d(channels, out // 2, 1, 2, bias=False)
        self.b = nn.Conv2d(channels, out // 2, 1, 2, bias=False)
        self.norm = norm(out)

    def forward(self, x):
        x = F.relu(x)
        return self.norm(torch.cat([self.a(x), self.b(x[:, :, 1:, 1:])], dim=1))


def separable(channels, kernel, stride):
    def half(stride):
        return [
            nn.ReLU(),
            nn.Conv2d(
                channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            norm(channels),
        ]

    return nn.Sequential(*half(stride), *half(1))


def dilated(channels, kernel, stride):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(
            channels, channels, kernel, stride, kernel - 1, dilation=2, groups=channels, bias=False
        ),
        nn.Conv2d(channels, channels, 1, bias=False),
        norm(channels),
    )


class Mixed(nn.Module):
    """The operations of an edge; the zero operation takes weight and costs nothing."""

    def __init__(self, operations, stride=1):
        super().__init__()
        self.stride = stride
        self.operations = nn.ModuleList(operations)

    def forward(self, x, weights):
        if isinstance(weights, tuple):
            chosen, weight = weights
            if chosen == 0:
                return 0.0 * x[:, :, :: self.stride, :: self.stride]
            return weight * self.operations[chosen - 1](x)
        return sum(weights[at + 1] * it(x) for at, it in enumerate(self.operations))


def average_pool(stride=1):
    return nn.AvgPool2d(3, stride, 1, count_include_pad=False)


def darts_edge(channels, stride):
    pool = [nn.MaxPool2d(3, stride, 1), average_pool(stride)]
    skip = nn.Identity() if stride == 1 else FactorizedReduce(channels, channels)
    return Mixed(
        [nn.Sequential(it, norm(channels)) for it in pool]
        + [skip]
        + [separable(channels, kernel, stride) for kernel in (3, 5)]
        + [dilated(channels, kernel, stride) for kernel in (3, 5)],
        stride,
    )


def bench_edge(channels):
    convolutions = [relu_conv_norm(channels, channels, kernel, norm=norm) for kernel in (1, 3)]
    return Mixed([nn.Identity(), *convolutions, average_pool()])


def drawn(alphas, hard):
    """The weights of every edge's operations, or GDAS' draw: one operation an
    edge, whose weight is one with the gradient of the tempered softmax."""
    if not hard:
        return alphas.softmax(-1)
    noise = -torch.empty_like(alphas).exponential_().log()
    soft = ((alphas.log_softmax(-1) + noise) / 10.0).softmax(-1)
    return [
        (int(at), 1.0 + soft[edge, at] - soft[edge, at].detach())
        for edge, at in enumerate(soft.argmax(-1))
    ]


class BenchSupernet(nn.Module):
    """NAS-Bench-201's cell once a stage, 8 channels: 99,378 parameters."""

    def __init__(self, hard):
        super().__init__()
        self.hard = hard
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.cells = nn.ModuleList(
            nn.ModuleList(bench_edge(channels) for _ in range(6)) for channels in (8, 16, 32)
        )
        self.reductions = nn.ModuleList([Reduction(8), Reduction(16), nn.Identity()])
        self.last = nn.Sequential(nn.BatchNorm2d(32), nn.ReLU())
        self.head = nn.Linear(32, 10)
        self.alphas = nn.Parameter(1e-3 * torch.randn(6, 5))

    def forward(self, x):
        weights = drawn(self.alphas, self.hard)
        x = self.stem(x)
        for cell, reduction in zip(self.cells, self.reductions):
            edges = (partial(edge, weights=weight) for edge, weight in zip(cell, weights))
            x = reduction(bench_nodes(x, edges))
        return self.head(self.last(x).mean((2, 3)))


class Cell(nn.Module):
    NODES = 4

    def __init__(self, before, last, channels, reduction, reduction_before):
        super().__init__()
        self.first = (
            FactorizedReduce(before, channels)
            if reduction_before
            else relu_conv_norm(before, channels, 1, norm=norm)
        )
        self.second = relu_conv_norm(last, channels, 1, norm=norm)
        self.edges = nn.ModuleList(
            darts_edge(channels, 2 if reduction and source < 2 else 1)
            for node in range(self.NODES)
            for source in range(2 + node)
        )

    def forward(self, before, last, weights):
        states = [self.first(before), self.second(last)]
        offset = 0
        for _ in range(self.NODES):
            parts = [
                self.edges[offset + at](state, weights[offset + at])
                for at, state in enumerate(states)
            ]
            offset += len(states)
            states.append(sum(parts))
        return torch.cat(states[2:], dim=1)


class Supernet(nn.Module):
    """DARTS, 8 channels, stem multiplier 3, five cells N R N R N: 394,210 parameters."""

    def __init__(self, hard):
        super().__init__()
        self.hard = hard
        self.stem = nn.Sequential(nn.Conv2d(3, 24, 3, padding=1, bias=False), nn.BatchNorm2d(24))
        before, last, channels, reduction_before = 24, 24, 8, False
        self.cells = nn.ModuleList()
        self.reductions = []
        for cell in range(5):
            reduction = cell in (1, 3)
            channels *= 2 if reduction else 1
            self.cells.append(Cell(before, last, channels, reduction, reduction_before))
            self.reductions.append(reduction)
            reduction_before = reduction
            before, last = last, 4 * channels
        self.head = nn.Linear(last, 10)
        self.normal = nn.Parameter(1e-3 * torch.randn(14, 8))
        self.reduce = nn.Parameter(1e-3 * torch.randn(14, 8))

    def forward(self, x):
        normal, reduce = drawn(self.normal, self.hard), drawn(self.reduce, self.hard)
        before = last = self.stem(x)
        for cell, reduction in zip(self.cells, self.reductions):
            before, last = last, cell(before, last, reduce if reduction else normal)
        return self.head(last.mean((2, 3)))


def edge():
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),
        nn.Conv2d(8, 8, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 10),
    )


def mlp():
    layers = []
    for channels in (32, 256, 256):
        layers += [nn.Linear(channels, 256), nn.BatchNorm1d(256), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(256, 10))


IMAGES = (64, 3, 32, 32)
SMALL_IMAGES = (64, 3, 16, 16)
ARCHITECTURE = ("normal", "reduce", "alphas")
WORKS = {
    "w1": (w1, IMAGES),
    "w1-inference": (w1, (1, 3, 32, 32)),
    "w2": (lambda: Supernet(hard=False), IMAGES),
    "gdas": (lambda: Supernet(hard=True), IMAGES),
    "bench-darts": (lambda: BenchSupernet(hard=False), SMALL_IMAGES),
    "bench-gdas": (lambda: BenchSupernet(hard=True), SMALL_IMAGES),
    "edge": (edge, (64, 8, 32, 32)),
    "mlp": (mlp, (256, 32)),
}


def main():
    work, threads, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    build, shape = WORKS[work]
    model = build()
    inputs = torch.randn(shape)
    labels = torch.randint(0, 10, shape[:1])
    if work == "w1-inference":
        model.eval()
        inference = torch.inference_mode()
        inference.__enter__()
        step = lambda: model(inputs)
    else:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

        def step():
            optimizer.zero_grad()
            F.cross_entropy(model(inputs), labels).backward()
            optimizer.step()

    for _ in range(WARM_UP):
        step()
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    parameters = sum(
        it.numel() for name, it in model.named_parameters() if name not in ARCHITECTURE
    )
    print(
        json.dumps(
            {
                "parameters": parameters,
                "ms": statistics.median(times),
                "peak_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
            }
        )
    )


if __name__ == "__main__":
    main()

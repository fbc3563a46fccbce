"""A trainer in plain Python for `netsmith search --evaluator command:...`.

    netsmith search --evaluator 'command:python3 examples/outside/train.py' \
        --space examples/outside/space.toml --input 2 --classes 2 --budget 30trials

It trains a small perceptron to tell two spirals apart. What it shows is the
contract: one JSON object comes in on standard input, one JSON object a step
goes out on standard output, everything for people goes to standard error.
"""

import json
import math
import random
import sys

ACTIVATIONS = {
    "relu": (lambda x: max(0.0, x), lambda y: 1.0 if y > 0.0 else 0.0),
    "tanh": (math.tanh, lambda y: 1.0 - y * y),
    "sigmoid": (
        lambda x: 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x)))),
        lambda y: y * (1.0 - y),
    ),
}


def spirals(count, draw):
    """Points of two spirals, with the number of their spiral."""
    points = []
    for index in range(count):
        label = index % 2
        turn = draw.uniform(0.3, 1.6) * math.pi
        angle = turn + label * math.pi
        noise = [draw.gauss(0.0, 0.05) for _ in range(2)]
        radius = turn / (1.6 * math.pi)
        points.append(
            ([radius * math.cos(angle) + noise[0], radius * math.sin(angle) + noise[1]], label)
        )
    return points


class Perceptron:
    """Layers of (weights, biases); the last one gives one number a class."""

    def __init__(self, sizes, activation, draw):
        self.function, self.slope = ACTIVATIONS[activation]
        self.layers = [
            (
                [[draw.gauss(0.0, 1.0 / math.sqrt(before)) for _ in range(before)] for _ in range(after)],
                [0.0] * after,
            )
            for before, after in zip(sizes, sizes[1:])
        ]

    def forward(self, sample):
        """The outputs of all layers, the sample first."""
        outputs = [sample]
        for index, (weights, biases) in enumerate(self.layers):
            sums = [
                sum(w * x for w, x in zip(row, outputs[-1])) + bias
                for row, bias in zip(weights, biases)
            ]
            last = index + 1 == len(self.layers)
            outputs.append(sums if last else [self.function(x) for x in sums])
        return outputs

    def step(self, sample, label, rate):
        """One step of gradient descent on one sample; its loss."""
        outputs = self.forward(sample)
        highest = max(outputs[-1])
        powers = [math.exp(x - highest) for x in outputs[-1]]
        shares = [power / sum(powers) for power in powers]
        errors = [share - (index == label) for index, share in enumerate(shares)]
        for index in reversed(range(len(self.layers))):
            weights, biases = self.layers[index]
            inputs = outputs[index]
            passed = [
                sum(weights[k][j] * error for k, error in enumerate(errors)) * self.slope(x)
                for j, x in enumerate(inputs)
            ]
            for k, error in enumerate(errors):
                biases[k] -= rate * error
                for j, x in enumerate(inputs):
                    weights[k][j] -= rate * error * x
            errors = passed
        return -math.log(max(shares[label], 1e-12))


def main():
    request = json.loads(sys.stdin.readline())
    decisions = request["decisions"]
    print("trial", request["trial"], decisions, file=sys.stderr)
    activation = next(option for option in decisions.values() if option in ACTIVATIONS)
    width, depth = int(decisions["width"]), int(decisions["depth"])

    # The data are the same for every trial, the weights come from its seed.
    data = spirals(300, random.Random(0))
    train, valid = data[:200], data[200:]
    draw = random.Random(request["seed"])
    classes = int(request["input"]["classes"])
    model = Perceptron([2] + [width] * depth + [classes], activation, draw)

    for epoch in range(1, request["fidelity"]["epochs"] + 1):
        draw.shuffle(train)
        loss = sum(model.step(sample, label, 0.05) for sample, label in train) / len(train)
        right = 0
        for sample, label in valid:
            answer = model.forward(sample)[-1]
            right += answer.index(max(answer)) == label
        line = {"step": epoch, "validation_accuracy": right / len(valid), "train_loss": loss}
        print(json.dumps(line), flush=True)
    print(json.dumps({"done": True}))


if __name__ == "__main__":
    main()

"""Checks exported `model.py` files in PyTorch.

The golden folder of the export tests holds models with their weights, samples
and answers; the tests check that the export still writes those files. Here
PyTorch must give the same answers with them, in Python and from the command line.
"""

import importlib.util
import pathlib
import subprocess
import sys

import numpy
import torch

GOLDEN = pathlib.Path("crates/netsmith-nn/tests/export/golden")
TOLERANCE = 1e-4


def answers_of(path, samples):
    """What `load()` of the file answers."""
    spec = importlib.util.spec_from_file_location(f"model_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.load()
    assert not model.training
    with torch.no_grad():
        return model(torch.from_numpy(samples)).numpy()


def printed_by(path, samples):
    """What the file prints when it is run."""
    command = [sys.executable, path, samples]
    output = subprocess.run(command, check=True, capture_output=True, text=True)
    return numpy.array([line.split() for line in output.stdout.splitlines()], float)


def check(name, answers, expected):
    assert answers.shape == expected.shape, f"{name}: {answers.shape}, {expected.shape}"
    apart = numpy.abs(answers - expected) / numpy.maximum(1, numpy.abs(expected))
    assert apart.max() <= TOLERANCE, f"{name}: answers are {apart.max()} apart"
    print(f"{name}: answers are {apart.max():.1e} apart")


def main():
    sys.dont_write_bytecode = True
    paths = sorted(GOLDEN.glob("*/model.py"))
    assert paths, f"{GOLDEN} holds no model"
    for path in paths:
        expected = numpy.load(path.with_name("answers.npy"))
        samples = path.with_name("samples.npy")
        check(path.parent.name, answers_of(path, numpy.load(samples)), expected)
        check(f"{path.parent.name}, printed", printed_by(path, samples), expected)


if __name__ == "__main__":
    main()

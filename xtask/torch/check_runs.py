"""Checks the `model.py` of real runs in PyTorch.

A few short searches are run with the `netsmith` of the release build; what
`netsmith predict` answers for made samples, the PyTorch source in `best/` must
answer too.
"""

import importlib.util
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
import torch

TOLERANCE = 1e-4
SAMPLES = 24
SPACES = {
    "chain": ["--limit", "parameters<=20k"],
    "nas-bench-201": ["--space", "nas-bench-201", "--set", "channels=4", "--set", "cells=1"],
    "darts": ["--space", "darts", "--set", "channels=4", "--set", "cells=3"],
}


def netsmith(*arguments):
    """The JSON that a command prints."""
    command = ["netsmith", *map(str, arguments), "--json", "--quiet"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def search(run, *arguments):
    budget = ["--budget", "2trials", "--verify", "off", "--run", run]
    return netsmith("search", *budget, *arguments)


def png(pixels):
    """A grey picture as a PNG file."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def model_of(run):
    path = run / "best" / "model.py"
    spec = importlib.util.spec_from_file_location(f"model_{run.name.replace('-', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load()


def check(run, data, samples):
    predictions = netsmith("predict", run, data)["predictions"]
    assert len(predictions) == len(samples), f"{len(predictions)} answers"
    with torch.no_grad():
        answers = model_of(run)(torch.from_numpy(samples)).numpy()
    if "value" in predictions[0]:
        ours = numpy.array([prediction["value"] for prediction in predictions])
        theirs = answers[:, 0]
    else:
        ours = numpy.array([prediction["probability"] for prediction in predictions])
        theirs = answers.max(axis=1)
    apart = (numpy.abs(ours - theirs) / numpy.maximum(1, numpy.abs(theirs))).max()
    assert apart <= TOLERANCE, f"{run.name}: answers are {apart} apart"
    print(f"{run.name}: {len(samples)} answers are {apart:.1e} apart")


def pictures(folder, random):
    """The digits' runs, on made pictures."""
    samples = random.integers(0, 17, (SAMPLES, 8, 8), dtype=numpy.uint8)
    data = folder / "pictures"
    data.mkdir()
    for number, sample in enumerate(samples):
        (data / f"{number:03}.png").write_bytes(png(sample))
    raw = samples[:, None].astype(numpy.float32)
    for name, arguments in SPACES.items():
        run = folder / f"digits-{name}"
        search(run, "--data", "digits", *arguments)
        check(run, data, raw)


def table(folder, random):
    """A regression on a table with missing values."""
    columns = random.normal(size=(300, 3))
    columns[random.random(columns.shape) < 0.05] = numpy.nan
    target = numpy.nan_to_num(columns) @ [1.0, -2.0, 0.5]
    path = folder / "table.csv"
    cells = [["" if numpy.isnan(cell) else repr(float(cell)) for cell in row] for row in columns]
    rows = [",".join([*row, repr(float(value))]) for row, value in zip(cells, target)]
    path.write_text("\n".join(["a,b,c,y", *rows]) + "\n")
    run = folder / "table"
    search(run, "--data", f"csv:{path}", "--target", "y")
    check(run, path, columns.astype(numpy.float32))


def main():
    sys.dont_write_bytecode = True
    random = numpy.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        pictures(pathlib.Path(folder), random)
        table(pathlib.Path(folder), random)


if __name__ == "__main__":
    main()

"""Checks every ONNX file of a folder with the checker and in ONNX Runtime.

Beside NAME.onnx lies NAME.json: `output`, its name; `shape`, that of the input;
`input` and `expected`, flat lists, where null is not a number; `metadata`.
"""

import json
import pathlib
import sys

import numpy
import onnx
import onnxruntime

TOLERANCE = 1e-4


def faults(path):
    case = json.loads(path.with_suffix(".json").read_text())
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    found = {entry.key: entry.value for entry in model.metadata_props}
    for key, value in case["metadata"].items():
        if found.get(key) != value:
            yield f"metadata {key} is {found.get(key)!r}, expected {value!r}"

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    (entry,), (exit_,) = session.get_inputs(), session.get_outputs()
    shape = case["shape"]
    if (entry.name, entry.shape) != ("input", ["batch", *shape[1:]]):
        yield f"the input is {entry.name} {entry.shape}"
    if exit_.name != case["output"] or exit_.shape[0] != "batch":
        yield f"the output is {exit_.name} {exit_.shape}"
    raw = numpy.array(case["input"], dtype=numpy.float32).reshape(shape)
    (answers,) = session.run(None, {"input": raw})
    (single,) = session.run(None, {"input": raw[:1]})
    expected = numpy.array(case["expected"]).reshape(shape[0], -1)
    if answers.shape != expected.shape or answers.dtype != numpy.float32:
        yield f"the output has the shape {answers.shape}, expected {expected.shape}"
        return
    scale = numpy.maximum(1, numpy.abs(expected))
    for name, some in (("batch", answers), ("single sample", single)):
        apart = numpy.abs(some - expected[: len(some)]) / scale[: len(some)]
        if not apart.max() <= TOLERANCE:
            yield f"{name}: answers are {apart.max()} apart"


def main(folder):
    paths = sorted(pathlib.Path(folder).glob("*.onnx"))
    failed = 0
    for path in paths:
        try:
            problems = list(faults(path))
        except Exception as error:
            problems = [f"{type(error).__name__}: {error}"]
        for problem in problems:
            print(f"{path.stem}: {problem}")
        failed += bool(problems)
    print(f"{len(paths) - failed} of {len(paths)} files are right")
    return failed > 0 or not paths


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

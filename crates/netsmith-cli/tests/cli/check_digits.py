"""Checks the exported network of a run on scikit-learn's digits.

ONNX Runtime must be as often right on the raw pictures of the saved test part
as the run says.
"""

import json
import pathlib
import sys

import onnx
import onnxruntime
from sklearn.datasets import load_digits


def main(run):
    path = str(run / "best" / "model.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    splits = json.loads((run / "splits.json").read_text())
    test = splits["test"]
    assert not set(test) & set(splits["train"] + splits["validation"]), "the parts overlap"
    digits = load_digits()
    pictures = digits.images[test][:, None].astype("float32")
    session = onnxruntime.InferenceSession(path)
    [answers] = session.run(["probabilities"], {"input": pictures})
    right = float((answers.argmax(axis=1) == digits.target[test]).mean())
    told = json.loads((run / "report.json").read_text())["best"]["test_accuracy"]
    assert abs(right - told) < 1e-9, f"{right} instead of {told}"


main(pathlib.Path(sys.argv[1]))

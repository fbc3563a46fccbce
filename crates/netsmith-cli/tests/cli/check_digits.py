"""Checks an exported network of a run on scikit-learn's digits: the best one, or that
of a trial which was trained in full.

ONNX Runtime must be as often right on the raw pictures of the saved test part
as the run says.
"""

import json
import pathlib
import sys

import onnx
import onnxruntime
from sklearn.datasets import load_digits


def better(own):
    """Of two trainings of a network the one that the run keeps."""
    longer = own.get("longer")
    score = "validation_accuracy"
    return longer if longer and longer[score] >= own[score] else own


def main(run, trial=None):
    folder = "best" if trial is None else f"trial-{trial}"
    path = str(run / folder / "model.onnx")
    onnx.checker.check_model(onnx.load(path), full_check=True)
    splits = json.loads((run / "splits.json").read_text())
    test = splits["test"]
    assert not set(test) & set(splits["train"] + splits["validation"]), "the parts overlap"
    digits = load_digits()
    pictures = digits.images[test][:, None].astype("float32")
    session = onnxruntime.InferenceSession(path)
    [answers] = session.run(["probabilities"], {"input": pictures})
    right = float((answers.argmax(axis=1) == digits.target[test]).mean())
    report = json.loads((run / "report.json").read_text())
    known = report["finalists"] if trial else [report["best"]]
    [told] = [better(own)["test_accuracy"] for own in known if trial in (None, str(own["trial"]))]
    assert abs(right - told) < 1e-9, f"{right} instead of {told}"


main(pathlib.Path(sys.argv[1]), *sys.argv[2:])

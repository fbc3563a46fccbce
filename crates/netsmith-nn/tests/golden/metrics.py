"""Writes metrics.json: predictions, the truth, and scikit-learn's metrics of them.

    python metrics.py > metrics.json
"""

import json

import numpy
from sklearn import metrics

random = numpy.random.default_rng(1)


def classes(count, samples):
    truth = random.integers(0, count, samples)
    logits = random.normal(size=(samples, count)) + 1.2 * numpy.eye(count)[truth]
    # Ties, and numbers that 32-bit floats hold.
    logits = numpy.round(logits * 4) / 4
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    probabilities = powers / powers.sum(1, keepdims=True)
    predicted = logits.argmax(1)
    values = {
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced-accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "macro-f1": metrics.f1_score(truth, predicted, average="macro"),
        "log-loss": metrics.log_loss(truth, probabilities, labels=range(count)),
    }
    if count == 2:
        values["roc-auc"] = metrics.roc_auc_score(truth, logits[:, 1] - logits[:, 0])
    return {"predictions": logits.ravel().tolist(), "classes": truth.tolist(), "values": values}


def numbers(samples):
    truth = numpy.round(random.normal(30, 8, samples), 2).astype("float32")
    predictions = numpy.round(truth + random.normal(0, 3, samples), 2).astype("float32")
    truth, predictions = truth.astype(float), predictions.astype(float)
    values = {
        "rmse": metrics.root_mean_squared_error(truth, predictions),
        "mae": metrics.mean_absolute_error(truth, predictions),
        "r2": metrics.r2_score(truth, predictions),
    }
    return {"predictions": predictions.tolist(), "numbers": truth.tolist(), "values": values}


print(json.dumps([classes(2, 60), classes(5, 200), numbers(120)]))

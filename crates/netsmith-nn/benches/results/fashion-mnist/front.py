"""Prints the table of the runs `chain-STRATEGY-SEED.json` beside it.

The area of a front is what it dominates in the plane of validation accuracy above 80 %
and the natural logarithm of the latency below 0.2 ms: of the trials of the search (two
epochs each), and of the first full trainings (eight epochs). The column before the last
is the quickest of these that has 92 %, about what a small MobileNet has. A second table
has the means over seeds.
"""

import json
import math
import pathlib

ACCURACY, LATENCY = 0.80, math.log(0.2)
GOOD = 0.92
FORMATS = "{:.2f} %", "{:,.0f}", "{:.3f} ms", "{:.3f}", "{:.3f}"


def area(rows):
    """Of points that are `validation_accuracy` at `latency_ms`."""
    known = [row for row in rows if row.get("validation_accuracy") and row["latency_ms"]]
    points = sorted((math.log(row["latency_ms"]), row["validation_accuracy"]) for row in known)
    total, best, before = 0.0, ACCURACY, LATENCY
    for latency, accuracy in points:
        if latency < LATENCY and accuracy > best:
            total += (best - ACCURACY) * (latency - before)
            best, before = accuracy, latency
    return total + (best - ACCURACY) * (LATENCY - before)


def quickest(rows):
    """Latency and parameters of the quickest that is good enough."""
    good = [row for row in rows if row["validation_accuracy"] >= GOOD]
    if not good:
        return "none"
    least = min(good, key=lambda row: row["latency_ms"])
    return f"{least['latency_ms']:.3f} ms, {least['parameters']:,}"


def figures(run):
    """What is averaged over seeds, in the order of `FORMATS`."""
    best = run["best"]
    return [
        100 * best["test_accuracy"],
        best["parameters"],
        best["latency_ms"],
        area(run["history"]),
        area(run["finalists"]),
    ]


def shown(values):
    return [form.format(value) for form, value in zip(FORMATS, values)]


def row(cells):
    print(f"| {' | '.join(cells)} |")


def main():
    strategies = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("chain-*-[0-9].json")):
        run = json.loads(path.read_text())
        name, values = path.stem.removeprefix("chain-"), figures(run)
        strategies.setdefault(name.rpartition("-")[0], []).append(values)
        trials, seconds = str(len(run["history"])), f"{run['seconds']:,.0f}"
        row([name, trials, *shown(values), quickest(run["finalists"]), seconds])
    print()
    for name, runs in strategies.items():
        means = [sum(column) / len(column) for column in zip(*runs)]
        row([name, str(len(runs)), *shown(means)])


main()

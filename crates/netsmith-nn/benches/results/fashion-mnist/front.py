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
    """What is averaged over seeds, each with its number of decimals and its unit."""
    best = run["best"]
    return [
        (100 * best["test_accuracy"], 2, " %"),
        (best["parameters"], 0, ""),
        (best["latency_ms"], 3, " ms"),
        (area(run["history"]), 3, ""),
        (area(run["finalists"]), 3, ""),
    ]


def row(cells):
    print(f"| {' | '.join(cells)} |")


def main():
    strategies = {}
    for path in sorted(pathlib.Path(__file__).parent.glob("chain-*-[0-9].json")):
        run = json.loads(path.read_text())
        name = path.stem.removeprefix("chain-")
        strategies.setdefault(name.rpartition("-")[0], []).append(figures(run))
        shown = [f"{value:,.{digits}f}{unit}" for value, digits, unit in figures(run)]
        trials, seconds = str(len(run["history"])), f"{run['seconds']:,.0f}"
        row([name, trials, *shown, quickest(run["finalists"]), seconds])
    print()
    for name, runs in strategies.items():
        columns = list(zip(*runs))
        means = [
            f"{sum(value for value, _, _ in column) / len(column):,.{column[0][1]}f}{column[0][2]}"
            for column in columns
        ]
        row([name, str(len(runs)), *means])


main()

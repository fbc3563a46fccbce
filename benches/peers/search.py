"""How long model-based strategies think beside Optuna's TPE, for as many trials.

    python -m venv .python-optuna && .python-optuna/bin/pip install optuna
    .python-optuna/bin/python benches/peers/search.py --netsmith target/release/netsmith --data FOLDER

Searches the 12-epoch validation accuracies of NAS-Bench-201 on CIFAR-10 from the
table in FOLDER. Netsmith's strategies have 12,000 simulated seconds each; Optuna has
as many trials as Netsmith's TPE then had. Both look results up, so that all the time
is theirs; on one core, in turns. Prints CSV: milliseconds of a search, and the
mean of the best validation accuracy that a search found, in percent.
"""

import argparse
import csv
import gzip
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

import optuna

STRATEGIES = ["random", "regularized-evolution", "tpe", "bohb", "npenas", "bananas", "auto"]
OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--netsmith", type=Path, default="target/release/netsmith")
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--seeds", type=int, default=10)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments = arguments.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    table = accuracies(arguments.data / "nas-bench-201" / "nb201_accuracy.csv.gz")
    times, found = {}, {}
    for _ in range(arguments.rounds):
        for strategy in STRATEGIES:
            trials, milliseconds, accuracy = netsmith(arguments, strategy)
            times.setdefault(strategy, []).append(milliseconds)
            found[strategy] = trials, accuracy
        trials = round(found["tpe"][0])
        for name, sampler in SAMPLERS.items():
            milliseconds, accuracy = peer(table, sampler, trials, arguments.seeds)
            times.setdefault(name, []).append(milliseconds)
            found[name] = trials, accuracy
    print(f"# optuna {optuna.__version__}; {arguments.seeds} searches, medians of {arguments.rounds} rounds")
    print("strategy,trials,milliseconds,best validation accuracy")
    for name, own in times.items():
        trials, accuracy = found[name]
        print(f"{name},{trials:.0f},{statistics.median(own):.2f},{accuracy:.2f}")


def accuracies(path):
    with gzip.open(path, "rt") as file:
        return {row["arch_str"]: float(row["c10_val_12"]) for row in csv.DictReader(file)}


def netsmith(arguments, strategy):
    command = [arguments.netsmith, "bench", "nas-bench-201", "--strategies", strategy, "--budget", "12000s"]
    command += ["--seeds", str(arguments.seeds), "--scores", "off", "--json", "--tables", arguments.data]
    answer = subprocess.run(command, check=True, capture_output=True)
    (own,) = json.loads(answer.stdout)["strategies"]
    milliseconds = own["seconds"] * 1e3 / arguments.seeds
    return own["evaluations"], milliseconds, own["validation_accuracy"]["mean"] * 100


SAMPLERS = {
    "optuna random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "optuna tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "optuna tpe multivariate": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True),
}


def peer(table, sampler, trials, seeds):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    best = []
    begun = time.perf_counter()
    for seed in range(seeds):
        study = optuna.create_study(direction="maximize", sampler=sampler(seed))
        study.optimize(lambda trial: table[cell(trial)], n_trials=trials)
        best.append(study.best_value)
    return (time.perf_counter() - begun) * 1e3 / seeds, statistics.mean(best)


def cell(trial):
    def node(number):
        edges = (trial.suggest_categorical(f"{number}<{of}", OPERATIONS) + f"~{of}" for of in range(number))
        return "|" + "|".join(edges) + "|"

    return "+".join(node(number) for number in (1, 2, 3))


main()

//! `netsmith show RUN`: what happened in a run, read from its study.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use netsmith::objective::Objective;
use netsmith::study::{FinalRun, Role, Trials, View};
use netsmith::trial::{Metric, Outcome, Trial};
use netsmith_nn::pipeline::{BEST, BestRecord};
use serde_json::{Value, json};

use super::best;
use crate::failure::Failure;
use crate::output::{Output, columns, grouped};

/// The arguments of `netsmith show`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
}

/// The files of `best/`, by the name under which they are listed.
const FILES: [(&str, &str); 6] = [
    ("architecture", "architecture.txt"),
    ("card", "card.md"),
    ("drawing", "network.svg"),
    ("onnx", "model.onnx"),
    ("safetensors", "model.safetensors"),
    ("torch", "model.py"),
];

/// Everything that is shown.
struct Run {
    dir: PathBuf,
    seed: u64,
    trials: Trials,
    record: Option<BestRecord>,
    /// What the search was after.
    objective: Objective,
}

/// Shows a run.
///
/// # Errors
/// The directory holds no study that can be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let view = View::open(&arguments.run)?;
    let trials = view.trials()?;
    let mut objective = Objective::new(metric_of(&trials));
    if let Ok(config) = best::configuration(&view) {
        objective.minimized = config
            .minimize
            .iter()
            .map(|word| cost_named(word))
            .collect();
    }
    let run = Run {
        dir: arguments.run.clone(),
        seed: view.header()?.seed,
        record: best::record(&view)?,
        trials,
        objective,
    };
    output.result(&run.json(), || run.human())
}

/// The result on the validation part that the trials have.
fn metric_of(trials: &Trials) -> Metric {
    let finals = trials.finals.iter().map(|run| &run.trial);
    let mut metrics = trials.completed.iter().chain(finals).flat_map(|trial| {
        let named = trial.metrics.iter().map(|(metric, _)| metric.clone());
        named.collect::<Vec<_>>()
    });
    metrics
        .find(|metric| metric.name.starts_with("validation_") && &*metric.name != "validation_loss")
        .unwrap_or_else(Metric::validation_accuracy)
}

/// The cost that a word of `--minimize` stands for.
fn cost_named(word: &str) -> String {
    match word {
        "memory" => "peak_memory_bytes",
        "latency" => "latency_ms",
        other => other,
    }
    .to_owned()
}

impl Run {
    /// The object that `show --json` prints.
    fn json(&self) -> Value {
        let completed = &self.trials.completed;
        let count = |wanted: fn(&Outcome) -> bool| {
            completed
                .iter()
                .filter(|trial| wanted(&trial.outcome))
                .count()
        };
        let row = |trial: &Trial| self.trial(trial);
        let front = self.objective.front(completed);
        json!({
            "run": self.dir,
            "status": self.status(),
            "seconds": self.seconds(),
            "seed": self.seed,
            "trials": {
                "finished": count(|outcome| *outcome == Outcome::Finished),
                "failed": count(Outcome::is_failure),
                "stopped": count(|outcome| *outcome == Outcome::Stopped),
            },
            "best": self.best(),
            "front": front.into_iter().map(row).collect::<Vec<_>>(),
            "baselines": self.baselines(),
            "files": self.files(),
            "history": completed.iter().map(row).collect::<Vec<_>>(),
        })
    }

    fn status(&self) -> &'static str {
        let running = |pending: &netsmith::study::Pending| pending.running;
        let trials = &self.trials;
        let finals = trials.pending_finals.iter().map(|run| &run.trial);
        if trials.pending.iter().chain(finals).any(running) {
            "running"
        } else if self.record.is_some() {
            "finished"
        } else {
            "interrupted"
        }
    }

    /// The study's clock at the last end of a trial.
    fn seconds(&self) -> f64 {
        let finals = self.trials.finals.iter().map(|run| &run.trial);
        let trials = self.trials.completed.iter().chain(finals);
        trials.map(|trial| trial.ended).fold(0.0, f64::max)
    }

    /// The network that was handed over; before that the best trial.
    fn best(&self) -> Value {
        let Some(record) = &self.record else {
            let best = self.objective.best(&self.trials.completed);
            return best.map_or(Value::Null, |trial| self.trial(trial));
        };
        let run = self
            .trials
            .finals
            .iter()
            .find(|run| run.trial.number == record.run);
        let costs = run.map(|run| run.trial.costs).unwrap_or_default();
        let regression = record.task.is_regression();
        let mut best = json!({
            "trial": record.run.saturating_sub(netsmith::study::FIRST_FINAL),
            "architecture": record.architecture,
            "parameters": costs.parameters,
            "macs": costs.macs,
            "peak_memory_bytes": costs.peak_memory_bytes,
            "latency_ms": record.latency_ms,
            "validation_accuracy": (!regression).then_some(record.validation),
            "test_accuracy": record.test.filter(|_| !regression),
        });
        if regression {
            best["validation_error"] = json!(record.validation);
            best["test_error"] = json!(record.test);
        }
        best
    }

    /// What the winner was compared with, on the validation part; the same
    /// name once for each training.
    fn baselines(&self) -> Vec<Value> {
        let compared = |run: &&FinalRun<Trial>| matches!(run.role, Role::Baseline | Role::Random);
        let runs = self.trials.finals.iter().filter(compared);
        runs.map(|run| {
            let mut row = self.trial(&run.trial);
            row["name"] = json!(run.name);
            row["role"] = json!(run.role.name());
            row
        })
        .collect()
    }

    fn trial(&self, trial: &Trial) -> Value {
        let metric = &*self.objective.metric.name;
        json!({
            "trial": trial.number,
            "architecture": trial.architecture,
            "key": trial.key,
            "fidelity": trial.fidelity.to_string(),
            "outcome": trial.outcome.name(),
            metric: trial.metrics.get(metric).map(|quantity| quantity.value),
            "parameters": trial.costs.parameters,
            "macs": trial.costs.macs,
            "latency_ms": trial.costs.latency_ms,
            "seconds": trial.seconds,
        })
    }

    /// The files of `best/` that are there.
    fn files(&self) -> BTreeMap<&'static str, PathBuf> {
        let paths = FILES.map(|(name, file)| (name, self.dir.join(BEST).join(file)));
        paths
            .into_iter()
            .filter(|(_, path)| path.is_file())
            .collect()
    }

    fn human(&self) -> String {
        let value = self.json();
        let text = |value: &Value| match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) => match number.as_u64() {
                Some(count) => grouped(count),
                None => format!("{:.4}", number.as_f64().unwrap_or(f64::NAN)),
            },
            other => other.to_string(),
        };
        let mut rows = vec![
            ["run".to_owned(), self.dir.display().to_string()],
            ["status".to_owned(), self.status().to_owned()],
            ["seed".to_owned(), self.seed.to_string()],
            ["seconds".to_owned(), format!("{:.1}", self.seconds())],
        ];
        for name in ["finished", "failed", "stopped"] {
            rows.push([format!("trials {name}"), text(&value["trials"][name])]);
        }
        if let Value::Object(best) = &value["best"] {
            let known = best.iter().filter(|(_, value)| !value.is_null());
            rows.extend(known.map(|(name, value)| [format!("best {name}"), text(value)]));
        }
        let metric = &*self.objective.metric.name;
        for baseline in self.baselines() {
            let name = text(&baseline["name"]);
            let parameters = text(&baseline["parameters"]);
            let line = format!(
                "{} ({metric}), {parameters} parameters",
                text(&baseline[metric])
            );
            rows.push([format!("baseline {name}"), line]);
        }
        for (name, path) in self.files() {
            rows.push([format!("file {name}"), path.display().to_string()]);
        }
        columns(&rows)
    }
}

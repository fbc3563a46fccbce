//! `netsmith show RUN`: what happened in a run, read from its study.

use std::path::{Path, PathBuf};

use clap::Args;
use netsmith::cost::LATENCY;
use netsmith::objective::Objective;
use netsmith::report::{BaselineRow, Best, Summary, history, json};
use netsmith::study::{Role, Trials, View};
use netsmith::trial::{Metric, Outcome};
use netsmith_nn::pipeline::{BestRecord, Config, REPORT};
use serde_json::Value;

use super::{best, facts};
use crate::exit;
use crate::failure::Failure;
use crate::output::Output;

/// The arguments of `netsmith show`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
}

/// The files of a run, by the name under which they are listed.
const FILES: [(&str, &str); 8] = [
    ("architecture", "best/architecture.txt"),
    ("card", "best/card.md"),
    ("drawing", "best/network.svg"),
    ("onnx", "best/model.onnx"),
    ("report", "report.html"),
    ("report-json", "report.json"),
    ("safetensors", "best/model.safetensors"),
    ("torch", "best/model.py"),
];

/// Shows a run.
///
/// # Errors
/// The directory holds no study that can be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let view = View::open(&arguments.run)?;
    let trials = view.trials()?;
    let objective = objective(&view, &trials);
    let mut facts = match view.entry(REPORT)? {
        Some(bytes) => read_report(&arguments.run, &bytes)?,
        None => json(&summary(&view, &trials, objective.clone())?, false),
    };
    // A run may have been moved since, and files of it deleted.
    facts["run"] = Value::from(arguments.run.to_string_lossy());
    facts["files"] = files(&arguments.run);
    facts["history"] = history(&objective, &trials.completed);
    output.result(&facts, || facts::table(&facts))
}

fn read_report(run: &Path, bytes: &[u8]) -> Result<Value, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        let run = run.display();
        let message = format!("the report in the study of `{run}` cannot be read: {error}");
        Failure::new(exit::FAILED, message)
    })
}

/// What the search is after; the metric alone where the configuration is of
/// another version.
fn objective(view: &View, trials: &Trials) -> Objective {
    let config = best::configuration(view).ok();
    let by_command = config.as_ref().and_then(Config::command_metric);
    let metric = by_command.unwrap_or_else(|| metric_of(trials));
    let objective = config.and_then(|config| config.objective(metric.clone()).ok());
    objective.unwrap_or_else(|| Objective::new(metric))
}

/// The result on the validation part that the trials have.
fn metric_of(trials: &Trials) -> Metric {
    let finals = trials.finals.iter().map(|run| &run.trial);
    let all = trials.completed.iter().chain(finals);
    let mut metrics = all.flat_map(|trial| trial.metrics.iter().map(|(metric, _)| metric));
    metrics
        .find(|metric| metric.name.starts_with("validation_") && &*metric.name != "validation_loss")
        .cloned()
        .unwrap_or_else(Metric::validation_accuracy)
}

/// What is known of a run that has not come to its end.
fn summary(view: &View, trials: &Trials, objective: Objective) -> Result<Summary, Failure> {
    let record = best::record(view)?;
    let best = match &record {
        Some(record) => Some(handed_over(record, trials)),
        None => {
            let best = objective.best(&trials.completed);
            best.map(|trial| Best::of_trial(trial, &objective.metric.name))
        }
    };
    let front = objective.front(&trials.completed).into_iter();
    Ok(Summary {
        status: status(view).to_owned(),
        seconds: seconds(trials),
        seed: view.header()?.seed,
        front: front.map(|trial| trial.number).collect(),
        trials: trials.completed.clone(),
        best,
        baselines: baselines(trials, &objective.metric.name),
        objective,
        ..Summary::default()
    })
}

/// Of a run that has not come to its end.
fn status(view: &View) -> &'static str {
    match view.is_being_written() {
        true => "running",
        false => "interrupted",
    }
}

/// The study's clock at the last end of a trial.
fn seconds(trials: &Trials) -> f64 {
    let finals = trials.finals.iter().map(|run| &run.trial);
    let ended = trials.completed.iter().chain(finals);
    ended.map(|trial| trial.ended).fold(0.0, f64::max)
}

/// The network in `best/`, of which the verification is not over.
fn handed_over(record: &BestRecord, trials: &Trials) -> Best {
    let mut finals = trials.finals.iter();
    let run = finals.find(|run| run.trial.number == record.run);
    let counted = run.map(|run| run.trial.costs).unwrap_or_default();
    let mut costs = counted;
    costs.set(LATENCY, record.latency_ms);
    Best {
        trial: record.trial,
        architecture: record.architecture.clone(),
        costs,
        costs_written: counted,
        latency_runtime: record.latency_runtime.clone(),
        validation: record.validation,
        test: record.test,
    }
}

/// What the winner was compared with so far, on the validation part.
fn baselines(trials: &Trials, metric: &str) -> Vec<BaselineRow> {
    let compared = trials.finals.iter();
    let compared = compared.filter(|run| matches!(run.role, Role::Baseline | Role::Random));
    let row = compared.map(|run| BaselineRow {
        name: run.name.clone(),
        role: run.role,
        costs: run.trial.costs,
        validation: run
            .trial
            .metrics
            .get(metric)
            .map(|quantity| quantity.value)
            .into_iter()
            .collect(),
        test: Vec::new(),
        test_error: None,
        cut_short: usize::from(matches!(run.trial.outcome, Outcome::CutShort { .. })),
    });
    row.collect()
}

/// The files of a run that are there.
pub(super) fn files(run: &Path) -> Value {
    let paths = FILES.map(|(name, file)| (name, run.join(file)));
    let there = paths.into_iter().filter(|(_, path)| path.is_file());
    there
        .map(|(name, path)| (name.to_owned(), Value::from(path.to_string_lossy())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

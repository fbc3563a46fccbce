//! A whole run of `netsmith search` with a supernet.

use super::{accuracy, correlation};
use netsmith::evaluate::table::Table;
use netsmith::study::Study;
use netsmith::trial::{Metric, Trial};
use netsmith_nn::pipeline::{BestRecord, CANDIDATES_ENTRY, Config, ENTRY, SAMPLE_ENTRY};
use serde_json::{Value, json};
use std::path::Path;

/// What is derived, what is handed over, the candidates and the trials, each with
/// the table's accuracy, and how far the shared weights order a random sample as
/// the table does.
pub(crate) fn look_up(table: &Table, run: &Path) -> Value {
    let view = Study::open_read_only(run).unwrap();
    let config: Config = Config::read(&view.header().unwrap().configuration).unwrap();
    let entry = |name: &str| view.entry(name).unwrap().unwrap();
    let candidates: Vec<Value> = serde_json::from_slice(&entry(CANDIDATES_ENTRY)).unwrap();
    let sample: Vec<(String, f64)> = serde_json::from_slice(&entry(SAMPLE_ENTRY)).unwrap();
    let best: BestRecord = serde_json::from_slice(&entry(ENTRY)).unwrap();
    let trials = view.trials().unwrap();
    let row = |trial: &Trial| {
        let own = trial.metrics.get(&Metric::validation_accuracy().name);
        json!({
            "architecture": trial.architecture,
            "epochs": trial.fidelity.epochs,
            "share": trial.fidelity.data,
            "outcome": trial.outcome.to_string(),
            "validation_accuracy": own.map(|own| own.value),
            "table": accuracy(table, &trial.architecture),
        })
    };
    let known = |candidate: &Value| {
        let cell = candidate["architecture"].as_str().unwrap();
        json!({"origin": candidate["origin"], "architecture": cell, "table": accuracy(table, cell)})
    };
    json!({
        "method": config.strategy,
        "seed": config.seed,
        "budget_seconds": config.seconds,
        "workers": config.workers,
        "threads": config.threads,
        "settings": config.strategy_settings,
        "seconds": trials.completed.iter().map(|trial| trial.ended).fold(0.0, f64::max),
        "derived": known(&candidates[0]),
        "handed_over": {
            "architecture": best.architecture,
            "validation_accuracy": best.validation,
            "test_accuracy": best.test,
            "table": accuracy(table, &best.architecture),
        },
        "candidates": candidates.iter().map(known).collect::<Vec<_>>(),
        "trials": trials.completed.iter().map(row).collect::<Vec<_>>(),
        "sample": {"size": sample.len(), "spearman": correlation(table, sample)},
    })
}

/// The accuracies of the raw cell and of what was handed over.
pub(crate) fn ends(looked_up: &Value) -> [(String, f64); 2] {
    ["derived", "handed_over"].map(|end| {
        let key = format!("{} {}", looked_up["method"].as_str().unwrap(), end);
        (key, looked_up[end]["table"].as_f64().unwrap())
    })
}

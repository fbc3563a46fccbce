//! The same facts for machines.

use super::{Summary, mean};
use crate::trial::{Outcome, Trial};
use serde_json::{Value, json};

/// The object that `--json` prints and `report.json` holds; accuracies are
/// fractions, and all trials are in it where `history` is set.
///
/// A regression has its values under `validation_error` and `test_error`, and
/// null accuracies.
pub fn json(summary: &Summary, history: bool) -> Value {
    let count = |matches: fn(&Outcome) -> bool| {
        let hits = summary.trials.iter().filter(|t| matches(&t.outcome));
        hits.count()
    };
    let front = summary.front.iter().filter_map(|number| {
        let trial = summary.trials.iter().find(|t| t.number == *number)?;
        Some(trial_json(summary, trial))
    });
    let baselines = summary.baselines.iter().map(|row| {
        let mut object = json!({
            "name": row.name,
            "parameters": row.parameters,
            "latency_ms": row.latency_ms,
            "test_accuracy": null,
        });
        object[summary.test_metric()] = json!(mean(&row.test));
        object
    });
    let mut object = json!({
        "run": summary.run,
        "status": summary.status,
        "seconds": summary.seconds,
        "seed": summary.seed,
        "metric": summary.metric,
        "trials": {
            "finished": count(|outcome| *outcome == Outcome::Finished),
            "failed": count(Outcome::is_failure),
            "stopped": count(|outcome| *outcome == Outcome::Stopped),
        },
        "best": best(summary),
        "front": front.collect::<Vec<_>>(),
        "baselines": baselines.collect::<Vec<_>>(),
        "verdict": summary.verdict,
        "files": summary.files,
    });
    if history {
        let all = summary.trials.iter().map(|t| trial_json(summary, t));
        object["history"] = Value::Array(all.collect());
    }
    object
}

fn best(summary: &Summary) -> Value {
    let Some(best) = &summary.best else {
        return Value::Null;
    };
    let mut object = json!({
        "trial": best.trial,
        "architecture": best.architecture,
        "parameters": best.parameters,
        "macs": best.macs,
        "parameters_as_written": best.parameters_written,
        "macs_as_written": best.macs_written,
        "peak_memory_bytes": best.peak_memory_bytes,
        "latency_ms": best.latency_ms,
        "latency_runtime": best.latency_runtime,
        "validation_accuracy": null,
        "test_accuracy": null,
    });
    object[&summary.metric] = json!(best.validation);
    object[summary.test_metric()] = json!(best.test);
    object
}

fn trial_json(summary: &Summary, trial: &Trial) -> Value {
    let mut object = json!({
        "trial": trial.number,
        "architecture": trial.architecture,
        "key": trial.key,
        "fidelity": trial.fidelity.to_string(),
        "outcome": trial.outcome.name(),
        "validation_accuracy": null,
        "parameters": trial.costs.parameters,
        "seconds": trial.seconds,
    });
    object[&summary.metric] = json!(summary.result(trial));
    object
}

#[cfg(test)]
mod tests {
    use super::super::{BaselineRow, Best};
    use super::*;
    use crate::trial::{Fidelity, Metric, Proposal};

    fn summary(metric: &str) -> Summary {
        let proposal = Proposal {
            number: 0,
            architecture: "a".into(),
            key: "k".into(),
            fidelity: Fidelity::epochs(2),
            seed: 1,
            parent: None,
        };
        let mut trial = proposal.clone().complete(Outcome::Finished);
        trial.metrics.set(Metric::validation_accuracy(), 0.75);
        let failed = proposal.complete(Outcome::Crashed {
            message: "fell".into(),
        });
        Summary {
            metric: metric.into(),
            trials: vec![trial, failed],
            front: vec![0],
            best: Some(Best {
                validation: 0.75,
                test: Some(0.5),
                ..Best::default()
            }),
            baselines: vec![BaselineRow {
                name: "lenet".into(),
                test: vec![0.25, 0.75],
                ..BaselineRow::default()
            }],
            ..Summary::default()
        }
    }

    #[test]
    fn an_accuracy_has_its_documented_names() {
        let object = json(&summary("validation_accuracy"), true);
        assert_eq!(
            object["trials"],
            json!({"finished": 1, "failed": 1, "stopped": 0})
        );
        assert_eq!(object["best"]["validation_accuracy"], json!(0.75));
        assert_eq!(object["best"]["test_accuracy"], json!(0.5));
        assert_eq!(object["baselines"][0]["test_accuracy"], json!(0.5));
        assert_eq!(object["front"][0]["trial"], json!(0));
        assert_eq!(object["history"][1]["outcome"], json!("crashed"));
        assert_eq!(object["history"][0]["fidelity"], json!("epochs=2"));
    }

    #[test]
    fn a_regression_has_null_accuracies_and_history_is_optional() {
        let object = json(&summary("validation_error"), false);
        assert!(object.get("history").is_none());
        assert_eq!(object["best"]["validation_accuracy"], Value::Null);
        assert_eq!(object["best"]["validation_error"], json!(0.75));
        assert_eq!(object["best"]["test_error"], json!(0.5));
        assert_eq!(object["baselines"][0]["test_accuracy"], Value::Null);
        assert_eq!(object["baselines"][0]["test_error"], json!(0.5));
    }
}

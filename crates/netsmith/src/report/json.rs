//! The same facts for machines.

use super::finalist::{finalists, saving};
use super::{Summary, mean};
use crate::objective::Objective;
use crate::trial::{Outcome, Trial};
use serde_json::{Value, json};

/// The object that `--json` prints and `report.json` holds; accuracies are
/// fractions, and all trials are in it where `history` is set.
///
/// Results stand under the metric's name. A regression has its values under
/// `validation_error` and `test_error` too, and null accuracies.
pub fn json(summary: &Summary, history: bool) -> Value {
    let count = |matches: fn(&Outcome) -> bool| {
        let hits = summary.trials.iter().filter(|t| matches(&t.outcome));
        hits.count()
    };
    let front = summary.front.iter().filter_map(|number| {
        let trial = summary.trials.iter().find(|t| t.number == *number)?;
        Some(trial_json(&summary.objective, trial))
    });
    let baselines = summary.baselines.iter().map(|row| {
        let mut object = json!({
            "name": row.name,
            "parameters": row.parameters,
            "latency_ms": row.latency_ms,
            "cut_short": (row.cut_short > 0).then_some(row.cut_short),
        });
        summary.put_results(&mut object, mean(&row.validation), mean(&row.test));
        object
    });
    let mut object = json!({
        "run": summary.run,
        "status": summary.status,
        "seconds": summary.seconds,
        "seed": summary.seed,
        "metric": summary.metric(),
        "penalties": summary.penalties(),
        "trials": {
            "finished": count(|outcome| *outcome == Outcome::Finished),
            "failed": count(Outcome::is_failure),
            "stopped": count(|outcome| {
                matches!(outcome, Outcome::Stopped | Outcome::CutShort { .. })
            }),
        },
        "best": best(summary),
        "front": front.collect::<Vec<_>>(),
        "finalists": finalists(summary),
        "saving": saving(summary),
        "baselines": baselines.collect::<Vec<_>>(),
        "verdict": summary.verdict,
        "notes": summary.notes,
        "files": summary.files,
    });
    if history {
        object["history"] = self::history(&summary.objective, &summary.trials);
    }
    object
}

/// All trials, as they stand under `history` in what [`json()`] gives.
pub fn history(objective: &Objective, trials: &[Trial]) -> Value {
    let all = trials.iter().map(|trial| trial_json(objective, trial));
    Value::Array(all.collect())
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
    });
    summary.put_results(&mut object, Some(best.validation), best.test);
    object
}

fn trial_json(objective: &Objective, trial: &Trial) -> Value {
    let metric = &*objective.metric.name;
    let result = trial.metrics.get(metric).map(|quantity| quantity.value);
    let mut object = json!({
        "trial": trial.number,
        "architecture": trial.architecture,
        "key": trial.key,
        "fidelity": trial.fidelity.to_string(),
        "outcome": trial.outcome.name(),
        "validation_accuracy": null,
        "parameters": trial.costs.parameters,
        "macs": trial.costs.macs,
        "latency_ms": trial.costs.latency_ms,
        "seconds": trial.seconds,
    });
    object[metric] = json!(result.filter(|value| value.is_finite()));
    // Without penalties the score is the metric.
    if !objective.penalties.is_empty() {
        object["score"] = json!(objective.score(trial));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::super::{BaselineRow, Best};
    use super::*;
    use crate::cost::{Direction, Unit};
    use crate::trial::{Fidelity, Metric, Proposal};

    fn summary(metric: Metric) -> Summary {
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
            objective: Objective::new(metric),
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
        let object = json(&summary(Metric::validation_accuracy()), true);
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
        let metric = Metric::new("validation_error", Unit::Target, Direction::Minimize);
        let object = json(&summary(metric), false);
        assert!(object.get("history").is_none());
        assert_eq!(object["best"]["validation_accuracy"], Value::Null);
        assert_eq!(object["best"]["validation_error"], json!(0.75));
        assert_eq!(object["best"]["test_error"], json!(0.5));
        assert_eq!(object["baselines"][0]["test_accuracy"], Value::Null);
        assert_eq!(object["baselines"][0]["test_error"], json!(0.5));
    }

    #[test]
    fn penalties_and_scores_are_told_where_there_are_some() {
        let mut summary = summary(Metric::validation_accuracy());
        let plain = json(&summary, true);
        assert_eq!(plain["penalties"], json!([]));
        assert!(plain["history"][0].get("score").is_none());
        summary.trials[0].costs.parameters = Some(200);
        let penalty = "parameters=100:hard".parse().unwrap();
        summary.objective.penalties.push(penalty);
        let object = json(&summary, true);
        assert_eq!(object["penalties"], json!(["parameters=100:hard"]));
        assert_eq!(object["history"][0]["score"], json!(0.375));
        assert_eq!(object["history"][1]["score"], Value::Null);
    }
}

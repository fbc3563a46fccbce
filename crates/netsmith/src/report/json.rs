//! The same facts for machines.

use super::finalist::{finalists, saving};
use super::{Summary, mean};
use crate::cost::Cost;
use crate::objective::Objective;
use crate::trial::{Costs, Outcome, Trial};
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
            "role": row.role.name(),
            "cut_short": (row.cut_short > 0).then_some(row.cut_short),
        });
        put_costs(&mut object, &row.costs);
        summary.put_results(&mut object, mean(&row.validation), mean(&row.test));
        object
    });
    let exceeded = summary.exceeded.iter().map(|excess| {
        json!({
            "cost": excess.cost.name(),
            "limit": number(excess.cost, excess.limit),
            "value": number(excess.cost, excess.value),
        })
    });
    let mut object = json!({
        "run": summary.run,
        "status": summary.status,
        "seconds": summary.seconds,
        "seed": summary.seed,
        "metric": summary.metric(),
        "penalties": summary.penalties(),
        "limits": limits(summary),
        "limits_exceeded": exceeded.collect::<Vec<_>>(),
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

/// Sets every cost under its name; null where one is not known.
pub(super) fn put_costs(object: &mut Value, costs: &Costs) {
    for cost in Cost::all() {
        let value = costs.value(cost);
        object[cost.field()] = value.map_or(Value::Null, |value| number(cost, value));
    }
}

/// A value of a cost: a whole number where only these exist.
fn number(cost: Cost, value: f64) -> Value {
    if cost.unit().is_whole() {
        json!(value as u64)
    } else {
        json!(value)
    }
}

/// The limits, by the names of their costs.
fn limits(summary: &Summary) -> Value {
    let limits = summary.limits.iter();
    let limits = limits.map(|(cost, limit)| (cost.name().to_owned(), number(cost, limit)));
    Value::Object(limits.collect())
}

fn best(summary: &Summary) -> Value {
    let Some(best) = &summary.best else {
        return Value::Null;
    };
    let mut object = json!({
        "trial": best.trial,
        "architecture": best.architecture,
        "latency_runtime": best.latency_runtime,
    });
    put_costs(&mut object, &best.costs);
    for cost in Cost::all() {
        if let Some(value) = best.costs_written.value(cost) {
            object[format!("{}_as_written", cost.field())] = number(cost, value);
        }
    }
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
        "seconds": trial.seconds,
    });
    put_costs(&mut object, &trial.costs);
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
    use crate::cost::{Direction, LATENCY, PARAMETERS, Unit};
    use crate::space::{Excess, Limits};
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
    fn costs_limits_and_what_is_over_them_have_their_names() {
        let mut summary = summary(Metric::validation_accuracy());
        let costs = Costs::default().with(PARAMETERS, 200.0);
        summary.baselines[0].costs = costs.with(LATENCY, 0.5);
        summary.limits = Limits::FREE.with(PARAMETERS, 300.0).with(LATENCY, 0.25);
        summary.exceeded = vec![Excess {
            cost: LATENCY,
            limit: 0.25,
            value: 0.5,
        }];
        let object = json(&summary, true);
        assert_eq!(
            object["limits"],
            json!({"parameters": 300, "latency": 0.25})
        );
        assert_eq!(
            object["limits_exceeded"],
            json!([{"cost": "latency", "limit": 0.25, "value": 0.5}])
        );
        assert_eq!(object["baselines"][0]["parameters"], json!(200));
        assert_eq!(object["baselines"][0]["latency_ms"], json!(0.5));
        for cost in Cost::all() {
            assert!(object["history"][0].get(cost.field()).is_some(), "{cost}");
        }
    }

    #[test]
    fn penalties_and_scores_are_told_where_there_are_some() {
        let mut summary = summary(Metric::validation_accuracy());
        let plain = json(&summary, true);
        assert_eq!(plain["penalties"], json!([]));
        assert!(plain["history"][0].get("score").is_none());
        summary.trials[0].costs.set(PARAMETERS, Some(200.0));
        let penalty = "parameters=100:hard".parse().unwrap();
        summary.objective.penalties.push(penalty);
        let object = json(&summary, true);
        assert_eq!(object["penalties"], json!(["parameters=100:hard"]));
        assert_eq!(object["history"][0]["score"], json!(0.375));
        assert_eq!(object["history"][1]["score"], Value::Null);
    }
}

//! What a run found, for people and machines.

use super::prepare::Prepared;
use super::{BestRecord, Context, PipelineError};
use netsmith::network::{MemoryPlan, Network};
use netsmith::objective::Objective;
use netsmith::trial::{Outcome, Trial};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a run found.
#[derive(Debug)]
pub struct Summary {
    /// The run directory.
    pub run: String,
    /// `finished` or `interrupted`.
    pub status: &'static str,
    /// Wall-clock seconds of this process.
    pub seconds: f64,
    /// The seed.
    pub seed: u64,
    /// Name of the metric.
    pub metric: &'static str,
    /// Whether a number is predicted.
    pub regression: bool,
    /// All trials of the search.
    pub trials: Vec<Trial>,
    /// The trials that no other dominates.
    pub front: Vec<u64>,
    /// The best network so far: after an interruption a trial of the search.
    pub best: Option<Value>,
    /// What it was compared with.
    pub baselines: Vec<BaselineRow>,
    /// The comparison in words.
    pub verdict: Vec<String>,
    /// What was written.
    pub files: BTreeMap<String, String>,
}

/// Something that the winner is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
    /// Its name.
    pub name: String,
    /// Trainable scalars of the first.
    pub parameters: u64,
    /// The metric on the test part, one value for each training.
    pub test: Vec<f64>,
}

/// What the final phase adds.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) record: BestRecord,
    pub(super) network: Network,
    pub(super) files: BTreeMap<String, String>,
    pub(super) baselines: Vec<BaselineRow>,
    pub(super) verdict: Vec<String>,
}

pub(super) fn summary(
    context: &Context<'_>,
    prepared: &Prepared,
    status: &'static str,
    closing: Option<&Closing>,
) -> Result<Summary, PipelineError> {
    let trials = context.study.view()?.trials()?.completed;
    let regression = prepared.metric.is_for_regression();
    let objective: &Objective = &context.objective;
    let front = objective
        .front(&trials)
        .into_iter()
        .map(|trial| trial.number)
        .collect();
    let best = match closing {
        Some(closing) => Some(best_of(closing, prepared, regression)),
        None => objective
            .best(&trials)
            .map(|trial| trial_json(trial, &objective.metric.name)),
    };
    Ok(Summary {
        run: context.dir.to_string_lossy().into_owned(),
        status,
        seconds: context.elapsed().as_secs_f64(),
        seed: context.config.seed,
        metric: prepared.metric.name(),
        regression,
        front,
        best,
        baselines: closing.map_or_else(Vec::new, |closing| closing.baselines.clone()),
        verdict: closing.map_or_else(Vec::new, |closing| closing.verdict.clone()),
        files: closing.map_or_else(BTreeMap::new, |closing| closing.files.clone()),
        trials,
    })
}

fn best_of(closing: &Closing, prepared: &Prepared, regression: bool) -> Value {
    let Closing {
        record, network, ..
    } = closing;
    let written = prepared.space.parse(&record.architecture).ok();
    let written = written.and_then(|architecture| prepared.space.network(&architecture).ok());
    let mut best = json!({
        "trial": record.run - netsmith::study::FIRST_FINAL,
        "architecture": record.architecture,
        "parameters": network.parameters(),
        "macs": network.macs(),
        "parameters_as_written": written.as_ref().map(Network::parameters),
        "macs_as_written": written.as_ref().map(Network::macs),
        "peak_memory_bytes": MemoryPlan::of(network, 1).inference(),
        "latency_ms": record.latency_ms,
        "latency_runtime": record.latency_runtime,
        "validation_accuracy": (!regression).then_some(record.validation),
        "test_accuracy": record.test.filter(|_| !regression),
    });
    if regression {
        best["validation_error"] = json!(record.validation);
        best["test_error"] = json!(record.test);
    }
    best
}

fn trial_json(trial: &Trial, metric: &str) -> Value {
    json!({
        "trial": trial.number,
        "architecture": trial.architecture,
        "key": trial.key,
        "fidelity": trial.fidelity.to_string(),
        "outcome": trial.outcome.name(),
        metric: trial.metrics.get(metric).map(|quantity| quantity.value),
        "parameters": trial.costs.parameters,
        "seconds": trial.seconds,
    })
}

impl Summary {
    /// The object that `search --json` prints, with all trials if wanted.
    pub fn json(&self, history: bool) -> Value {
        let metric = if self.regression {
            "validation_error"
        } else {
            "validation_accuracy"
        };
        let count = |f: fn(&Outcome) -> bool| self.trials.iter().filter(|t| f(&t.outcome)).count();
        let result = if self.regression {
            "test_error"
        } else {
            "test_accuracy"
        };
        let baselines = self.baselines.iter().map(
            |row| json!({"name": row.name, "parameters": row.parameters, result: mean(&row.test)}),
        );
        let front = self.front.iter().filter_map(|number| {
            let trial = self.trials.iter().find(|trial| trial.number == *number)?;
            Some(trial_json(trial, metric))
        });
        let mut object = json!({
            "run": self.run,
            "status": self.status,
            "seconds": self.seconds,
            "seed": self.seed,
            "metric": self.metric,
            "trials": {
                "finished": count(|o| *o == Outcome::Finished),
                "failed": count(Outcome::is_failure),
                "stopped": count(|o| *o == Outcome::Stopped),
            },
            "best": self.best,
            "front": front.collect::<Vec<_>>(),
            "baselines": baselines.collect::<Vec<_>>(),
            "verdict": self.verdict,
            "files": self.files,
        });
        if history {
            let all = self.trials.iter().map(|trial| trial_json(trial, metric));
            object["history"] = Value::Array(all.collect());
        }
        object
    }

    /// The model card, in Markdown.
    pub fn card(&self) -> String {
        let mut card = format!(
            "# A network designed by Netsmith\n\nRun `{}`, seed {}.\n",
            self.run, self.seed
        );
        if let Some(Value::Object(best)) = &self.best {
            card.push_str("\n| what | value |\n| --- | --- |\n");
            for (name, value) in best.iter().filter(|(_, value)| !value.is_null()) {
                card.push_str(&format!("| {name} | `{value}` |\n"));
            }
        }
        card.push_str("\n## Was the search worth it?\n\n");
        for sentence in &self.verdict {
            card.push_str(&format!("{sentence}\n"));
        }
        card
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The comparison in words: the difference of the means, beside the spread of
/// the winner over its seeds.
pub(super) fn verdict(winner: &[f64], baselines: &[BaselineRow], higher: bool) -> Vec<String> {
    let own = mean(winner);
    let squares: f64 = winner.iter().map(|value| (value - own).powi(2)).sum();
    let spread = (winner.len() > 1).then(|| (squares / (winner.len() - 1) as f64).sqrt());
    let sentence = |row: &BaselineRow| {
        let gain = if higher {
            own - mean(&row.test)
        } else {
            mean(&row.test) - own
        };
        let word = match spread {
            _ if gain <= 0.0 => "did not beat",
            Some(spread) if gain <= spread => "is ahead by less than its own spread of",
            _ => "beat",
        };
        let spread = spread.map_or_else(
            || "one seed only".to_owned(),
            |spread| format!("spread over {} seeds {spread:.4}", winner.len()),
        );
        format!(
            "The designed network {word} {} ({} parameters): {own:.4} against {:.4} on the test part; {spread}.",
            row.name,
            row.parameters,
            mean(&row.test)
        )
    };
    baselines.iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64) -> BaselineRow {
        BaselineRow {
            name: "small ResNet".into(),
            parameters: 10,
            test: vec![value],
        }
    }

    #[test]
    fn the_verdict_never_hides_a_loss() {
        let said = |baseline, higher| verdict(&[0.90, 0.92], &[row(baseline)], higher).remove(0);
        assert!(said(0.95, true).starts_with("The designed network did not beat"));
        assert!(said(0.905, true).contains("less than its own spread"));
        assert!(said(0.80, true).starts_with("The designed network beat"));
        assert!(said(0.80, false).starts_with("The designed network did not beat"));
    }
}

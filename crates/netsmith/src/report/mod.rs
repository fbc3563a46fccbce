//! What a run found, as a page, as JSON and as a model card.
//!
//! All start from a [`Summary`] of plain data; nothing here reads a file, a
//! clock or a network connection.

mod card;
mod finalist;
mod html;
mod json;
mod plot;
mod verdict;

pub use card::card;
pub use finalist::{Finalist, Longer, Saving};
pub use html::html;
pub use json::{history, json};
pub use verdict::verdict;

pub(crate) use html::{STYLE, section, table};
pub(crate) use plot::{Mark, Series, escape, log_plot};

use crate::cost::Unit;
use crate::objective::Objective;
use crate::study::FinalRun;
use crate::trial::Trial;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// The run directory.
    pub run: String,
    /// How the run ended, such as `finished` or `interrupted`.
    pub status: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// The seed that everything random comes from.
    pub seed: u64,
    /// The version of Netsmith.
    pub version: String,
    /// The search space.
    pub space: String,
    /// The search strategy.
    pub strategy: String,
    /// The data.
    pub data: String,
    /// What the search was after. Its metric is `validation_` with the metric's name, or
    /// what an outside command prints.
    pub objective: Objective,
    /// The limits on costs, such as `parameters<=50000`.
    pub limits: Vec<String>,
    /// The fidelity of the search.
    pub fidelity: String,
    /// The training recipe, in words.
    pub recipe: String,
    /// The configuration in full, as TOML.
    pub configuration: String,
    /// The completed trials of the search, by number.
    pub trials: Vec<Trial>,
    /// The completed runs of the final phase.
    pub finals: Vec<FinalRun<Trial>>,
    /// The winner, once there is one.
    pub best: Option<Best>,
    /// The numbers of the trials that no other dominates.
    pub front: Vec<u64>,
    /// What was trained in full.
    pub finalists: Vec<Finalist>,
    /// What a network of the front saves beside a hand-designed one.
    pub saving: Option<Saving>,
    /// What the winner is compared with.
    pub baselines: Vec<BaselineRow>,
    /// The comparison in sentences, as [`verdict()`] gives them.
    pub verdict: Vec<String>,
    /// What was written: a kind such as `onnx`, and the path.
    pub files: BTreeMap<String, String>,
    /// Remarks for the reader.
    pub notes: Vec<String>,
}

/// The winner of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Best {
    /// The number of its trial; none where no trial of the search gave a result
    /// and another network took its place.
    pub trial: Option<u64>,
    /// The architecture's canonical text.
    pub architecture: String,
    /// Trainable scalars of the network as exported.
    pub parameters: u64,
    /// Multiply-accumulate operations of one sample, as exported.
    pub macs: u64,
    /// Trainable scalars as the architecture is written, unused parts included.
    pub parameters_written: u64,
    /// Multiply-accumulate operations as the architecture is written.
    pub macs_written: u64,
    /// Peak memory of inference at batch 1, weights included, in bytes.
    pub peak_memory_bytes: u64,
    /// Latency of inference at batch 1, in milliseconds.
    pub latency_ms: Option<f64>,
    /// What the latency was measured in, such as `onnxruntime`.
    pub latency_runtime: String,
    /// The metric on the validation part.
    pub validation: f64,
    /// The metric on the test part.
    pub test: Option<f64>,
}

impl Best {
    /// A trial of a search as its best so far, with the value of this metric.
    pub fn of_trial(trial: &Trial, metric: &str) -> Self {
        let value = trial.metrics.get(metric);
        let [parameters, macs] = [trial.costs.parameters, trial.costs.macs].map(|n| n.unwrap_or(0));
        Self {
            trial: Some(trial.number),
            architecture: trial.architecture.clone(),
            parameters,
            macs,
            parameters_written: parameters,
            macs_written: macs,
            peak_memory_bytes: trial.costs.peak_memory_bytes.unwrap_or(0),
            latency_ms: trial.costs.latency_ms,
            latency_runtime: String::new(),
            validation: value.map_or(f64::NAN, |quantity| quantity.value),
            test: None,
        }
    }
}

/// Something that the winner is compared with. A name that begins with `random`
/// says that each value belongs to another random architecture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BaselineRow {
    /// Its name.
    pub name: String,
    /// Trainable scalars.
    pub parameters: u64,
    /// Latency of inference at batch 1, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The metric on the validation part, one value for each training.
    pub validation: Vec<f64>,
    /// The metric on the test part, one value for each training.
    pub test: Vec<f64>,
    /// The standard error of these values that the test samples leave, the largest.
    pub test_error: Option<f64>,
    /// How many of these trainings the clock cut short.
    pub cut_short: usize,
}

impl BaselineRow {
    /// Whether its values are those of random architectures.
    fn is_random(&self) -> bool {
        self.name.starts_with("random")
    }
}

impl Summary {
    /// The name of the metric on the validation part.
    fn metric(&self) -> &str {
        &self.objective.metric.name
    }

    /// The name of the metric on the test part.
    fn test_metric(&self) -> String {
        match self.metric().strip_prefix("validation_") {
            Some(metric) => format!("test_{metric}"),
            None => "test_accuracy".to_owned(),
        }
    }

    /// Puts the results on the validation and test part under the metric's name. Errors
    /// in the unit of the target stand under `validation_error` and `test_error` too, and
    /// accuracies are null where another metric was taken.
    fn put_results(&self, object: &mut Value, validation: Option<f64>, test: Option<f64>) {
        object["validation_accuracy"] = Value::Null;
        object["test_accuracy"] = Value::Null;
        if self.objective.metric.unit == Unit::Target {
            object["validation_error"] = json!(validation);
            object["test_error"] = json!(test);
        }
        object[self.metric()] = json!(validation);
        object[self.test_metric()] = json!(test);
    }

    /// A value of the metric, for people.
    fn show(&self, value: f64) -> String {
        self.objective.metric.quantity(value).to_string()
    }

    /// The penalties as they are written, such as `parameters=50000:soft`.
    fn penalties(&self) -> Vec<String> {
        let penalties = self.objective.penalties.iter();
        penalties.map(ToString::to_string).collect()
    }

    /// What lowers the scores of costly networks, in a sentence; nothing where
    /// nothing does.
    fn penalties_in_words(&self) -> Option<String> {
        let penalties = self.penalties();
        (!penalties.is_empty()).then(|| {
            format!(
                "Networks were ranked by {} with the penalty {}, on the validation part.",
                self.metric().replace('_', " "),
                penalties.join(" and ")
            )
        })
    }

    /// A trial's result in the search.
    fn result(&self, trial: &Trial) -> Option<f64> {
        let value = trial.metrics.get(self.metric())?.value;
        value.is_finite().then_some(value)
    }
}

/// The arithmetic mean; `None` of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

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

use crate::cost::{Cost, Unit};
use crate::objective::Objective;
use crate::space::{Excess, Limits};
use crate::study::{FinalRun, Role};
use crate::trial::{Costs, Trial};
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
    /// The limits on costs.
    pub limits: Limits,
    /// The limits that the best network is over, where no network keeps them all.
    pub exceeded: Vec<Excess>,
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
    /// The costs of the network as exported.
    pub costs: Costs,
    /// The costs as the architecture is written, unused parts included; none that is
    /// measured.
    pub costs_written: Costs,
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
        let mut written = trial.costs;
        let measured = Cost::all().filter(|cost| cost.is_measured());
        measured.for_each(|cost| written.set(cost, None));
        Self {
            trial: Some(trial.number),
            architecture: trial.architecture.clone(),
            costs: trial.costs,
            costs_written: written,
            latency_runtime: String::new(),
            validation: value.map_or(f64::NAN, |quantity| quantity.value),
            test: None,
        }
    }
}

/// Something that the winner is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct BaselineRow {
    /// Its name.
    pub name: String,
    /// What it is: a network designed by hand, or random architectures, of which each
    /// value belongs to another one.
    pub role: Role,
    /// The costs of its network.
    pub costs: Costs,
    /// The metric on the validation part, one value for each training.
    pub validation: Vec<f64>,
    /// The metric on the test part, one value for each training.
    pub test: Vec<f64>,
    /// The standard error of these values that the test samples leave, the largest.
    pub test_error: Option<f64>,
    /// How many of these trainings the clock cut short.
    pub cut_short: usize,
}

impl Default for BaselineRow {
    /// A network designed by hand, of which nothing is known.
    fn default() -> Self {
        Self {
            name: String::new(),
            role: Role::Baseline,
            costs: Costs::default(),
            validation: Vec::new(),
            test: Vec::new(),
            test_error: None,
            cut_short: 0,
        }
    }
}

impl BaselineRow {
    /// Whether its values are those of random architectures.
    fn is_random(&self) -> bool {
        self.role == Role::Random
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

/// The value of a cost for a table: counts in full, anything else in its unit.
fn shown(cost: Cost, costs: &Costs) -> String {
    let Some(quantity) = costs.get(cost) else {
        return "not measured".into();
    };
    match quantity.unit {
        Unit::Parameters | Unit::Macs => format!("{:.0}", quantity.value),
        Unit::Bytes => format!("{:.0} bytes", quantity.value),
        Unit::Milliseconds | Unit::Seconds | Unit::Fraction | Unit::Target | Unit::Plain => {
            quantity.to_string()
        }
    }
}

/// The arithmetic mean; `None` of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

//! One class for each sample.

use super::loss::{CrossEntropy, Distillation, LossOptions, Term};
use super::{Answer, Entry, Judged, Loss, Metric, Task, metric};
use crate::data::{Column, Part, Targets, hash_text};
use crate::export::{OnnxGraph, TorchAnswer, python_list};
use crate::train::largest;
use netsmith::network::Shape;
use netsmith::random::Random;
use netsmith::space::head::Vector;
use netsmith::space::{Head, Input};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "classification",
    "One of several classes for each sample.",
    |record| {
        let task: Classification = serde_json::from_value(record)?;
        Ok(Arc::new(task))
    },
);

/// Softens a teacher's classes, so that those that are alike are seen to be.
const TEMPERATURE: f32 = 2.0;

/// The name of the answer in exported files.
pub(super) const PROBABILITIES: &str = "probabilities";

/// To tell classes apart.
///
/// # Shapes
/// One column of class numbers, `[samples]`; a network answers with logits,
/// `[classes]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// Class names by number.
    pub classes: Vec<String>,
}

impl Classification {
    /// Classes without names of their own: their numbers.
    pub fn numbered(classes: usize) -> Self {
        Self {
            classes: (0..classes).map(|class| class.to_string()).collect(),
        }
    }

    /// Targets from class numbers, each below the number of names.
    ///
    /// # Panics
    /// When a class has no name.
    pub fn targets(labels: Vec<u32>, names: Vec<String>) -> Targets {
        assert!(
            labels.iter().all(|label| (*label as usize) < names.len()),
            "every class has a name"
        );
        Targets {
            task: Arc::new(Self { classes: names }),
            columns: vec![Column::index(labels, 1)],
        }
    }
}

impl Task for Classification {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn head(&self, _inputs: &[Input]) -> Arc<dyn Head> {
        Arc::new(Vector {
            outputs: self.classes.len(),
        })
    }

    fn fit(&self, _train: &Part) -> Arc<dyn Task> {
        Arc::new(self.clone())
    }

    fn loss(&self, options: &LossOptions) -> Loss {
        Loss::of_term(CrossEntropy {
            classes: self.classes.len(),
            smoothing: options.label_smoothing,
        })
    }

    fn distillation(&self, column: usize) -> Option<Arc<dyn Term>> {
        Some(Arc::new(Distillation {
            column,
            temperature: TEMPERATURE,
        }))
    }

    fn judged(&self, outputs: Vec<f32>, targets: &[Column]) -> Judged {
        Judged {
            predictions: Column::real(outputs, self.classes.len()),
            truth: targets[0].clone(),
        }
    }

    fn default_metric(&self) -> Metric {
        Metric::of(&metric::ACCURACY)
    }

    fn strata(&self, targets: &[Column]) -> Option<Vec<u32>> {
        Some(targets[0].indices().to_vec())
    }

    fn strata_names(&self) -> &[String] {
        &self.classes
    }

    fn decode(&self, outputs: &mut [f32]) {
        outputs
            .chunks_exact_mut(self.classes.len())
            .for_each(softmax);
    }

    fn answer(&self, decoded: &[f32]) -> Answer {
        let best = largest(decoded);
        Answer::Class {
            class: self.classes[best].clone(),
            probability: decoded[best],
        }
    }

    fn random(&self, samples: usize, random: &mut Random) -> Vec<Column> {
        let classes = self.classes.len() as u32;
        let labels = (0..samples).map(|_| random.random_range(0..classes));
        vec![Column::index(labels.collect(), 1)]
    }

    fn onnx(&self, graph: &mut OnnxGraph, output: &str, _shape: Shape) {
        graph.softmax_output(PROBABILITIES, output, 1, &[self.classes.len()]);
    }

    fn torch(&self) -> TorchAnswer {
        torch_classes(
            &self.classes,
            format!("probabilities, [batch, {}]", self.classes.len()),
        )
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        classes_metadata(self.name(), &self.classes)
    }

    fn hash(&self, columns: &[Column], hash: &mut Sha256) {
        self.classes.iter().for_each(|name| hash_text(name, hash));
        columns[0].hash(hash);
    }

    fn record(&self) -> Value {
        json!(self)
    }
}

/// The probabilities of the classes, in place.
pub(super) fn softmax(logits: &mut [f32]) {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    logits.iter_mut().for_each(|z| *z = (*z - largest).exp());
    let sum: f32 = logits.iter().sum();
    logits.iter_mut().for_each(|z| *z /= sum);
}

/// Class names and probabilities along the second axis, as PyTorch source.
pub(super) fn torch_classes(classes: &[String], summary: String) -> TorchAnswer {
    TorchAnswer {
        constants: format!(
            "\n# Class names by number.\nCLASSES = {}\n",
            python_list(classes)
        ),
        summary,
        expression: "torch.softmax(answer, 1)".to_owned(),
    }
}

/// What exported files say of a task with these classes.
pub(super) fn classes_metadata(task: &str, classes: &[String]) -> BTreeMap<String, String> {
    BTreeMap::from([
        ("task".to_owned(), task.to_owned()),
        ("classes".to_owned(), json!(classes).to_string()),
    ])
}

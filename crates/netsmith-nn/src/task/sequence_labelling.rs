//! One class for each position of a sequence.

use super::classification::{PROBABILITIES, classes_metadata, softmax, torch_classes};
use super::loss::{CrossEntropy, LossOptions, PositionwiseCrossEntropy};
use super::{Answer, Entry, Judged, Loss, Metric, Task, metric};
use crate::data::{Column, Part, Targets, hash_text};
use crate::export::{OnnxGraph, TorchAnswer};
use crate::train::largest;
use netsmith::network::Shape;
use netsmith::random::Random;
use netsmith::space::head::PerPosition;
use netsmith::space::{Head, Input};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "sequence-labelling",
    "One of several classes for each position of a sequence.",
    |record| {
        let task: SequenceLabelling = serde_json::from_value(record)?;
        Ok(Arc::new(task))
    },
);

/// The label of a position that counts nowhere, such as one beyond the end of a
/// sequence.
pub const IGNORED: u32 = u32::MAX;

/// To tell the class of each position.
///
/// # Shapes
/// One column of class numbers, `[samples, positions]`, [`IGNORED`] where a position
/// does not count; a network answers with logits, `[classes, 1, positions]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceLabelling {
    /// Class names by number.
    pub classes: Vec<String>,
    /// Positions of a sequence.
    pub positions: usize,
}

impl SequenceLabelling {
    /// Targets from class numbers, `[samples, positions]`.
    ///
    /// # Panics
    /// When a class that counts has no name.
    pub fn targets(labels: Vec<u32>, positions: usize, names: Vec<String>) -> Targets {
        let named = |label: &u32| *label == IGNORED || (*label as usize) < names.len();
        assert!(labels.iter().all(named), "every class has a name");
        Targets {
            task: Arc::new(Self {
                classes: names,
                positions,
            }),
            columns: vec![Column::index(labels, positions)],
        }
    }

    /// The values of one sample, `[classes, positions]`, position by position.
    fn by_position<'a>(&'a self, sample: &'a [f32]) -> impl Iterator<Item = Vec<f32>> + 'a {
        let at = move |position| {
            let classes = sample.iter().skip(position).step_by(self.positions);
            classes.copied().collect()
        };
        (0..self.positions).map(at)
    }
}

impl Task for SequenceLabelling {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn head(&self, _inputs: &[Input]) -> Arc<dyn Head> {
        Arc::new(PerPosition {
            outputs: self.classes.len(),
            positions: [1, self.positions],
        })
    }

    fn fit(&self, _train: &Part) -> Arc<dyn Task> {
        Arc::new(self.clone())
    }

    fn loss(&self, options: &LossOptions) -> Loss {
        Loss::of_term(PositionwiseCrossEntropy {
            term: CrossEntropy {
                classes: self.classes.len(),
                smoothing: options.label_smoothing,
            },
            positions: self.positions,
        })
    }

    fn judged(&self, outputs: Vec<f32>, targets: &[Column]) -> Judged {
        let samples = outputs.chunks_exact(self.classes.len() * self.positions);
        let rows = samples.flat_map(|sample| self.by_position(sample));
        let labelled = rows.zip(targets[0].indices());
        let counted = labelled.filter(|(_, label)| **label != IGNORED);
        let (rows, labels): (Vec<Vec<f32>>, Vec<u32>) = counted.unzip();
        Judged {
            predictions: Column::real(rows.concat(), self.classes.len()),
            truth: Column::index(labels, 1),
        }
    }

    fn default_metric(&self) -> Metric {
        Metric::of(&metric::ACCURACY)
    }

    fn decode(&self, outputs: &mut [f32]) {
        for sample in outputs.chunks_exact_mut(self.classes.len() * self.positions) {
            let rows: Vec<Vec<f32>> = self.by_position(sample).collect();
            for (position, mut row) in rows.into_iter().enumerate() {
                softmax(&mut row);
                let places = sample.iter_mut().skip(position).step_by(self.positions);
                places.zip(row).for_each(|(place, value)| *place = value);
            }
        }
    }

    fn answer(&self, decoded: &[f32]) -> Answer {
        let classes = self.by_position(decoded);
        Answer::Classes(
            classes
                .map(|row| self.classes[largest(&row)].clone())
                .collect(),
        )
    }

    fn random(&self, samples: usize, random: &mut Random) -> Vec<Column> {
        let classes = self.classes.len() as u32;
        let labels = (0..samples * self.positions).map(|_| random.random_range(0..classes));
        vec![Column::index(labels.collect(), self.positions)]
    }

    fn onnx(&self, graph: &mut OnnxGraph, output: &str, shape: Shape) {
        graph.softmax_output(PROBABILITIES, output, 1, &shape.dims());
    }

    fn torch(&self) -> TorchAnswer {
        torch_classes(
            &self.classes,
            format!(
                "probabilities, [batch, {}, 1, {}]",
                self.classes.len(),
                self.positions
            ),
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

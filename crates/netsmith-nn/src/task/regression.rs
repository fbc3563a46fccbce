//! One number for each sample.
//!
//! ```text
//! target of the loss = (value - mean of training) / standard deviation of training
//! ```

use super::loss::{LossOptions, SquaredError, Term};
use super::{Answer, Entry, Judged, Loss, Metric, Task, metric};
use crate::data::{Column, Part, Scale, Targets, hash_text};
use crate::export::{OnnxGraph, TorchAnswer, python_number};
use netsmith::network::Shape;
use netsmith::random::Random;
use netsmith::space::head::Vector;
use netsmith::space::{Head, Input};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new("regression", "One number for each sample.", |record| {
    let task: Regression = serde_json::from_value(record)?;
    Ok(Arc::new(task))
});

/// The name of the answer in exported files.
const VALUE: &str = "value";

/// To predict a number.
///
/// # Shapes
/// One column of values, `[samples]`, in the unit of the data; a network answers with
/// the scaled value, `[1]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// What the number is called.
    pub target: String,
    /// How values are scaled for the network; `None`: as they are.
    pub scale: Option<Scale>,
    /// What was taken from every value in 64 bits, so that 32 hold the rest; an answer
    /// adds it again.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub offset: f64,
}

impl Regression {
    /// Targets from their values.
    pub fn targets(target: &str, values: Vec<f32>) -> Targets {
        Self::targets_less(target, values, 0.0)
    }

    /// Targets from what is left of their values less an offset.
    pub fn targets_less(target: &str, values: Vec<f32>, offset: f64) -> Targets {
        Targets {
            task: Arc::new(Self {
                target: target.to_owned(),
                scale: None,
                offset,
            }),
            columns: vec![Column::real(values, 1)],
        }
    }
}

fn is_nothing(offset: &f64) -> bool {
    offset.abs() == 0.0
}

impl Task for Regression {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn head(&self, _inputs: &[Input]) -> Arc<dyn Head> {
        Arc::new(Vector { outputs: 1 })
    }

    fn fit(&self, train: &Part) -> Arc<dyn Task> {
        let targets = train.targets();
        Arc::new(Self {
            target: self.target.clone(),
            scale: Some(Scale::fit(targets[0].reals().iter().copied())),
            offset: self.offset,
        })
    }

    fn encode(&self, targets: &mut [Column]) {
        if let Some(scale) = self.scale {
            let values = targets[0].reals_mut().iter_mut();
            values.for_each(|value| *value = scale.apply(*value));
        }
    }

    fn loss(&self, _options: &LossOptions) -> Loss {
        Loss::of_term(SquaredError::default())
    }

    fn distillation(&self, column: usize) -> Option<Arc<dyn Term>> {
        Some(Arc::new(SquaredError { column }))
    }

    fn judged(&self, mut outputs: Vec<f32>, targets: &[Column]) -> Judged {
        self.decode(&mut outputs);
        Judged {
            predictions: Column::real(outputs, 1),
            truth: targets[0].clone(),
        }
    }

    fn default_metric(&self) -> Metric {
        Metric::of(&metric::RMSE)
    }

    fn decode(&self, outputs: &mut [f32]) {
        if let Some(scale) = self.scale {
            let values = outputs.iter_mut();
            values.for_each(|value| *value = scale.invert(*value));
        }
    }

    fn answer(&self, decoded: &[f32]) -> Answer {
        if is_nothing(&self.offset) {
            // The number that is written as shortly as the 32 bits are.
            let text = decoded[0].to_string();
            return Answer::Value(text.parse().unwrap_or(f64::NAN));
        }
        Answer::Value(f64::from(decoded[0]) + self.offset)
    }

    fn random(&self, samples: usize, random: &mut Random) -> Vec<Column> {
        vec![Column::real(crate::module::normal(random, samples), 1)]
    }

    fn onnx(&self, graph: &mut OnnxGraph, output: &str, _shape: Shape) {
        let Some(scale) = self.scale else {
            graph.plain_output("Identity", VALUE, &[output], &[1]);
            return;
        };
        let std = graph.floats("target.std", &[1], &[scale.std]);
        let mean = graph.floats("target.mean", &[1], &[scale.mean]);
        let scaled = graph.plain("Mul", "target.scaled", &[output, &std]);
        graph.plain_output("Add", VALUE, &[&scaled, &mean], &[1]);
    }

    fn torch(&self) -> TorchAnswer {
        let expression = self.scale.map_or_else(
            || "answer".to_owned(),
            |scale| {
                let [std, mean] = [scale.std, scale.mean].map(python_number);
                format!("answer * {std} + {mean}")
            },
        );
        TorchAnswer {
            constants: String::new(),
            summary: if is_nothing(&self.offset) {
                "the value, [batch, 1]".to_owned()
            } else {
                format!("the value less {}, [batch, 1]", self.offset)
            },
            expression,
        }
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::from([
            ("task".to_owned(), self.name().to_owned()),
            ("target".to_owned(), self.target.clone()),
        ]);
        if !is_nothing(&self.offset) {
            // To be added to the answer in 64 bits.
            metadata.insert("target_offset".to_owned(), self.offset.to_string());
        }
        metadata
    }

    fn hash(&self, columns: &[Column], hash: &mut Sha256) {
        hash_text(&self.target, hash);
        columns[0].hash(hash);
    }

    fn record(&self) -> Value {
        json!(self)
    }
}

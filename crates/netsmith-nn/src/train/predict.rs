//! Answers of a trained network, and how good they are.

use super::loss::{Loss, softmax};
use crate::data::{Answers, Batches, Metric, Normalization, Part, Task};
use crate::module::{Kernels, Module, ModuleError, Weights};
use netsmith::cost::Quantity;
use netsmith::network::Network;

/// Samples of one pass.
const BATCH: usize = 128;

/// A network with its weights and the form of its data: it takes raw samples.
#[derive(Debug)]
pub struct Predictor<'a> {
    module: Module,
    weights: &'a Weights,
    normalization: &'a Normalization,
    task: Task,
}

/// How good a network's answers to a part are.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The mean loss, without label smoothing.
    pub loss: f64,
    /// The metric.
    pub metric: Quantity,
    /// The answers in the unit of the data, by position.
    pub answers: Answers,
}

impl<'a> Predictor<'a> {
    /// A predictor.
    ///
    /// # Errors
    /// The network cannot be run.
    pub fn new(
        network: &Network,
        weights: &'a Weights,
        normalization: &'a Normalization,
        task: Task,
        kernels: Kernels,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            module: Module::new(network, kernels)?,
            weights,
            normalization,
            task,
        })
    }

    /// The probabilities of the classes, or the values in the unit of the data,
    /// of raw samples: pixels 0 to 255, columns unscaled, NaN for a missing
    /// cell.
    ///
    /// # Shapes
    /// `raw` is `[samples, sample]`, the result `[samples, classes]` or `[samples]`.
    ///
    /// # Panics
    /// When `raw` is not a whole number of samples.
    pub fn predict(&mut self, raw: &[f32]) -> Vec<f32> {
        let size: usize = self.normalization.raw_shape().iter().product();
        let mut answers = Vec::new();
        let mut inputs = Vec::new();
        for raw in raw.chunks(BATCH * size) {
            inputs.clear();
            self.normalization.transform(raw, &mut inputs);
            let mut batch = self.module.infer(self.weights, &inputs);
            self.finish(&mut batch);
            answers.append(&mut batch);
        }
        answers
    }

    /// Judges the answers to a part.
    ///
    /// # Panics
    /// When the metric does not fit the task, or the part is empty.
    pub fn measure(&mut self, part: &Part, metric: Metric) -> Measured {
        let mut judge = Judge {
            module: &mut self.module,
            weights: self.weights,
            normalization: self.normalization,
        };
        judge.measure(part, metric)
    }

    /// Logits to probabilities, or scaled values to those of the data.
    fn finish(&self, answers: &mut [f32]) {
        match (&self.task, self.normalization.target) {
            (Task::Classification { classes }, _) => {
                answers.chunks_exact_mut(classes.len()).for_each(softmax);
            }
            (Task::Regression { .. }, Some(scale)) => {
                answers
                    .iter_mut()
                    .for_each(|value| *value = scale.invert(*value));
            }
            (Task::Regression { .. }, None) => {}
        }
    }
}

/// Judges the weights of a module.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) module: &'a mut Module,
    pub(super) weights: &'a Weights,
    pub(super) normalization: &'a Normalization,
}

impl Judge<'_> {
    /// # Panics
    /// When the metric does not fit the task, or the part is empty.
    pub(super) fn measure(&mut self, part: &Part, metric: Metric) -> Measured {
        let task = part.task();
        let loss = Loss::new(&task, 0.0);
        let (mut total, mut raw) = (0.0, Vec::new());
        for batch in Batches::new(part, BATCH).normalized(self.normalization) {
            let answers = self.module.infer(self.weights, &batch.inputs);
            let mut gradient = vec![0.0; answers.len()];
            total += loss.of(&answers, &batch.answers, None, &mut gradient) * batch.len() as f64;
            raw.extend(answers);
        }
        let answers = match task {
            Task::Classification { classes } => {
                let rows = raw.chunks_exact(classes.len());
                Answers::Classes(rows.map(|row| largest(row) as u32).collect())
            }
            Task::Regression { .. } => {
                let scale = self.normalization.target;
                let value = |v: &f32| scale.map_or(*v, |scale| scale.invert(*v));
                Answers::Values(raw.iter().map(value).collect())
            }
        };
        let metric = metric.measure(&answers, &part.answers());
        Measured {
            loss: total / part.len() as f64,
            metric: metric
                .expect("the metric was checked against the task — this is a bug in netsmith"),
            answers,
        }
    }
}

/// The first place of the largest value; 0 of none.
pub(crate) fn largest<T: PartialOrd>(values: &[T]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

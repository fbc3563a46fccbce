//! Answers of a trained network, and how good they are.

use crate::data::{Batches, Column, Contract, Part};
use crate::module::{Kernels, Module, ModuleError, Weights};
use crate::task::loss::LossOptions;
use crate::task::{Judged, Metric};
use netsmith::cost::Quantity;
use netsmith::network::Network;

/// Samples of one pass.
const BATCH: usize = 128;

/// A network with its weights and its contract: it takes raw samples.
#[derive(Debug)]
pub struct Predictor<'a> {
    module: Module,
    weights: &'a Weights,
    contract: &'a Contract,
}

/// How good a network's answers to a part are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The mean loss, without label smoothing.
    pub loss: f64,
    /// The metric.
    pub metric: Quantity,
    /// The standard error of the metric, as its meter says.
    pub standard_error: Option<f64>,
}

impl<'a> Predictor<'a> {
    /// A predictor.
    ///
    /// # Errors
    /// The network cannot be run.
    pub fn new(
        network: &Network,
        weights: &'a Weights,
        contract: &'a Contract,
        kernels: Kernels,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            module: Module::new(network, kernels)?,
            weights,
            contract,
        })
    }

    /// The answers to raw samples, as the task decodes them: probabilities of the
    /// classes, or values in the unit of the data.
    ///
    /// # Shapes
    /// `raw` is `[samples, raw shape]`, the result `[samples, shape of the answer]`.
    ///
    /// # Panics
    /// When `raw` is not a whole number of samples.
    pub fn predict(&mut self, raw: &[f32]) -> Vec<f32> {
        let size: usize = self.contract.modality.raw_shape().iter().product();
        let mut answers = Vec::new();
        for raw in raw.chunks(BATCH * size) {
            let inputs = self.contract.inputs(raw);
            let mut batch = self.module.infer(self.weights, &inputs[0]);
            self.contract.task.decode(&mut batch);
            answers.append(&mut batch);
        }
        answers
    }

    /// The network's outputs to a part, before the task decodes them.
    ///
    /// # Shapes
    /// `[samples, shape of the answer]`.
    pub fn outputs(&mut self, part: &Part) -> Column {
        let all = self.raw_outputs(part);
        let width = all.len() / part.len().max(1);
        Column::real(all, width.max(1))
    }

    fn raw_outputs(&mut self, part: &Part) -> Vec<f32> {
        let mut all = Vec::new();
        for batch in Batches::new(part, BATCH).normalized(self.contract) {
            all.append(&mut self.module.infer(self.weights, &batch.inputs[0]));
        }
        all
    }

    /// The answers to a part beside its truth, as metrics compare them.
    pub fn judged(&mut self, part: &Part) -> Judged {
        let outputs = self.raw_outputs(part);
        self.contract.task.judged(outputs, &part.targets())
    }

    /// Judges the answers to a part.
    ///
    /// # Panics
    /// When the metric does not fit the task, or the part is empty.
    pub fn measure(&mut self, part: &Part, metric: Metric) -> Measured {
        let mut judge = Judge {
            module: &mut self.module,
            weights: self.weights,
            contract: self.contract,
        };
        judge.measure(part, metric)
    }
}

/// Judges the weights of a module.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) module: &'a mut Module,
    pub(super) weights: &'a Weights,
    pub(super) contract: &'a Contract,
}

impl Judge<'_> {
    /// # Panics
    /// When the metric does not fit the task, or the part is empty.
    pub(super) fn measure(&mut self, part: &Part, metric: Metric) -> Measured {
        let task = &self.contract.task;
        let loss = task.loss(&LossOptions::default());
        let mut meter = metric.meter();
        let (mut total, mut gradient) = (0.0, Vec::new());
        for batch in Batches::new(part, BATCH).normalized(self.contract) {
            let outputs = self.module.infer(self.weights, &batch.inputs[0]);
            gradient.resize(outputs.len(), 0.0);
            total += loss.of(&outputs, &batch.targets, None, &mut gradient) * batch.len() as f64;
            // Scaled back from the loss's targets, a value would be rounded.
            meter.add(&task.judged(outputs, &part.targets_at(&batch.positions)));
        }
        Measured {
            loss: total / part.len() as f64,
            metric: Quantity::new(meter.value(), metric.unit()),
            standard_error: meter.standard_error(),
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

//! What is to be learnt, one file each: everything that depends on the kind of
//! target and on nothing else.
//!
//! ```text
//! data source ─► Targets { task, columns }
//!     task.head()      ends every network of a space
//!     task.loss()      what training makes small
//!     task.judged()    what a metric compares
//!     task.decode()    from a network's output to an answer, also in exported files
//! ```
//!
//! A task is made from the data's description; [`Task::fit`] gives one that has
//! learnt from the training part.

mod classification;
pub mod loss;
pub mod metric;
mod regression;
mod sequence_labelling;

pub use classification::Classification;
pub use loss::Loss;
pub use metric::{Judged, Meter, Metric, MetricError};
pub use regression::Regression;
pub use sequence_labelling::{IGNORED, SequenceLabelling};

use crate::data::{Column, Part};
use crate::export::{OnnxGraph, TorchAnswer};
use loss::{LossOptions, Term};
use netsmith::network::Shape;
use netsmith::random::Random;
use netsmith::space::{Head, Input};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A kind of target.
pub trait Task: fmt::Debug + Send + Sync {
    /// Its name in the [`CATALOGUE`].
    fn name(&self) -> &'static str;

    /// What ends every network for samples of these inputs.
    fn head(&self, inputs: &[Input]) -> Arc<dyn Head>;

    /// The same, with what is learnt from a part, which must be the training part.
    fn fit(&self, train: &Part) -> Arc<dyn Task>;

    /// Changes targets of the data to those that the loss reads, such as scaled ones.
    fn encode(&self, _targets: &mut [Column]) {}

    /// What training makes small.
    fn loss(&self, options: &LossOptions) -> Loss;

    /// What makes a network answer as another one does, whose answers are this column of
    /// the targets; `None` where there is no way.
    ///
    /// # Shapes
    /// The column is `[samples, shape of the answer]`, as that network gives them.
    fn distillation(&self, _column: usize) -> Option<Arc<dyn Term>> {
        None
    }

    /// What metrics compare: rows of predictions from a network's outputs to a batch,
    /// with the truth from its targets as the data have them.
    ///
    /// # Shapes
    /// `outputs` is `[samples, shape of the answer]`.
    fn judged(&self, outputs: Vec<f32>, targets: &[Column]) -> Judged;

    /// The metric where none is asked for.
    fn default_metric(&self) -> Metric;

    /// A number for each sample, equal for samples that a split keeps in proportion;
    /// `None` where there is nothing to keep.
    fn strata(&self, _targets: &[Column]) -> Option<Vec<u32>> {
        None
    }

    /// The names of the strata, where each must occur in the training part.
    fn strata_names(&self) -> &[String] {
        &[]
    }

    /// Turns a network's outputs into answers: probabilities, or values in the unit of
    /// the data.
    ///
    /// # Shapes
    /// `outputs` is `[samples, shape of the answer]`, and so are the answers.
    fn decode(&self, outputs: &mut [f32]);

    /// The answer for one sample, for people and machines.
    fn answer(&self, decoded: &[f32]) -> Answer;

    /// Targets drawn at random for so many samples: for networks without data.
    fn random(&self, samples: usize, random: &mut Random) -> Vec<Column>;

    /// Adds to an ONNX graph what turns the network's output into the answer, which is
    /// an output of the graph.
    fn onnx(&self, graph: &mut OnnxGraph, output: &str, shape: Shape);

    /// The same as PyTorch source.
    fn torch(&self) -> TorchAnswer;

    /// What exported files say of the answer, by key.
    fn metadata(&self) -> BTreeMap<String, String>;

    /// Adds what identifies the targets to the fingerprint of a data set.
    fn hash(&self, columns: &[Column], hash: &mut sha2::Sha256);

    /// All that is needed to make it again, as the catalogue's entry reads it.
    fn record(&self) -> Value;
}

/// What a network answers to one sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A class with its probability.
    Class {
        /// Its name.
        class: String,
        /// Its probability.
        probability: f32,
    },
    /// A number in the unit of the data.
    Value(f64),
    /// A class for each position.
    Classes(Vec<String>),
}

/// What makes a task from its record.
pub type Read = fn(Value) -> Result<Arc<dyn Task>, serde_json::Error>;

/// A task in the catalogue.
pub type Entry = netsmith::catalogue::Entry<Read>;

/// All tasks.
pub const CATALOGUE: &[Entry] = &[
    classification::ENTRY,
    regression::ENTRY,
    sequence_labelling::ENTRY,
];

#[cfg(test)]
mod tests;

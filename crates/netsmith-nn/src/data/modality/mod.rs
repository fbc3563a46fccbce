//! Kinds of samples, one folder each: what a network is given of them.
//!
//! ```text
//! source ─► columns ─ write_raw ─► raw sample ─ normalize ─► inputs of a network
//!                                      ▲                        │ augment, in training
//!                         new data, and what an exported        ▼
//!                         network takes                       batch
//! ```
//!
//! A modality is made without knowledge of the data's distribution;
//! [`Modality::fit`] gives one that has learnt from the training part. It is written
//! into every exported network, which therefore takes raw samples.

pub mod images;
pub mod series;
pub mod table;

pub use images::Images;
pub use series::Series;
pub use table::Table;

use super::{Augmentation, Column, DataError, Part};
use crate::export::{OnnxGraph, TorchInput};
use crate::rival;
use crate::train::Recipe;
use netsmith::random::Random;
use netsmith::space::Input;
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A kind of samples.
pub trait Modality: fmt::Debug + Send + Sync {
    /// Its name in the [`CATALOGUE`].
    fn name(&self) -> &'static str;

    /// What a network takes of one sample, in this order.
    fn inputs(&self) -> Vec<Input>;

    /// The shape of one raw sample, which is what an exported network takes.
    fn raw_shape(&self) -> Vec<usize>;

    /// The same, with what is learnt from a part, which must be the training part.
    fn fit(&self, train: &Part) -> Arc<dyn Modality>;

    /// Writes one sample of the data set's columns as raw values.
    ///
    /// # Panics
    /// When there is no such row or `out` has not the length of one raw sample.
    fn write_raw(&self, columns: &[Column], row: usize, out: &mut [f32]);

    /// Appends to each input what it takes of a batch of raw samples.
    ///
    /// # Shapes
    /// `raw` is `[samples, raw shape]`; `[samples, shape of the input]` is appended
    /// to each of `inputs`.
    fn normalize(&self, raw: &[f32], inputs: &mut [Vec<f32>]);

    /// Changes a normalised batch at random in ways that leave the meaning of its
    /// samples alone. It sees the targets, which may have to move along.
    fn augment(
        &self,
        _augmentation: Augmentation,
        _inputs: &mut [Vec<f32>],
        _targets: &mut [Column],
        _random: &mut Random,
    ) {
    }

    /// The space that is searched where none is named.
    fn default_space(&self) -> &'static str;

    /// How networks on so many samples are trained.
    fn recipe(&self, samples: usize) -> Recipe;

    /// What people use on such samples instead of a network, which a search must beat.
    fn rivals(&self) -> &'static [rival::Entry] {
        &[]
    }

    /// Reads new samples of this form, and what each is called.
    ///
    /// # Errors
    /// [`DataError`], which names the file, the row and the remedy.
    fn read(&self, path: &Path) -> Result<NewSamples, DataError>;

    /// Adds the samples to the fingerprint of a data set.
    fn hash(&self, columns: &[Column], hash: &mut Sha256);

    /// Adds to an ONNX graph what turns raw samples into the inputs; the names of
    /// these.
    fn onnx(&self, graph: &mut OnnxGraph, raw: &str) -> Vec<String>;

    /// The same as PyTorch source.
    fn torch(&self) -> TorchInput;

    /// What exported files say of the samples, by key.
    fn metadata(&self) -> BTreeMap<String, String>;

    /// All that is needed to make it again, as the catalogue's entry reads it.
    fn record(&self) -> Value;
}

/// Samples to predict, and what each is called.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSamples {
    /// As the modality lays them out.
    pub columns: Vec<Column>,
    /// A picture's file; a row's number, from 1.
    pub names: Vec<String>,
}

impl NewSamples {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// What makes a modality from its record.
pub type Read = fn(Value) -> Result<Arc<dyn Modality>, serde_json::Error>;

/// A modality in the catalogue.
pub type Entry = netsmith::catalogue::Entry<Read>;

/// All modalities.
pub const CATALOGUE: &[Entry] = &[images::ENTRY, table::ENTRY, series::ENTRY];

#[cfg(test)]
mod tests;

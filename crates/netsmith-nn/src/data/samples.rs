//! Samples and targets of a data set: columns, and who knows what they mean.

use super::Column;
use super::modality::Modality;
use crate::task::Task;
use std::sync::Arc;

/// The raw samples of a data set.
#[derive(Clone, Debug)]
pub struct Samples {
    /// What reads them.
    pub modality: Arc<dyn Modality>,
    /// Columns as the modality lays them out.
    pub columns: Vec<Column>,
}

/// What is to be predicted for each sample.
#[derive(Clone, Debug)]
pub struct Targets {
    /// What reads them.
    pub task: Arc<dyn Task>,
    /// Columns as the task lays them out.
    pub columns: Vec<Column>,
}

impl Samples {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one raw sample.
    pub fn raw_shape(&self) -> Vec<usize> {
        self.modality.raw_shape()
    }

    /// Writes sample `row` as raw values, of the modality's raw shape.
    ///
    /// # Panics
    /// When there is no such row or `out` has not the length of one sample.
    pub fn write_row(&self, row: usize, out: &mut [f32]) {
        self.modality.write_raw(&self.columns, row, out);
    }
}

impl Targets {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Column::len)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

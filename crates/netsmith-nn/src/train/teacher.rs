//! What a network learns from another one besides its targets.

use super::Predictor;
use crate::data::{Column, Part};

/// The answers of a network to the training part, from which others learn: taken once,
/// of samples that are not changed at random.
#[derive(Clone, Debug, PartialEq)]
pub struct Teacher {
    /// The rows of the source that it has answered, ascending.
    rows: Vec<u32>,
    /// Its outputs, as it gives them.
    answers: Column,
    /// The share that they have in the loss.
    share: f32,
}

impl Teacher {
    /// A teacher that has seen this part, with a share of the loss in `[0, 1]`.
    pub fn new(predictor: &mut Predictor<'_>, train: &Part, share: f32) -> Self {
        Self {
            rows: train.indices().to_vec(),
            answers: predictor.outputs(train),
            share,
        }
    }

    /// Its share of the loss.
    pub fn share(&self) -> f32 {
        self.share
    }

    /// Its answers to these rows of the source.
    ///
    /// # Panics
    /// When it has not seen one of them.
    pub(super) fn answers(&self, rows: impl Iterator<Item = u32>) -> Column {
        let place = |row| {
            let place = self.rows.binary_search(&row);
            place.expect("a teacher has seen all of the training part — this is a bug in netsmith")
        };
        let places: Vec<u32> = rows.map(|row| place(row) as u32).collect();
        self.answers.gather(&places)
    }
}

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
    /// The mean of these networks' outputs to a part, with a share of the loss in
    /// `[0, 1]`; nothing where there is no network.
    pub fn new<'a>(
        networks: impl IntoIterator<Item = Predictor<'a>>,
        train: &Part,
        share: f32,
    ) -> Option<Self> {
        let outputs = networks.into_iter();
        let outputs: Vec<Column> = outputs.map(|mut own| own.outputs(train)).collect();
        let first = outputs.first()?;
        let (width, count) = (
            first.reals().len() / train.len().max(1),
            outputs.len() as f32,
        );
        let mut mean = vec![0.0; first.reals().len()];
        for own in &outputs {
            for (mean, value) in mean.iter_mut().zip(own.reals()) {
                *mean += value / count;
            }
        }
        Some(Self {
            rows: train.indices().to_vec(),
            answers: Column::real(mean, width.max(1)),
            share,
        })
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

//! Rivals that are no networks: what people use on series and tables instead of one.
//!
//! A search is worth its time where its networks beat these. Each is a pure function from
//! training samples to predictions:
//!
//! - [`rocket`]: random convolution kernels and a [`ridge`] classifier;
//! - [`nearest_neighbour`]: the label of the most similar training series;
//! - [`boosting`]: gradient-boosted trees;
//! - [`logistic`] regression, and ridge regression where the targets are numbers;
//! - [`neighbours`]: the mean of the nearest rows.
//!
//! They compute on the rayon pool that they are called in, and give the same bits on any
//! number of threads.

pub mod boosting;
mod gaps;
mod held_out;
mod labels;
mod lbfgs;
pub mod logistic;
pub mod nearest_neighbour;
pub mod neighbours;
pub mod ridge;
pub mod rocket;
mod rows;
mod series;
pub(crate) mod tabular;

pub use labels::Labels;
pub use rows::Rows;

use crate::data::{Column, Part};
use netsmith::random::Seed;

/// What a rival is asked.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// What it learns from.
    pub train: &'a Part,
    /// What it predicts.
    pub parts: &'a [&'a Part],
}

/// Predictions on each part, as [`Judged`](crate::task::Judged) takes them: rows of logits,
/// which may say only which class is predicted, or values.
pub type Predict = fn(&Problem<'_>, &Seed) -> Vec<Column>;

/// A rival in the catalogue.
pub type Entry = netsmith::catalogue::Entry<Predict>;

/// The rivals of networks on series.
pub const SERIES: &[Entry] = &[
    Entry::new(
        "ROCKET",
        "Ten thousand random convolution kernels and a ridge classifier.",
        series::rocket,
    )
    .paper("Dempster et al. 2020, arXiv:1910.13051"),
    Entry::new(
        "1-nearest-neighbour",
        "The answer of the nearest training series, warped where lengths differ.",
        series::nearest,
    ),
];

/// One series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    values: &'a [f32],
    length: usize,
}

impl<'a> Sample<'a> {
    /// A sample of these values, `[channels, length]`; NaN where one is missing.
    ///
    /// # Panics
    /// Where the values are not as many as a whole number of channels, at least one, has.
    pub fn new(values: &'a [f32], length: usize) -> Self {
        assert!(
            length > 0 && !values.is_empty() && values.len().is_multiple_of(length),
            "{} values are not channels of {length} steps",
            values.len()
        );
        Self { values, length }
    }

    /// The number of time steps.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.values.len() / self.length
    }
}

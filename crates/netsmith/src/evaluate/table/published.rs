//! What others reported for searches on a table.

use serde::Serialize;

/// A row of a published comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Published {
    /// The strategy, by our name where we have it.
    pub name: &'static str,
    /// Position of the data set that was searched.
    #[serde(skip)]
    pub data: usize,
    /// Simulated seconds of one search.
    #[serde(skip)]
    pub budget: f64,
    /// Test accuracy of the answers by data set, in the table's order.
    pub test_accuracy: [Measured; 3],
}

/// Mean and deviation, as fractions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub std: f64,
}

impl Measured {
    /// From percent: mean and deviation.
    pub const fn percent((mean, std): (f64, f64)) -> Self {
        Self {
            mean: mean / 100.0,
            std: std / 100.0,
        }
    }
}

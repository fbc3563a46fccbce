//! Samples as a network is given them.

use crate::data::Part;
use crate::data::modality::Modality;

/// Values of samples, equally many for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    values: Vec<f32>,
    width: usize,
    len: usize,
}

impl Rows {
    /// `len` rows of these values, one after the other.
    ///
    /// # Panics
    /// Where the rows are not equally wide.
    pub fn new(values: Vec<f32>, len: usize) -> Self {
        let width = values.len() / len.max(1);
        assert_eq!(values.len(), width * len, "rows are equally wide");
        Self { values, width, len }
    }

    /// The inputs of a network for each sample of a part, side by side; without such that
    /// are not numbers.
    pub(crate) fn of(part: &Part, fitted: &dyn Modality) -> Self {
        let mut raw = vec![0.0; fitted.raw_shape().iter().product()];
        let mut values = Vec::new();
        for position in 0..part.len() {
            part.write_row(position, &mut raw);
            let mut inputs = vec![Vec::new(); fitted.inputs().len()];
            fitted.normalize(&raw, &mut inputs);
            values.extend(inputs.into_iter().flatten());
        }
        let finite = values.iter_mut().filter(|value| !value.is_finite());
        finite.for_each(|value| *value = 0.0);
        Self::new(values, part.len())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Values of each row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The values of a row.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn row(&self, row: usize) -> &[f32] {
        assert!(row < self.len, "row {row} of {}", self.len);
        &self.values[row * self.width..][..self.width]
    }
}

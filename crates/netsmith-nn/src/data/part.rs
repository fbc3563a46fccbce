//! A view of some samples of a data set.

use std::fmt;
use std::sync::Arc;

use netsmith::random::Seed;

use super::dataset::Dataset;
use super::modality::Modality;
use super::split::stratified;
use super::{Column, PartName};
use crate::task::Task;

/// The samples of one part, by position 0 to `len - 1`.
///
/// It is cheap to clone: the samples are shared. No method leads from a part
/// to the samples of another one.
#[derive(Clone)]
pub struct Part {
    data: Arc<Dataset>,
    rows: Arc<[u32]>,
    name: PartName,
}

impl Part {
    pub(super) fn new(data: Arc<Dataset>, rows: Arc<[u32]>, name: PartName) -> Self {
        Self { data, rows, name }
    }

    /// Which part it is.
    pub fn name(&self) -> PartName {
        self.name
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of the source that this part holds, ascending.
    ///
    /// Rows count from zero in the source's order; where the source gives its
    /// test samples separately, they follow the training samples.
    pub fn indices(&self) -> &[u32] {
        &self.rows
    }

    /// What reads the targets, before it has learnt from them.
    pub fn task(&self) -> &Arc<dyn Task> {
        &self.data.targets.task
    }

    /// What reads the samples, before it has learnt from them.
    pub fn modality(&self) -> &Arc<dyn Modality> {
        &self.data.samples.modality
    }

    /// Writes the sample at `position` as raw values, of the modality's raw shape.
    ///
    /// # Panics
    /// When there is no such position or `out` has not the length of one
    /// sample.
    pub fn write_row(&self, position: usize, out: &mut [f32]) {
        let row = self.rows[position] as usize;
        self.data.samples.write_row(row, out);
    }

    /// The name of the sample at `position`, such as its file, where the
    /// source has one.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn row_name(&self, position: usize) -> Option<&str> {
        let names = self.data.row_names.as_ref()?;
        Some(&names[self.rows[position] as usize])
    }

    /// The raw samples, by position, in the columns of the modality.
    pub fn samples(&self) -> Vec<Column> {
        let columns = self.data.samples.columns.iter();
        columns.map(|column| column.gather(&self.rows)).collect()
    }

    /// The targets of all samples, by position, in the unit of the data.
    pub fn targets(&self) -> Vec<Column> {
        let columns = self.data.targets.columns.iter();
        columns.map(|column| column.gather(&self.rows)).collect()
    }

    /// The targets at these positions, in this order, in the unit of the data.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn targets_at(&self, positions: &[u32]) -> Vec<Column> {
        let rows: Vec<u32> = positions.iter().map(|p| self.rows[*p as usize]).collect();
        let columns = self.data.targets.columns.iter();
        columns.map(|column| column.gather(&rows)).collect()
    }

    /// A share of the samples, drawn by class: `ceil(fraction * len)` of them,
    /// in the source's order. The same seed and a larger fraction give a part
    /// that is drawn anew.
    ///
    /// # Panics
    /// When `fraction` is not within 0 to 1.
    pub fn fraction(&self, fraction: f64, seed: &Seed) -> Self {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "a fraction lies within 0 to 1"
        );
        let count = (fraction * self.len() as f64).ceil() as usize;
        if count >= self.len() {
            return self.clone();
        }
        self.divided(self.len() - count, seed).1
    }

    /// Two parts without a common sample: `share` of the samples, drawn by
    /// class, and the others.
    ///
    /// # Panics
    /// When `share` is not within 0 to 1, or the part is empty.
    pub fn halves(&self, share: f64, seed: &Seed) -> [Self; 2] {
        assert!((0.0..=1.0).contains(&share), "a share lies within 0 to 1");
        let (drawn, left) = self.divided((share * self.len() as f64).round() as usize, seed);
        [drawn, left]
    }

    /// `count` samples drawn by class, and the others.
    fn divided(&self, count: usize, seed: &Seed) -> (Self, Self) {
        let targets = &self.data.targets;
        let strata = targets.task.strata(&targets.columns);
        let (drawn, left) = stratified(&self.rows, strata.as_deref(), count, seed);
        let with = |rows: Vec<u32>| Self {
            rows: rows.into(),
            ..self.clone()
        };
        (with(drawn), with(left))
    }
}

impl fmt::Debug for Part {
    /// Says how many samples there are, without printing them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("len", &self.len())
            .finish()
    }
}

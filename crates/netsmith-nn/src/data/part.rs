//! A view of some samples of a data set.

use std::fmt;
use std::sync::Arc;

use netsmith::random::Seed;

use super::dataset::Dataset;
use super::split::stratified;
use super::{Answers, InputSchema, PartName, Targets, Task};

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

    /// What a network has to learn.
    pub fn task(&self) -> Task {
        self.data.task()
    }

    /// The form of one raw sample.
    pub fn schema(&self) -> InputSchema {
        self.data.features.schema()
    }

    /// The shape of one raw sample: `[channels, height, width]` or `[columns]`.
    pub fn raw_shape(&self) -> Vec<usize> {
        self.data.features.raw_shape()
    }

    /// Writes the sample at `position` as raw values: pixels 0 to 255, columns
    /// unscaled, NaN where a cell is missing.
    ///
    /// # Panics
    /// When there is no such position or `out` has not the length of one
    /// sample.
    pub fn write_row(&self, position: usize, out: &mut [f32]) {
        self.data
            .features
            .write_row(self.rows[position] as usize, out);
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

    /// The answers to all samples, by position.
    pub fn answers(&self) -> Answers {
        self.data.targets.answers(&self.rows)
    }

    /// The answers to these positions, in this order.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn answers_at(&self, positions: &[u32]) -> Answers {
        let rows: Vec<u32> = positions.iter().map(|p| self.rows[*p as usize]).collect();
        self.data.targets.answers(&rows)
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
        let labels = match &self.data.targets {
            Targets::Classes { labels, .. } => Some(labels.as_slice()),
            Targets::Values { .. } => None,
        };
        let (drawn, left) = stratified(&self.rows, labels, count, seed);
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

//! What the samples of a part are known to be.

use crate::data::{Column, Part};

/// The targets of some samples.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// A class each.
    Classes {
        /// The class numbers.
        labels: Vec<u32>,
        /// How many classes there are.
        classes: usize,
    },
    /// A number each.
    Values(Vec<f32>),
}

impl Labels {
    /// Those of a part, in the unit of the data.
    pub(crate) fn of(part: &Part) -> Self {
        match part.task().strata(&part.targets()) {
            Some(labels) => Self::Classes {
                labels,
                classes: part.task().strata_names().len(),
            },
            None => Self::Values(part.targets()[0].reals().to_vec()),
        }
    }

    /// How many numbers a prediction of one has: a logit for each class, or the value.
    pub fn width(&self) -> usize {
        match self {
            Self::Classes { classes, .. } => *classes,
            Self::Values(_) => 1,
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { labels, .. } => labels.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Logits that say only which class is predicted.
pub(super) fn one_hot(labels: &[u32], classes: usize) -> Column {
    let row =
        |label: u32| (0..classes as u32).map(move |class| f32::from(u8::from(class == label)));
    Column::real(labels.iter().copied().flat_map(row).collect(), classes)
}

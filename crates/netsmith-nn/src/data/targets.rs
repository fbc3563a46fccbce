//! What is to be predicted.

use serde::{Deserialize, Serialize};

/// The answers to all samples of a data set.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// One class for each sample.
    Classes {
        /// Class numbers, each below `names.len()`.
        labels: Vec<u32>,
        /// Class names by number.
        names: Vec<String>,
    },
    /// One number for each sample.
    Values {
        /// What the number is called.
        name: String,
        /// In the unit that the data have.
        values: Vec<f32>,
    },
}

/// What a network has to learn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// To tell classes apart.
    Classification {
        /// Class names by number.
        classes: Vec<String>,
    },
    /// To predict a number.
    Regression {
        /// What the number is called.
        target: String,
    },
}

/// Answers without names: the truth of a batch, or predictions.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// Class numbers.
    Classes(Vec<u32>),
    /// Numbers.
    Values(Vec<f32>),
}

impl Task {
    /// The length of a network's output for one sample: the number of classes,
    /// or one.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Classification { classes } => classes.len(),
            Self::Regression { .. } => 1,
        }
    }

    /// Class names by number; none in a regression.
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Classification { classes } => classes,
            Self::Regression { .. } => &[],
        }
    }

    /// Whether a number is predicted.
    pub fn is_regression(&self) -> bool {
        matches!(self, Self::Regression { .. })
    }
}

impl Targets {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes { labels, .. } => labels.len(),
            Self::Values { values, .. } => values.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a network has to learn from them.
    pub fn task(&self) -> Task {
        match self {
            Self::Classes { names, .. } => Task::Classification {
                classes: names.clone(),
            },
            Self::Values { name, .. } => Task::Regression {
                target: name.clone(),
            },
        }
    }

    /// The answers of these rows, in this order.
    pub fn answers(&self, rows: &[u32]) -> Answers {
        match self {
            Self::Classes { labels, .. } => {
                Answers::Classes(rows.iter().map(|r| labels[*r as usize]).collect())
            }
            Self::Values { values, .. } => {
                Answers::Values(rows.iter().map(|r| values[*r as usize]).collect())
            }
        }
    }
}

impl Answers {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(labels) => labels.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The class numbers; none in a regression.
    pub fn classes(&self) -> &[u32] {
        match self {
            Self::Classes(labels) => labels,
            Self::Values(_) => &[],
        }
    }

    /// The numbers; none in a classification.
    pub fn values(&self) -> &[f32] {
        match self {
            Self::Classes(_) => &[],
            Self::Values(values) => values,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_follow_the_rows() {
        let targets = Targets::Classes {
            labels: vec![0, 1, 1, 0],
            names: vec!["cat".into(), "dog".into()],
        };
        assert_eq!(targets.answers(&[3, 1]), Answers::Classes(vec![0, 1]));
        assert_eq!(targets.task().outputs(), 2);
        let values = Targets::Values {
            name: "price".into(),
            values: vec![1.5, 2.5],
        };
        assert_eq!(values.answers(&[1]).values(), &[2.5]);
        assert_eq!(
            (values.task().outputs(), values.task().classes().len()),
            (1, 0)
        );
    }
}

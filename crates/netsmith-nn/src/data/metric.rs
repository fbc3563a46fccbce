//! How good predictions are.
//!
//! ```text
//! accuracy           correct / all
//! balanced accuracy  mean over the classes that occur of
//!                    correct of the class / all of the class
//! macro F1           mean over the classes that occur or are predicted of
//!                    2 correct / (occurrences + predictions)
//! rmse               sqrt(mean (prediction - truth)^2)
//! mae                mean |prediction - truth|
//! ```

use std::fmt;
use std::str::FromStr;

use netsmith::cost::{Direction, Quantity, Unit};

use super::{Answers, Task};
use netsmith::nearest::nearest;

/// A measure of predictions against the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The share of samples whose class is right.
    Accuracy,
    /// The mean over classes of the share that is right.
    BalancedAccuracy,
    /// The mean over classes of the harmonic mean of precision and recall.
    MacroF1,
    /// The root of the mean squared error.
    Rmse,
    /// The mean absolute error.
    Mae,
}

/// Why there is no such metric, or it cannot be taken.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// No metric has this name.
    #[error("metric `{given}`: is not one of {}", Metric::names().join(", "))]
    Unknown {
        /// The name that was asked for.
        given: String,
        /// The metric whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// The metric judges classes and the task has none, or the other way round.
    #[error(
        "metric `{metric}`: does not fit a {}",
        if *.regression { "regression" } else { "classification" }
    )]
    WrongTask {
        /// The metric that was asked for.
        metric: Metric,
        /// Whether the task is a regression.
        regression: bool,
    },
}

impl MetricError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => nearest.map(|name| format!("did you mean `{name}`?")),
            Self::WrongTask { regression, .. } => {
                let fitting = Metric::ALL
                    .iter()
                    .filter(|m| m.is_for_regression() == *regression);
                let names: Vec<&str> = fitting.map(|m| m.name()).collect();
                Some(format!("choose one of {}", names.join(", ")))
            }
        }
    }
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 5] = [
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::MacroF1,
        Self::Rmse,
        Self::Mae,
    ];

    /// The names of all metrics.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|metric| metric.name()).collect()
    }

    /// The metric used where none is asked for: accuracy, or the root mean
    /// squared error.
    pub fn default_for(task: &Task) -> Self {
        if task.is_regression() {
            Self::Rmse
        } else {
            Self::Accuracy
        }
    }

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced-accuracy",
            Self::MacroF1 => "macro-f1",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
        }
    }

    /// What it counts in.
    pub fn unit(self) -> Unit {
        if self.is_for_regression() {
            Unit::Target
        } else {
            Unit::Fraction
        }
    }

    /// Which way it gets better.
    pub fn direction(self) -> Direction {
        if self.is_for_regression() {
            Direction::Minimize
        } else {
            Direction::Maximize
        }
    }

    /// Whether it judges numbers instead of classes.
    pub fn is_for_regression(self) -> bool {
        matches!(self, Self::Rmse | Self::Mae)
    }

    /// Confirms that the metric fits the task.
    ///
    /// # Errors
    /// [`MetricError::WrongTask`].
    pub fn check(self, task: &Task) -> Result<(), MetricError> {
        let regression = task.is_regression();
        if self.is_for_regression() == regression {
            Ok(())
        } else {
            Err(MetricError::WrongTask {
                metric: self,
                regression,
            })
        }
    }

    /// Judges predictions, in the unit of the data; NaN where there is no
    /// sample or a prediction is NaN.
    ///
    /// # Errors
    /// [`MetricError::WrongTask`] when the answers are not what the metric
    /// judges.
    ///
    /// # Panics
    /// When there are not as many predictions as true answers.
    pub fn measure(self, predicted: &Answers, truth: &Answers) -> Result<Quantity, MetricError> {
        assert_eq!(
            predicted.len(),
            truth.len(),
            "every sample has its prediction"
        );
        let value = match (predicted, truth) {
            (Answers::Classes(predicted), Answers::Classes(truth)) if !self.is_for_regression() => {
                self.of_classes(predicted, truth)
            }
            (Answers::Values(predicted), Answers::Values(truth)) if self.is_for_regression() => {
                self.of_values(predicted, truth)
            }
            _ => {
                let regression = matches!(truth, Answers::Values(_));
                return Err(MetricError::WrongTask {
                    metric: self,
                    regression,
                });
            }
        };
        Ok(Quantity::new(value, self.unit()))
    }

    fn of_classes(self, predicted: &[u32], truth: &[u32]) -> f64 {
        let classes = predicted
            .iter()
            .chain(truth)
            .max()
            .map_or(0, |most| *most as usize + 1);
        let (mut correct, mut occurs) = (vec![0.0; classes], vec![0.0; classes]);
        let mut claimed = vec![0.0; classes];
        for (predicted, truth) in predicted.iter().zip(truth) {
            occurs[*truth as usize] += 1.0;
            claimed[*predicted as usize] += 1.0;
            if predicted == truth {
                correct[*truth as usize] += 1.0;
            }
        }
        match self {
            Self::BalancedAccuracy => mean(
                (0..classes)
                    .filter(|c| occurs[*c] > 0.0)
                    .map(|c| correct[c] / occurs[c]),
            ),
            Self::MacroF1 => mean(
                (0..classes)
                    .filter(|c| occurs[*c] + claimed[*c] > 0.0)
                    .map(|c| 2.0 * correct[c] / (occurs[c] + claimed[c])),
            ),
            _ => correct.iter().sum::<f64>() / truth.len() as f64,
        }
    }

    fn of_values(self, predicted: &[f32], truth: &[f32]) -> f64 {
        let errors = predicted
            .iter()
            .zip(truth)
            .map(|(p, t)| f64::from(*p) - f64::from(*t));
        match self {
            Self::Rmse => mean(errors.map(|e| e * e)).sqrt(),
            _ => mean(errors.map(f64::abs)),
        }
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), v| (count + 1.0, sum + v));
    sum / count
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| MetricError::Unknown {
                given: text.into(),
                nearest: nearest(text, Self::names()),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(metric: Metric, predicted: &[u32], truth: &[u32], expected: f64) {
        let answers = |classes: &[u32]| Answers::Classes(classes.to_vec());
        let measured = metric
            .measure(&answers(predicted), &answers(truth))
            .expect("they fit");
        assert!((measured.value - expected).abs() < 1e-12, "{measured:?}");
        assert_eq!(measured.unit, Unit::Fraction);
    }

    #[test]
    fn classes_are_judged_as_computed_by_hand() {
        // Class 0: 3 of 4 right; class 1: 1 of 1 right, claimed twice; class 2
        // neither occurs nor is claimed; class 3 occurs once and is missed.
        let (truth, predicted) = ([0, 0, 0, 0, 1, 3], [0, 0, 0, 1, 1, 0]);
        check(Metric::Accuracy, &predicted, &truth, 4.0 / 6.0);
        check(
            Metric::BalancedAccuracy,
            &predicted,
            &truth,
            (0.75 + 1.0 + 0.0) / 3.0,
        );
        check(
            Metric::MacroF1,
            &predicted,
            &truth,
            (6.0 / 8.0 + 2.0 / 3.0 + 0.0) / 3.0,
        );
    }

    #[test]
    fn values_are_judged_as_computed_by_hand() {
        let predicted = Answers::Values(vec![1.0, 2.0, 7.0]);
        let truth = Answers::Values(vec![2.0, 2.0, 3.0]);
        let value = |metric: Metric| metric.measure(&predicted, &truth).expect("they fit").value;
        assert!((value(Metric::Rmse) - (17.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((value(Metric::Mae) - 5.0 / 3.0).abs() < 1e-12);
        let none = Answers::Values(Vec::new());
        assert!(
            Metric::Mae
                .measure(&none, &none)
                .expect("they fit")
                .value
                .is_nan()
        );
    }

    #[test]
    fn a_metric_must_fit_the_task() {
        let task = Task::Regression {
            target: "price".into(),
        };
        let error = Metric::MacroF1
            .check(&task)
            .expect_err("a regression has no classes");
        assert_eq!(
            error.to_string(),
            "metric `macro-f1`: does not fit a regression"
        );
        assert_eq!(error.hint().as_deref(), Some("choose one of rmse, mae"));
        assert!(Metric::default_for(&task).check(&task).is_ok());
    }

    #[test]
    fn names_round_trip_and_slips_are_answered() {
        for metric in Metric::ALL {
            assert_eq!(metric.name().parse(), Ok(metric));
        }
        let error = "acuracy".parse::<Metric>().expect_err("it is misspelt");
        assert_eq!(error.hint().as_deref(), Some("did you mean `accuracy`?"));
    }
}

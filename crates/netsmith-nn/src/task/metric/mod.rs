//! How good predictions are, one file a metric.
//!
//! A metric has a name, a unit and a direction, and makes [`Meter`]s, which are shown
//! predictions batch by batch and say their value and how uncertain it is.

mod accuracy;
mod balanced_accuracy;
mod coefficient_of_determination;
mod confusion;
mod log_loss;
mod macro_f1;
mod mae;
mod rmse;
mod roc_auc;

pub use accuracy::{ENTRY as ACCURACY, hits};
pub use rmse::ENTRY as RMSE;

use super::Task;
use crate::data::Column;
use netsmith::cost::{Direction, Quantity, Unit};
use netsmith::nearest::nearest;
use netsmith::trial;
use std::fmt;
use std::str::FromStr;

/// What a metric compares: rows of predictions with the truth of each.
///
/// # Shapes
/// Of classes: logits `[rows, classes]` and class numbers `[rows]`. Of values: values
/// in the unit of the data, `[rows, 1]`, both.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// One row for each thing that is predicted.
    pub predictions: Column,
    /// As many rows.
    pub truth: Column,
}

impl Judged {
    /// These rows, in this order.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        Self {
            predictions: self.predictions.gather(rows),
            truth: self.truth.gather(rows),
        }
    }
}

/// Is shown predictions, and says how good they are.
pub trait Meter: fmt::Debug + Send {
    /// Predictions on another batch.
    fn add(&mut self, judged: &Judged);

    /// The metric on all that was added, in its unit; NaN where there was nothing, or
    /// a prediction was NaN.
    fn value(&self) -> f64;

    /// The standard error of the value: how much it would vary with the samples that
    /// were drawn. `None` where there are too few to tell.
    fn standard_error(&self) -> Option<f64>;
}

/// What a metric compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Classes.
    Classes,
    /// Numbers.
    Values,
}

/// All that is to be said of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// What it compares.
    pub kind: Kind,
    /// What it counts in.
    pub unit: Unit,
    /// Which way it gets better.
    pub direction: Direction,
    /// Whether it needs exactly two classes.
    pub two_classes: bool,
    /// Makes a meter.
    pub meter: fn() -> Box<dyn Meter>,
}

/// A metric in the catalogue.
pub type Entry = netsmith::catalogue::Entry<Definition>;

/// All metrics.
pub const CATALOGUE: &[Entry] = &[
    accuracy::ENTRY,
    balanced_accuracy::ENTRY,
    macro_f1::ENTRY,
    log_loss::ENTRY,
    roc_auc::ENTRY,
    rmse::ENTRY,
    mae::ENTRY,
    coefficient_of_determination::ENTRY,
];

/// A measure of predictions against the truth.
#[derive(Clone, Copy)]
pub struct Metric(&'static Entry);

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
    /// The metric compares something else than the task predicts.
    #[error("metric `{metric}`: does not fit a {task}")]
    WrongTask {
        /// The metric that was asked for.
        metric: Metric,
        /// The task.
        task: &'static str,
        /// The metrics that fit it.
        fitting: Vec<&'static str>,
    },
}

impl MetricError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest, .. } => nearest.map(|name| format!("did you mean `{name}`?")),
            Self::WrongTask { fitting, .. } => {
                Some(format!("choose one of {}", fitting.join(", ")))
            }
        }
    }
}

impl Metric {
    /// The metric of an entry.
    pub const fn of(entry: &'static Entry) -> Self {
        Self(entry)
    }

    /// All metrics.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(Self)
    }

    /// The names of all metrics.
    pub fn names() -> Vec<&'static str> {
        Self::all().map(Self::name).collect()
    }

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// What it is, in a sentence.
    pub fn summary(self) -> &'static str {
        self.0.summary
    }

    /// What it counts in.
    pub fn unit(self) -> Unit {
        self.0.build.unit
    }

    /// Which way it gets better.
    pub fn direction(self) -> Direction {
        self.0.build.direction
    }

    /// A meter that has seen nothing.
    pub fn meter(self) -> Box<dyn Meter> {
        (self.0.build.meter)()
    }

    /// Its name in a study, for the result on the validation part:
    /// `validation_macro_f1`.
    pub fn recorded(self) -> trial::Metric {
        let name = format!("validation_{}", self.name().replace('-', "_"));
        trial::Metric::new(&name, self.unit(), self.direction())
    }

    /// The same in studies of version 0.1, which had one name for all metrics of a
    /// direction.
    pub fn recorded_earlier(self) -> trial::Metric {
        let name = match self.direction() {
            Direction::Maximize => "validation_accuracy",
            Direction::Minimize => "validation_error",
        };
        trial::Metric::new(name, self.unit(), self.direction())
    }

    /// Whether it can be taken of this task.
    pub fn fits(self, task: &dyn Task) -> bool {
        let definition = &self.0.build;
        let same = definition.kind == task.default_metric().0.build.kind;
        same && (!definition.two_classes || task.strata_names().len() == 2)
    }

    /// Confirms that the metric fits the task.
    ///
    /// # Errors
    /// [`MetricError::WrongTask`].
    pub fn check(self, task: &dyn Task) -> Result<(), MetricError> {
        if self.fits(task) {
            return Ok(());
        }
        let fitting = Self::all().filter(|metric| metric.fits(task));
        Err(MetricError::WrongTask {
            metric: self,
            task: task.name(),
            fitting: fitting.map(Self::name).collect(),
        })
    }

    /// The metric of some predictions at once.
    pub fn measure(self, judged: &Judged) -> Quantity {
        let mut meter = self.meter();
        meter.add(judged);
        Quantity::new(meter.value(), self.unit())
    }
}

impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Metric {}

impl fmt::Debug for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = MetricError;

    fn from_str(text: &str) -> Result<Self, MetricError> {
        Self::all()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| MetricError::Unknown {
                given: text.into(),
                nearest: nearest(text, Self::names()),
            })
    }
}

/// The mean of some numbers and of their squares, as they come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    pub(super) fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    pub(super) fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// The standard error of the mean.
    pub(super) fn standard_error(&self) -> Option<f64> {
        if self.count < 2.0 {
            return None;
        }
        let mean = self.mean();
        let variance = (self.squares - self.count * mean * mean) / (self.count - 1.0);
        Some((variance.max(0.0) / self.count).sqrt())
    }
}

#[cfg(test)]
mod tests;

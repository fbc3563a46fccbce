//! Results with a name, a unit and a direction; and their values by step.

use std::sync::Arc;

use crate::cost::{Direction, Quantity, Unit};

/// What is measured.
///
/// The name is shared, not copied, when a metric is cloned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name that files and JSON use, such as `validation_accuracy`.
    pub name: Arc<str>,
    /// What the values count.
    pub unit: Unit,
    /// Which way they get better.
    pub direction: Direction,
}

impl Metric {
    /// A metric.
    pub fn new(name: &str, unit: Unit, direction: Direction) -> Self {
        Self {
            name: name.into(),
            unit,
            direction,
        }
    }

    /// `validation_accuracy`: the fraction of the validation data that is
    /// classified rightly.
    pub fn validation_accuracy() -> Self {
        Self::new("validation_accuracy", Unit::Fraction, Direction::Maximize)
    }

    /// `train_loss`: the mean loss over the training data of one epoch.
    pub fn train_loss() -> Self {
        Self::new("train_loss", Unit::Plain, Direction::Minimize)
    }

    /// The standard error of this metric, a result under `standard_error`.
    pub fn standard_error_of(metric: &Self) -> Self {
        Self::new(Self::STANDARD_ERROR, metric.unit, Direction::Minimize)
    }

    /// The name of the result that says how uncertain the metric of the search is.
    pub const STANDARD_ERROR: &str = "standard_error";

    /// A value of this metric with its unit.
    pub fn quantity(&self, value: f64) -> Quantity {
        Quantity::new(value, self.unit)
    }
}

/// One value of one metric at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The step, for training the number of finished epochs.
    pub step: u64,
    /// What is measured.
    pub metric: Metric,
    /// The value, in the metric's unit.
    pub value: f64,
}

/// The values of one metric by step.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What is measured.
    pub metric: Metric,
    /// Step and value, by ascending step, each step once.
    pub points: Vec<(u64, f64)>,
}

impl Curve {
    /// A curve without points.
    pub fn new(metric: Metric) -> Self {
        Self {
            metric,
            points: Vec::new(),
        }
    }

    /// Sets the value at a step; a value that was there is replaced.
    pub fn set(&mut self, step: u64, value: f64) {
        match self.points.binary_search_by_key(&step, |point| point.0) {
            Ok(at) => self.points[at].1 = value,
            Err(at) => self.points.insert(at, (step, value)),
        }
    }

    /// Adds a measurement to the curve of its metric's name; the order by name is
    /// kept.
    pub fn record(curves: &mut Vec<Self>, measurement: Measurement) {
        let Measurement {
            step,
            metric,
            value,
        } = measurement;
        let found = curves.binary_search_by(|curve| curve.metric.name.cmp(&metric.name));
        let at = found.unwrap_or_else(|at| {
            curves.insert(at, Self::new(metric));
            at
        });
        curves[at].set(step, value);
    }

    /// The best value up to and including a step; a NaN is never the best.
    pub fn best_until(&self, step: u64) -> Option<f64> {
        let until = self.points.partition_point(|point| point.0 <= step);
        self.best_of(&self.points[..until]).map(|(_, value)| value)
    }

    /// The step with the best value, the first of equals, and the value; a NaN is
    /// never the best.
    pub fn best(&self) -> Option<(u64, f64)> {
        self.best_of(&self.points)
    }

    fn best_of(&self, points: &[(u64, f64)]) -> Option<(u64, f64)> {
        let direction = self.metric.direction;
        let numbers = points.iter().filter(|point| !point.1.is_nan()).copied();
        numbers.reduce(|best, point| {
            if direction.better(point.1, best.1) {
                point
            } else {
                best
            }
        })
    }
}

/// The results of a trial, by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(Vec<(Metric, f64)>);

impl Metrics {
    /// No results.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a result; one of the same name is replaced. The order by name is
    /// kept.
    pub fn set(&mut self, metric: Metric, value: f64) {
        match self
            .0
            .binary_search_by(|(known, _)| known.name.cmp(&metric.name))
        {
            Ok(at) => self.0[at] = (metric, value),
            Err(at) => self.0.insert(at, (metric, value)),
        }
    }

    /// The result with this name.
    pub fn get(&self, name: &str) -> Option<Quantity> {
        let at = self
            .0
            .binary_search_by(|(known, _)| (*known.name).cmp(name))
            .ok()?;
        let (metric, value) = &self.0[at];
        Some(metric.quantity(*value))
    }

    /// All results, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Metric, Quantity)> {
        self.0
            .iter()
            .map(|(metric, value)| (metric, metric.quantity(*value)))
    }

    /// How many results there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_one_value_a_step() {
        let mut curves = Vec::new();
        for (step, value) in [(2, 0.5), (1, 0.3), (2, 0.6)] {
            let metric = Metric::validation_accuracy();
            Curve::record(
                &mut curves,
                Measurement {
                    step,
                    metric,
                    value,
                },
            );
        }
        assert_eq!(curves.len(), 1);
        assert_eq!(curves[0].points, [(1, 0.3), (2, 0.6)]);
    }

    #[test]
    fn the_best_follows_the_direction_and_skips_nan() {
        let mut loss = Curve::new(Metric::train_loss());
        loss.points = vec![(1, f64::NAN), (2, 0.9), (3, 0.4), (4, 0.7)];
        assert_eq!(loss.best_until(1), None);
        assert_eq!(loss.best_until(2), Some(0.9));
        assert_eq!(loss.best_until(9), Some(0.4));
        loss.set(5, 0.4);
        assert_eq!(loss.best(), Some((3, 0.4)));
    }

    #[test]
    fn metrics_are_ordered_by_name() {
        let mut metrics = Metrics::new();
        metrics.set(Metric::validation_accuracy(), 0.5);
        metrics.set(Metric::train_loss(), 1.0);
        metrics.set(Metric::validation_accuracy(), 0.75);
        let names: Vec<_> = metrics.iter().map(|(metric, _)| &*metric.name).collect();
        assert_eq!(names, ["train_loss", "validation_accuracy"]);
        assert_eq!(
            metrics.get("validation_accuracy"),
            Some(Quantity::new(0.75, Unit::Fraction))
        );
    }
}

//! The median stopping rule.
//!
//! ```text
//! told:      finished trials j with values o_j(1), o_j(2), …          tell
//!            a_j(s) = mean of o_j(1..s), the running average
//!            m(s)   = median over j of a_j(s)                         bar
//! stop i at step s when s > warm-up, at least `minimum` trials j reach s, and
//!            best of o_i(1..s) is strictly worse than m(s)            stops
//! ```

use std::collections::BTreeMap;

use thiserror::Error;

use super::extrapolation::Hope;
use super::running_median::RunningMedian;
use crate::cost::Direction;
use crate::trial::{Curve, Fidelity, Trial};

/// Parameters of the median rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MedianParams {
    /// No trial is stopped at this step or before.
    pub warm_up: u64,
    /// How many finished trials must have a value at a step before one is
    /// stopped there.
    pub minimum: usize,
}

impl Default for MedianParams {
    /// One step of warm-up, five finished trials.
    fn default() -> Self {
        Self {
            warm_up: 1,
            minimum: 5,
        }
    }
}

impl MedianParams {
    /// The rule with these parameters, on the curve of the metric with a name.
    ///
    /// # Errors
    /// [`StoppingError::Minimum`] when `minimum` is zero.
    pub fn check(self, metric: &str) -> Result<Median, StoppingError> {
        if self.minimum == 0 {
            return Err(StoppingError::Minimum {
                value: self.minimum,
            });
        }
        Ok(Median {
            params: self,
            metric: metric.into(),
            told: BTreeMap::new(),
        })
    }
}

/// Why parameters make no rule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoppingError {
    /// A median of nothing.
    #[error("minimum of finished trials is {value}: must be at least 1")]
    Minimum {
        /// The value.
        value: usize,
    },
}

impl StoppingError {
    /// What may help, in one sentence.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Minimum { .. } => Some("the default is 5"),
        }
    }
}

/// The median stopping rule: a trial whose best value is worse than the median
/// of the running averages of the finished trials, at the same step and fidelity,
/// is stopped.
///
/// Trials that were stopped, that failed, or that repeat an earlier trial's
/// results are not counted.
///
/// # Paper
/// Golovin et al. 2017, "Google Vizier", section 3.2.2. Deviations: fidelities
/// are kept apart, since a schedule of learning rates makes curves of different
/// lengths incomparable; a NaN is left out of averages and never the best; the
/// last step of a trial stops nothing.
#[derive(Clone, Debug)]
pub struct Median {
    params: MedianParams,
    metric: String,
    /// Running averages by fidelity and step.
    told: BTreeMap<Fidelity, BTreeMap<u64, RunningMedian>>,
}

impl Median {
    /// Learns from a completed trial. The order does not matter; which trials
    /// have been told when a bar is taken does.
    pub fn tell(&mut self, trial: &Trial) {
        if !trial.is_finished() || trial.duplicate_of.is_some() {
            return;
        }
        let Some(curve) = trial.curve(&self.metric) else {
            return;
        };
        let steps = self.told.entry(trial.fidelity).or_default();
        let mut sum = 0.0;
        let mut count = 0.0;
        for (step, value) in curve.points.iter().filter(|point| !point.1.is_nan()) {
            sum += value;
            count += 1.0;
            steps.entry(*step).or_default().add(sum / count);
        }
    }

    /// What a trial of this fidelity has to reach, from the trials told so far.
    pub fn bar(&self, fidelity: Fidelity) -> Bar {
        let last = u64::from(fidelity.epochs);
        let medians = self
            .told
            .get(&fidelity)
            .into_iter()
            .flatten()
            .filter(|(step, averages)| {
                (self.params.warm_up + 1..last).contains(step)
                    && averages.len() >= self.params.minimum
            })
            .filter_map(|(step, averages)| Some((*step, averages.median()?)))
            .collect();
        Bar {
            metric: self.metric.clone(),
            medians,
            hope: None,
        }
    }
}

/// What a trial has to reach, step by step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bar {
    metric: String,
    medians: BTreeMap<u64, f64>,
    hope: Option<Hope>,
}

impl Bar {
    /// What a curve has to be able to reach in the end.
    pub(super) fn of_hope(metric: &str, hope: Option<Hope>) -> Self {
        Self {
            metric: metric.to_owned(),
            medians: BTreeMap::new(),
            hope,
        }
    }

    /// The value that the best so far must not be worse than after a step.
    pub fn at(&self, step: u64) -> Option<f64> {
        self.medians.get(&step).copied()
    }

    /// Whether a trial with these curves should stop at its latest step.
    pub fn stops(&self, curves: &[Curve]) -> bool {
        let curve = curves
            .iter()
            .find(|curve| *curve.metric.name == *self.metric);
        let is_lost = self.hope.zip(curve).is_some_and(|(hope, curve)| {
            hope.is_lost(&curve.points, curve.metric.direction.score(1.0))
        });
        let stops = curve.and_then(|curve| {
            let step = curve.points.last()?.0;
            let direction: Direction = curve.metric.direction;
            Some(direction.better(self.at(step)?, curve.best_until(step)?))
        });
        is_lost || stops.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Metric, Outcome, Proposal};

    fn curve(metric: Metric, values: &[f64]) -> Vec<Curve> {
        vec![Curve {
            metric,
            points: (1..).zip(values.iter().copied()).collect(),
        }]
    }

    fn accuracies(values: &[f64]) -> Vec<Curve> {
        curve(Metric::validation_accuracy(), values)
    }

    fn trial(curves: Vec<Curve>, outcome: Outcome) -> Trial {
        let fidelity = Fidelity::epochs(4);
        let key = String::new();
        let architecture = String::new();
        let proposal = Proposal {
            number: 0,
            architecture,
            key,
            fidelity,
            seed: 0,
            parent: None,
        };
        Trial {
            curves,
            ..proposal.complete(outcome)
        }
    }

    fn rule(warm_up: u64, minimum: usize) -> Median {
        MedianParams { warm_up, minimum }
            .check("validation_accuracy")
            .unwrap()
    }

    /// Running averages 0.2, 0.3, 0.4; 0.4, 0.5, 0.6; 0.6, 0.5, 0.4.
    fn told(mut rule: Median) -> Median {
        for values in [[0.2, 0.4, 0.6], [0.4, 0.6, 0.8], [0.6, 0.4, 0.2]] {
            rule.tell(&trial(accuracies(&values), Outcome::Finished));
        }
        rule
    }

    #[test]
    fn the_bar_is_the_median_of_running_averages() {
        let bar = told(rule(0, 3)).bar(Fidelity::epochs(4));
        let near = |step, expected: f64| (bar.at(step).unwrap() - expected).abs() < 1e-12;
        assert!(near(1, 0.4) && near(2, 0.5) && near(3, 0.4));
        assert!(!bar.stops(&accuracies(&[0.4])), "as good is good enough");
        assert!(bar.stops(&accuracies(&[0.39])));
        assert!(bar.stops(&accuracies(&[0.45, 0.3])));
        assert!(
            !bar.stops(&accuracies(&[0.55, 0.1])),
            "the best so far counts"
        );
        assert!(!bar.stops(&accuracies(&[f64::NAN])) && !bar.stops(&[]));
    }

    #[test]
    fn an_even_number_has_the_mean_of_the_middle() {
        let mut rule = told(rule(0, 1));
        rule.tell(&trial(accuracies(&[0.8]), Outcome::Finished));
        assert!((rule.bar(Fidelity::epochs(4)).at(1).unwrap() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn errors_are_stopped_above_the_median() {
        let metric = || Metric::train_loss();
        let mut rule = MedianParams {
            warm_up: 0,
            minimum: 1,
        }
        .check("train_loss")
        .unwrap();
        rule.tell(&trial(curve(metric(), &[2.0, 1.0]), Outcome::Finished));
        let bar = rule.bar(Fidelity::epochs(4));
        assert!(bar.stops(&curve(metric(), &[2.5, 1.6])));
        assert!(!bar.stops(&curve(metric(), &[2.5, 1.5])));
    }

    #[test]
    fn warm_up_minimum_and_the_last_step_hold_back() {
        let bad = accuracies(&[0.0, 0.0]);
        assert!(told(rule(1, 3)).bar(Fidelity::epochs(4)).stops(&bad));
        assert!(!told(rule(2, 3)).bar(Fidelity::epochs(4)).stops(&bad));
        assert!(!told(rule(1, 4)).bar(Fidelity::epochs(4)).stops(&bad));
        assert!(!told(rule(1, 3)).bar(Fidelity::epochs(2)).stops(&bad));
        let at_the_end = accuracies(&[0.0, 0.0, 0.0, 0.0]);
        assert!(!told(rule(1, 3)).bar(Fidelity::epochs(4)).stops(&at_the_end));
    }

    #[test]
    fn only_finished_originals_of_the_fidelity_count() {
        let mut rule = told(rule(0, 3));
        let before = rule.bar(Fidelity::epochs(4));
        rule.tell(&trial(accuracies(&[0.9]), Outcome::Stopped));
        let mut copy = trial(accuracies(&[0.9]), Outcome::Finished);
        copy.duplicate_of = Some(0);
        rule.tell(&copy);
        let mut other = trial(accuracies(&[0.9]), Outcome::Finished);
        other.fidelity = Fidelity::epochs(4).with_data(0.5);
        rule.tell(&other);
        assert_eq!(rule.bar(Fidelity::epochs(4)), before);
    }

    #[test]
    fn a_median_of_nothing_is_refused() {
        let error = MedianParams {
            warm_up: 0,
            minimum: 0,
        }
        .check("a")
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "minimum of finished trials is 0: must be at least 1"
        );
        assert!(error.hint().is_some());
    }
}

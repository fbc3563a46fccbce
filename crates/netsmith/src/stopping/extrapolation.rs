//! Stopping by extrapolated learning curves.
//!
//! ```text
//! a curve's first steps are fitted by  y(x) = c - a f(x),  a >= 0,  for each f of
//!     x^-s  (power law),  e^(-s x)  (exponential),  1 / ln(x + 1)  (logarithm)
//! the forecast of the last step is their mean, weighed by likelihood; its
//! deviation holds what the curves scatter and how far the fits differ
//! stop where P(y(last) > best that was told) < 5 %
//! ```

use crate::statistics::normal_share;
use crate::trial::{Fidelity, Trial};
use std::collections::BTreeMap;

/// Steps that a curve has at least before it is extrapolated.
const LEAST_STEPS: usize = 4;

/// A chance below which a trial is stopped.
const LEAST_CHANCE: f64 = 0.05;

/// Curves scatter by no less than this: accuracies of a few hundred samples.
const LEAST_SCATTER: f64 = 1e-3;

/// Stops a trial that will hardly become better than the best, as its curve goes.
///
/// # Paper
/// Domhan et al. 2015, IJCAI, sections 3 and 4. Deviations: three of the families,
/// those that are linear but for one number; that number is of a grid and the
/// weights are likelihoods, in place of a Markov chain.
#[derive(Clone, Debug)]
pub struct Extrapolation {
    metric: String,
    /// The best last score by fidelity, and how many trials were told.
    best: BTreeMap<Fidelity, (f64, usize)>,
    /// Trials of a fidelity that end before any is stopped.
    minimum: usize,
}

/// What a curve is expected to end with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// The expected value at the last step.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

/// By how much forecasts from a part of each curve missed its end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ForecastError {
    /// Curves that were forecast.
    pub trials: usize,
    /// The mean absolute error, in the unit of the metric.
    pub mean_absolute: f64,
    /// The mean of forecast less truth.
    pub bias: f64,
    /// The share of the truths within two deviations of their forecast.
    pub covered: f64,
}

/// What a trial has to be able to reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hope {
    /// The best score that was told.
    pub(super) best: f64,
    /// The last step of the trial.
    pub(super) last: u64,
}

impl Extrapolation {
    /// The rule for the curve of the metric of this name.
    pub fn new(metric: &str) -> Self {
        Self {
            metric: metric.to_owned(),
            best: BTreeMap::new(),
            minimum: 5,
        }
    }

    /// The metric whose curve is extrapolated.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Learns from a completed trial: only those that ran to their end count.
    pub fn tell(&mut self, trial: &Trial) {
        if !trial.is_finished() || trial.duplicate_of.is_some() {
            return;
        }
        let curve = trial.curve(&self.metric);
        let last = curve.and_then(|curve| Some((curve.metric.direction, *curve.points.last()?)));
        let Some((direction, (_, value))) = last.filter(|(_, (_, value))| value.is_finite()) else {
            return;
        };
        let score = direction.score(value);
        let known = self.best.entry(trial.fidelity).or_insert((score, 0));
        *known = (known.0.max(score), known.1 + 1);
    }

    /// What a trial of this fidelity has to be able to reach.
    pub(super) fn hope(&self, fidelity: Fidelity) -> Option<Hope> {
        let (best, trials) = *self.best.get(&fidelity)?;
        (trials >= self.minimum).then_some(Hope {
            best,
            last: u64::from(fidelity.epochs),
        })
    }

    /// How well the ends of finished trials are forecast from the first `share`
    /// of their curves; nothing where no curve is long enough.
    pub fn error<'a>(
        metric: &str,
        trials: impl IntoIterator<Item = &'a Trial>,
        share: f64,
    ) -> Option<ForecastError> {
        let mut misses: Vec<(f64, bool)> = Vec::new();
        for trial in trials {
            let curve = trial.curve(metric).filter(|_| trial.is_finished());
            let Some((last, truth)) = curve.and_then(|own| own.points.last().copied()) else {
                continue;
            };
            let points = &curve.map_or(&[][..], |own| &own.points[..]);
            let until = (share * points.len() as f64) as usize;
            let sign = curve.map_or(1.0, |own| own.metric.direction.score(1.0));
            if let Some(found) = forecast(&points[..until], last, sign) {
                let miss = found.mean - truth;
                misses.push((miss, miss.abs() <= 2.0 * found.deviation));
            }
        }
        let count = misses.len() as f64;
        (!misses.is_empty()).then(|| ForecastError {
            trials: misses.len(),
            mean_absolute: misses.iter().map(|(miss, _)| miss.abs()).sum::<f64>() / count,
            bias: misses.iter().map(|(miss, _)| miss).sum::<f64>() / count,
            covered: misses.iter().filter(|(_, within)| *within).count() as f64 / count,
        })
    }
}

impl Hope {
    /// Whether a curve with these points, of a metric with this sign, has none.
    pub(super) fn is_lost(&self, points: &[(u64, f64)], sign: f64) -> bool {
        let ended = points.last().is_some_and(|(step, _)| *step >= self.last);
        let early = points.len() < LEAST_STEPS.max(self.last as usize / 3);
        if ended || early {
            return false;
        }
        forecast(points, self.last, sign).is_some_and(|own| {
            let behind = self.best - sign * own.mean;
            normal_share(-behind / own.deviation.max(1e-12)) < LEAST_CHANCE
        })
    }
}

/// What a curve ends with at step `last`, from its first points; `sign` is 1 for
/// a metric that rises as it becomes better, and -1 for one that falls. Nothing
/// where there are too few finite points.
pub fn forecast(points: &[(u64, f64)], last: u64, sign: f64) -> Option<Forecast> {
    let finite = points.iter().filter(|(_, value)| value.is_finite());
    let points: Vec<(f64, f64)> = finite
        .map(|(step, value)| (*step as f64, sign * value))
        .collect();
    if points.len() < LEAST_STEPS {
        return None;
    }
    let end = last as f64;
    let powers = [0.25, 0.5, 1.0, 2.0];
    let rates = [1.5, 3.0, 6.0, 12.0].map(|rate| rate / end.max(1.0));
    let mut fits: Vec<(f64, f64, f64)> = Vec::new();
    for power in powers {
        fits.push(fit(&points, end, |x| x.powf(-power)));
    }
    for rate in rates {
        fits.push(fit(&points, end, |x| (-rate * x).exp()));
    }
    fits.push(fit(&points, end, |x| 1.0 / (x + 1.0).ln()));
    // The likelihood of a fit by its scatter; the best has weight one.
    let count = points.len() as f64;
    let least = fits.iter().map(|own| own.1).fold(f64::INFINITY, f64::min);
    let weights: Vec<f64> = fits
        .iter()
        .map(|(_, scatter, _)| (least / scatter).powf(count))
        .collect();
    let total: f64 = weights.iter().sum();
    let pairs = || fits.iter().zip(&weights);
    let mean = pairs().map(|((value, ..), w)| w * value).sum::<f64>() / total;
    let spread = pairs().map(|((value, _, own), w)| w * ((value - mean).powi(2) + own * own));
    Some(Forecast {
        mean: sign * mean,
        deviation: (spread.sum::<f64>() / total).sqrt(),
    })
}

/// The least squares of `c - a f(x)` with `a >= 0`: its value at the end, the
/// scatter around it, and the deviation of that value.
fn fit(points: &[(f64, f64)], end: f64, f: impl Fn(f64) -> f64) -> (f64, f64, f64) {
    let count = points.len() as f64;
    let mean_f = points.iter().map(|(x, _)| f(*x)).sum::<f64>() / count;
    let mean_y = points.iter().map(|(_, y)| y).sum::<f64>() / count;
    let square: f64 = points.iter().map(|(x, _)| (f(*x) - mean_f).powi(2)).sum();
    let product: f64 = points
        .iter()
        .map(|(x, y)| (f(*x) - mean_f) * (y - mean_y))
        .sum();
    let slope = (product / square.max(1e-300)).min(0.0);
    let value = |x: f64| mean_y + slope * (f(x) - mean_f);
    let rest: f64 = points.iter().map(|(x, y)| (y - value(*x)).powi(2)).sum();
    let scatter = (rest / (count - 2.0).max(1.0)).sqrt().max(LEAST_SCATTER);
    let far = (f(end) - mean_f).powi(2) / square.max(1e-300);
    (
        value(end),
        scatter,
        scatter * (1.0 + 1.0 / count + far).sqrt(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{Curve, Metric, Outcome, Proposal};

    fn curve(f: impl Fn(f64) -> f64, steps: u64) -> Vec<(u64, f64)> {
        (1..=steps).map(|step| (step, f(step as f64))).collect()
    }

    /// Curves of each family go on as they do, whichever way is better.
    #[test]
    fn curves_of_the_families_are_forecast() {
        let families: [fn(f64) -> f64; 3] = [
            |x| 0.9 - 0.6 / x,
            |x| 0.9 - 0.6 * (-3.0 * x / 24.0).exp(),
            |x| 0.9 - 0.3 / (x + 1.0).ln(),
        ];
        for f in families {
            let found = forecast(&curve(f, 10), 24, 1.0).unwrap();
            assert!((found.mean - f(24.0)).abs() < 0.01, "{found:?}");
            let falling = forecast(&curve(|x| 1.0 - f(x), 10), 24, -1.0).unwrap();
            assert!((falling.mean - 1.0 + f(24.0)).abs() < 0.01, "{falling:?}");
        }
        assert_eq!(forecast(&curve(|_| f64::NAN, 9), 24, 1.0), None);
        assert_eq!(forecast(&curve(|x| x, 3), 24, 1.0), None);
    }

    fn trial(points: Vec<(u64, f64)>) -> Trial {
        let proposal = Proposal {
            number: 0,
            architecture: String::new(),
            key: String::new(),
            fidelity: Fidelity::epochs(24),
            seed: 0,
            parent: None,
        };
        let metric = Metric::validation_accuracy();
        Trial {
            curves: vec![Curve { metric, points }],
            ..proposal.complete(Outcome::Finished)
        }
    }

    /// What levels off below the best is stopped; what is on its way is not.
    #[test]
    fn the_hopeless_are_stopped() {
        let mut rule = Extrapolation::new("validation_accuracy");
        let good = |x: f64| 0.9 - 0.6 / x;
        for _ in 0..4 {
            rule.tell(&trial(curve(good, 24)));
        }
        assert_eq!(rule.hope(Fidelity::epochs(24)), None, "too few have ended");
        rule.tell(&trial(curve(good, 24)));
        let hope = rule.hope(Fidelity::epochs(24)).unwrap();
        assert_eq!(rule.hope(Fidelity::epochs(12)), None);
        let poor = |x: f64| 0.6 - 0.4 / x;
        assert!(hope.is_lost(&curve(poor, 12), 1.0));
        assert!(!hope.is_lost(&curve(poor, 5), 1.0), "too early");
        assert!(!hope.is_lost(&curve(poor, 24), 1.0), "it is at its end");
        assert!(!hope.is_lost(&curve(|x| good(x) + 0.001, 12), 1.0));
    }

    #[test]
    fn the_error_of_forecasts_is_measured() {
        let trials = [
            trial(curve(|x| 0.9 - 0.6 / x, 24)),
            trial(curve(|x| 0.5 - 0.2 / x, 24)),
        ];
        let error = Extrapolation::error("validation_accuracy", &trials, 0.5).unwrap();
        assert_eq!(error.trials, 2);
        assert!(
            error.mean_absolute < 0.01 && error.covered > 0.9,
            "{error:?}"
        );
        assert_eq!(Extrapolation::error("train_loss", &trials, 0.5), None);
    }
}

//! The one-standard-error rule: of networks that are as good as the best within the error
//! of the comparison, the one that costs the least.
//!
//! ```text
//! b        the best on the validation part
//! d_i      score of b − score of i, on the same samples
//! s_i      standard deviation of d_i over resamples of these samples, for both the same
//! as good  d_i ≤ s_i, and i keeps the limits as b does
//! cost     geometric mean of the costs in shares of those of b, SAVES at most
//! ```
//!
//! Breiman, Friedman, Olshen and Stone 1984, "Classification and regression trees", section
//! 3.4.3. Deviation: the error is that of the difference of the two networks on the same
//! samples by a bootstrap (Efron 1979), which is sharper than the error of one of them:
//! networks err on much the same samples.

use crate::task::{Judged, Metric};
use netsmith::cost::Cost;
use netsmith::statistics::Bootstrap;
use netsmith::trial::Costs;

/// Resamples.
const REPEATS: usize = 200;

/// What saves less is not worth a result that may be worse.
const SAVES: f64 = 0.9;

/// What counts of a network.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    /// Its answers to the validation part.
    pub(super) judged: Judged,
    /// What it costs.
    pub(super) costs: Costs,
}

/// How the best differs from another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Difference {
    /// How much better the best is, in the unit of the metric.
    pub(super) value: f64,
    /// The standard error of that.
    pub(super) error: f64,
}

impl Difference {
    /// Whether it may be chance.
    fn is_within(self) -> bool {
        self.value <= self.error
    }
}

/// The place of the cheapest by these costs that is as good as the best, which is the
/// first, and how the best differs from it; nothing where none costs clearly less.
pub(super) fn cheapest(
    metric: Metric,
    costs: &[Cost],
    contenders: &[Contender],
) -> Option<(usize, Difference)> {
    let best = contenders.first()?;
    let bootstrap = Bootstrap::new(best.judged.truth.len(), REPEATS);
    let as_good = contenders
        .iter()
        .enumerate()
        .skip(1)
        .filter_map(|(place, own)| {
            let ratio = ratio(costs, &own.costs, &best.costs)?;
            let cheaper = ratio <= SAVES;
            let difference =
                cheaper.then(|| difference(metric, &best.judged, &own.judged, &bootstrap))?;
            difference.is_within().then_some((ratio, place, difference))
        });
    let least = as_good.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    least.map(|(_, place, difference)| (place, difference))
}

/// The geometric mean of these costs in shares of others; nothing where one is not known.
pub(super) fn ratio(costs: &[Cost], own: &Costs, other: &Costs) -> Option<f64> {
    let logs = costs.iter().map(|cost| {
        let share = own.value(*cost)? / other.value(*cost)?;
        Some(share.max(f64::MIN_POSITIVE).ln())
    });
    let logs: Vec<f64> = logs.collect::<Option<_>>()?;
    let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
    mean.is_finite().then(|| mean.exp())
}

/// How much better the answers of one are than those of another to the same samples.
fn difference(metric: Metric, best: &Judged, other: &Judged, bootstrap: &Bootstrap) -> Difference {
    let direction = metric.direction();
    let of = |judged: &Judged| direction.score(metric.measure(judged).value);
    let differences = bootstrap.resamples().map(|drawn| {
        let [a, b] = [best, other].map(|judged| of(&judged.gather(drawn)));
        a - b
    });
    // A resample may hold what the metric cannot judge, such as one class alone.
    let differences: Vec<f64> = differences.filter(|own| own.is_finite()).collect();
    let count = differences.len().max(1) as f64;
    let mean = differences.iter().sum::<f64>() / count;
    let squares = differences.iter().map(|own| (own - mean).powi(2));
    Difference {
        value: of(best) - of(other),
        error: (squares.sum::<f64>() / count).sqrt(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;
    use crate::task::metric::{ACCURACY, RMSE};
    use netsmith::cost::{LATENCY, PARAMETERS};

    /// Answers to so many samples of two classes, of which these are wrong.
    fn wrong(rows: usize, is_wrong: impl Fn(usize) -> bool) -> Judged {
        let truth: Vec<u32> = (0..rows as u32).map(|row| row % 2).collect();
        let logits = truth.iter().enumerate().flat_map(|(row, class)| {
            let said = if is_wrong(row) { 1 - class } else { *class };
            [f32::from(said == 0), f32::from(said == 1)]
        });
        Judged {
            predictions: Column::real(logits.collect(), 2),
            truth: Column::index(truth, 1),
        }
    }

    fn contender(judged: Judged, parameters: f64, latency: f64) -> Contender {
        let costs = Costs::default().with(PARAMETERS, parameters);
        Contender {
            judged,
            costs: costs.with(LATENCY, latency),
        }
    }

    #[test]
    fn the_error_is_that_of_the_difference() {
        // Both are wrong on 100 of 1,000, and one of them on 10 more: accuracies have an
        // error of 0.0095, their difference one of √(0.01 · 0.99 / 1000).
        let metric = Metric::of(&ACCURACY);
        let best = wrong(1_000, |row| row % 10 == 0);
        let other = wrong(1_000, |row| row % 10 == 0 || row % 100 == 5);
        let bootstrap = Bootstrap::new(1_000, REPEATS);
        let found = difference(metric, &best, &other, &bootstrap);
        assert!((found.value - 0.01).abs() < 1e-9, "{found:?}");
        assert!((found.error - 0.003_146).abs() < 0.000_5, "{found:?}");
        let again = Bootstrap::new(1_000, REPEATS);
        assert_eq!(found, difference(metric, &best, &other, &again));
        let bootstrap = Bootstrap::new(50, REPEATS);
        let error = difference(Metric::of(&RMSE), &values(0.0), &values(1.0), &bootstrap);
        assert!(
            (error.value - 1.0).abs() < 1e-6 && error.error < 1e-6,
            "{error:?}"
        );
    }

    fn values(off: f32) -> Judged {
        let truth: Vec<f32> = (0..50_u8).map(f32::from).collect();
        let predictions = truth.iter().map(|value| value + off);
        Judged {
            predictions: Column::real(predictions.collect(), 1),
            truth: Column::real(truth, 1),
        }
    }

    #[test]
    fn of_what_is_as_good_the_cheapest() {
        let metric = Metric::of(&ACCURACY);
        let all = [
            contender(wrong(1_000, |row| row % 20 == 0), 8_000.0, 4.0),
            // Other samples, as many and one more: chance.
            contender(wrong(1_000, |row| row % 20 == 1), 4_000.0, 4.0),
            contender(wrong(1_000, |row| row % 20 == 2 || row == 0), 5_000.0, 1.0),
            // Cheaper, and clearly worse.
            contender(wrong(1_000, |row| row % 5 == 0), 1_000.0, 0.1),
        ];
        let place = |costs: &[Cost], all: &[Contender]| {
            cheapest(metric, costs, all).map(|(place, _)| place)
        };
        assert_eq!(place(&[LATENCY, PARAMETERS], &all), Some(2));
        assert_eq!(place(&[PARAMETERS], &all), Some(1));
        // The best is the cheapest of those as good as it.
        assert_eq!(
            place(&[PARAMETERS], &[all[1].clone(), all[0].clone()]),
            None
        );
        // Nothing is known of a cost.
        let unknown = Contender {
            costs: Costs::default(),
            ..all[1].clone()
        };
        assert_eq!(place(&[PARAMETERS], &[all[0].clone(), unknown]), None);
    }
}

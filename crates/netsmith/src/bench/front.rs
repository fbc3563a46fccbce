//! Accuracy against latency: what a search covers over time.

use super::comparison::Spread;
use super::{Bench, Search};
use crate::evaluate::table::Row;
use crate::statistics::Bootstrap;
use serde::Serialize;

/// Points of the curve over time.
const POINTS: usize = 24;

/// The curve begins at this share of the budget.
const START: f64 = 0.02;

/// Resamples behind every interval.
const RESAMPLES: usize = 400;

/// Latencies that should be small too.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// The device and its batch size, as the table names them.
    pub device: String,
    /// Milliseconds by row.
    pub milliseconds: Vec<f64>,
}

/// What searches cover of the plane of validation accuracy and latency: the
/// hypervolume of all that was looked up, as a share of what the whole table
/// covers. It counts from the table's median accuracy and its longest latency.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Front {
    /// At the end.
    pub hypervolume: Spread,
    /// Its 95 % interval over seeds.
    pub interval: [f64; 2],
    /// Over time.
    pub curve: Vec<FrontPoint>,
}

/// The share at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrontPoint {
    /// Simulated seconds.
    pub seconds: f64,
    /// The mean share.
    pub hypervolume: f64,
    /// Its 95 % interval over seeds.
    pub interval: [f64; 2],
}

impl Bench<'_> {
    /// What the searches covered; nothing where latency does not count.
    pub(super) fn front(&self, searches: &[Search]) -> Option<Front> {
        let latency = self.latency.as_ref()?;
        let accuracy = |row: Row| self.table.validation_accuracy(self.data, row);
        let place = |row: Row| [latency.milliseconds[row.index()], accuracy(row)];
        let mut accuracies: Vec<f64> = self.table.rows().map(accuracy).collect();
        accuracies.sort_by(f64::total_cmp);
        let longest = latency.milliseconds.iter().copied().fold(0.0, f64::max);
        let reference = [longest, accuracies[accuracies.len() / 2]];
        let whole = covered(self.table.rows().map(place).collect(), reference);
        let shares = |seconds: f64| -> Vec<f64> {
            let share = |search: &Search| {
                let until = search.looked_up.iter().filter(|(at, _)| *at <= seconds);
                covered(until.map(|(_, row)| place(*row)).collect(), reference)
                    / whole.max(f64::MIN_POSITIVE)
            };
            searches.iter().map(share).collect()
        };
        let band = Bootstrap::new(searches.len(), RESAMPLES);
        let point = |step: usize| {
            let share = START.powf(1.0 - step as f64 / (POINTS - 1) as f64);
            let seconds = share * self.budget;
            let shares = shares(seconds);
            FrontPoint {
                seconds,
                hypervolume: Spread::of(shares.iter().copied()).mean,
                interval: band.interval(&shares),
            }
        };
        let last = shares(f64::INFINITY);
        Some(Front {
            hypervolume: Spread::of(last.iter().copied()),
            interval: band.interval(&last),
            curve: (0..POINTS).map(point).collect(),
        })
    }
}

/// The area that points of (latency, accuracy) dominate, down to a reference: less
/// latency and more accuracy are better.
fn covered(mut points: Vec<[f64; 2]>, [longest, least]: [f64; 2]) -> f64 {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let (mut area, mut height) = (0.0, least);
    for [latency, accuracy] in points {
        if latency < longest && accuracy > height {
            area += (longest - latency) * (accuracy - height);
            height = accuracy;
        }
    }
    area
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pareto::hypervolume;

    /// The same as the hypervolume of any number of scores.
    #[test]
    fn the_area_is_the_hypervolume() {
        let points = [
            [5.0, 0.9],
            [1.0, 0.5],
            [3.0, 0.8],
            [4.0, 0.7],
            [9.0, 0.99],
            [2.0, 0.1],
        ];
        let scores: Vec<[f64; 2]> = points.iter().map(|own| [-own[0], own[1]]).collect();
        let scores: Vec<&[f64]> = scores.iter().map(|own| &own[..]).collect();
        let expected = hypervolume(&scores, &[-8.0, 0.2]);
        assert!((covered(points.to_vec(), [8.0, 0.2]) - expected).abs() < 1e-12);
        assert!(covered(Vec::new(), [8.0, 0.2]).abs() < 1e-12);
    }
}

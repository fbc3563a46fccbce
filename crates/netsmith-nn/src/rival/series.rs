//! The rivals of networks on series, as predictions on whole parts.

use super::labels::{Labels, one_hot};
use super::{Problem, Sample, nearest_neighbour, rocket};
use crate::data::{Column, Part};
use netsmith::random::Seed;

/// Kernels of the paper.
const KERNELS: usize = 10_000;

/// Training samples that a rival looks at; of more, a share is drawn by class. Ridge
/// regression on the features takes time with the cube of their number.
const MOST: usize = 2_000;

/// ROCKET on these parts.
pub(super) fn rocket(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    predict(problem, seed, |train, known, test| match known {
        Labels::Classes { labels, classes } => one_hot(
            &rocket::classify(train, labels, *classes, test, KERNELS, seed),
            *classes,
        ),
        Labels::Values(values) => {
            Column::real(rocket::predict(train, values, test, KERNELS, seed), 1)
        }
    })
}

/// The answer of the nearest training sample on these parts.
pub(super) fn nearest(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    predict(problem, seed, |train, known, test| {
        let window = nearest_neighbour::usual_window(train);
        let places = nearest_neighbour::nearest(train, test, window);
        match known {
            Labels::Classes { labels, classes } => {
                let labels: Vec<u32> = places.iter().map(|place| labels[*place]).collect();
                one_hot(&labels, *classes)
            }
            Labels::Values(values) => {
                Column::real(places.iter().map(|place| values[*place]).collect(), 1)
            }
        }
    })
}

fn predict(
    problem: &Problem<'_>,
    seed: &Seed,
    of: impl Fn(&[Sample<'_>], &Labels, &[Sample<'_>]) -> Column,
) -> Vec<Column> {
    let share = (MOST as f64 / problem.train.len().max(1) as f64).min(1.0);
    let train = problem.train.fraction(share, &seed.child("share"));
    let known = Labels::of(&train);
    let columns = series_of(&train);
    let samples = samples(&columns, &train);
    let predicted = problem.parts.iter().map(|part| {
        let columns = series_of(part);
        of(&samples, &known, &self::samples(&columns, part))
    });
    predicted.collect()
}

fn series_of(part: &Part) -> Column {
    part.samples().swap_remove(0)
}

fn samples<'a>(column: &'a Column, part: &Part) -> Vec<Sample<'a>> {
    let channels = part.modality().raw_shape()[0];
    let rows = (0..column.len()).map(|row| {
        let values = &column.reals()[column.range(row)];
        Sample::new(values, values.len() / channels)
    });
    rows.collect()
}

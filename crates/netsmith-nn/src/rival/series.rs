//! The rivals of networks on series, as predictions on whole parts.

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
    predict(problem, seed, |train, answers, test| match answers {
        Answers::Classes { labels, classes } => one_hot(
            &rocket::classify(train, labels, *classes, test, KERNELS, seed),
            *classes,
        ),
        Answers::Values(values) => {
            Column::real(rocket::predict(train, values, test, KERNELS, seed), 1)
        }
    })
}

/// The answer of the nearest training sample on these parts.
pub(super) fn nearest(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    predict(problem, seed, |train, answers, test| {
        let window = nearest_neighbour::usual_window(train);
        let places = nearest_neighbour::nearest(train, test, window);
        match answers {
            Answers::Classes { labels, classes } => {
                let labels: Vec<u32> = places.iter().map(|place| labels[*place]).collect();
                one_hot(&labels, *classes)
            }
            Answers::Values(values) => {
                Column::real(places.iter().map(|place| values[*place]).collect(), 1)
            }
        }
    })
}

/// The answers to the training samples.
enum Answers {
    Classes { labels: Vec<u32>, classes: usize },
    Values(Vec<f32>),
}

fn predict(
    problem: &Problem<'_>,
    seed: &Seed,
    of: impl Fn(&[Sample<'_>], &Answers, &[Sample<'_>]) -> Column,
) -> Vec<Column> {
    let share = (MOST as f64 / problem.train.len().max(1) as f64).min(1.0);
    let train = problem.train.fraction(share, &seed.child("share"));
    let answers = match train.task().strata(&train.targets()) {
        Some(labels) => Answers::Classes {
            labels,
            classes: train.task().strata_names().len(),
        },
        None => Answers::Values(train.targets()[0].reals().to_vec()),
    };
    let columns = series_of(&train);
    let samples = samples(&columns, &train);
    let predicted = problem.parts.iter().map(|part| {
        let columns = series_of(part);
        of(&samples, &answers, &self::samples(&columns, part))
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

/// Logits that say only which class is predicted.
fn one_hot(labels: &[u32], classes: usize) -> Column {
    let row =
        |label: u32| (0..classes as u32).map(move |class| f32::from(u8::from(class == label)));
    Column::real(labels.iter().copied().flat_map(row).collect(), classes)
}

//! The rivals of networks on samples of a fixed size, as predictions on whole parts.
//!
//! Each chooses its settings by held-out shares of the training part and then learns from
//! all of it. Work is bounded by counting it, not by the clock, so that results repeat: of
//! samples that would be more than some seconds' work a share is drawn by class.

mod trees;

pub(crate) use trees::boosted_trees;

use super::Problem;
use super::held_out::draws;
use super::labels::Labels;
use super::logistic::{Effort, Logistic, STRENGTHS};
use super::neighbours::{self, COUNTS};
use super::ridge::Ridge;
use super::rows::Rows;
use crate::data::{Column, Part};
use netsmith::random::Seed;
use std::cmp::Ordering;

/// Products of the logistic loss and its gradient in one step, at most.
const LOGISTIC_WORK: f64 = 3e7;

/// Products of the ridge regression's matrix, at most, and the samples that are always used.
const RIDGE_WORK: f64 = 1e9;
const RIDGE_SAMPLES: usize = 2_000;

/// Differences of which distances are made, at most.
const NEIGHBOURS_WORK: f64 = 1e10;

/// Logistic regression, or ridge regression, on a network's inputs.
pub(crate) fn linear(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    match Labels::of(problem.train) {
        Labels::Classes { classes, .. } => logistic(problem, classes, seed),
        Labels::Values(_) => ridge(problem, seed),
    }
}

fn logistic(problem: &Problem<'_>, classes: usize, seed: &Seed) -> Vec<Column> {
    let per_sample = (width(problem.train) * classes) as f64;
    let all = bounded(problem.train, LOGISTIC_WORK / per_sample, seed);
    let losses = draws(&all, seed).into_iter().map(|draw| {
        let modality = draw.rest.modality().fit(&draw.rest);
        let [rest, held] = [&draw.rest, &draw.held].map(|part| Rows::of(part, &*modality));
        let [rest_labels, held_labels] = [&draw.rest, &draw.held].map(classes_of);
        let mut model = Logistic::zero(rest.width(), classes);
        STRENGTHS.map(|strength| {
            let start = model.clone();
            model = start.fit(&rest, &rest_labels, strength, Effort::Rough);
            model.loss(&held, &held_labels)
        })
    });
    let losses: Vec<[f64; STRENGTHS.len()]> = losses.collect();
    let strength = STRENGTHS[least(&losses)];
    let modality = all.modality().fit(&all);
    let rows = Rows::of(&all, &*modality);
    let model = Logistic::zero(rows.width(), classes);
    let model = model.fit(&rows, &classes_of(&all), strength, Effort::Full);
    let parts = problem.parts.iter();
    let predicted = parts.map(|part| model.predict(&Rows::of(part, &*modality)));
    predicted
        .map(|logits| Column::real(logits, classes))
        .collect()
}

fn ridge(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    let per_sample = (width(problem.train) as f64).powi(2);
    let most = (RIDGE_WORK / per_sample).max(RIDGE_SAMPLES as f64);
    let all = bounded(problem.train, most, seed);
    let modality = all.modality().fit(&all);
    let rows_of = |part: &Part| -> Vec<Vec<f32>> {
        let rows = Rows::of(part, &*modality);
        (0..rows.len()).map(|row| rows.row(row).to_vec()).collect()
    };
    let targets = all.targets().swap_remove(0);
    let targets = targets.reals().iter().copied().map(f64::from);
    let model = Ridge::fit(&rows_of(&all), &[targets.collect()]);
    let parts = problem.parts.iter().map(|part| {
        let rows = rows_of(part);
        let values = rows.iter().map(|row| model.predict(row)[0] as f32);
        Column::real(values.collect(), 1)
    });
    parts.collect()
}

/// The nearest training samples by a network's inputs.
pub(crate) fn nearest(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    let asked: usize = problem.parts.iter().map(|part| part.len()).sum();
    let per_query = width(problem.train) as f64;
    // The held-out share is asked, too.
    let queries = asked as f64 + problem.train.len() as f64 / 4.0;
    let all = bounded(problem.train, NEIGHBOURS_WORK / (per_query * queries), seed);
    let most = COUNTS[COUNTS.len() - 1];
    let errors = draws(&all, seed).into_iter().map(|draw| {
        let modality = draw.rest.modality().fit(&draw.rest);
        let [rest, held] = [&draw.rest, &draw.held].map(|part| Rows::of(part, &*modality));
        let [known, truth] = [&draw.rest, &draw.held].map(Labels::of);
        let nearest = neighbours::nearest(&rest, &held, most);
        COUNTS.map(|count| {
            let predictions = neighbours::predict(&nearest, count, &known);
            neighbours::error(&predictions, &truth)
        })
    });
    let errors: Vec<[f64; COUNTS.len()]> = errors.collect();
    let count = COUNTS[least(&errors)];
    let modality = all.modality().fit(&all);
    let (rows, labels) = (Rows::of(&all, &*modality), Labels::of(&all));
    let width = labels.width();
    let parts = problem.parts.iter().map(|part| {
        let queries = Rows::of(part, &*modality);
        let nearest = neighbours::nearest(&rows, &queries, count);
        Column::real(neighbours::predict(&nearest, count, &labels), width)
    });
    parts.collect()
}

/// All samples of a part, or at most `most` of them, drawn by class.
fn bounded(part: &Part, most: f64, seed: &Seed) -> Part {
    let share = (most / part.len().max(1) as f64).clamp(0.0, 1.0);
    part.fraction(share, &seed.child("share"))
}

/// Values of a network's inputs.
fn width(train: &Part) -> usize {
    let inputs = train.modality().fit(train).inputs();
    let sizes = inputs.iter().map(|input| input.shape.elements());
    sizes.sum::<usize>().max(1)
}

fn classes_of(part: &Part) -> Vec<u32> {
    part.targets()[0].indices().to_vec()
}

/// The setting with the least sum over all draws, the first of several.
fn least<const SETTINGS: usize>(draws: &[[f64; SETTINGS]]) -> usize {
    let sums = (0..SETTINGS).map(|setting| draws.iter().map(|draw| draw[setting]).sum::<f64>());
    let compare = |a: &(usize, f64), b: &(usize, f64)| -> Ordering { a.1.total_cmp(&b.1) };
    sums.enumerate()
        .min_by(compare)
        .map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::modality::table::{ColumnKind, Table, TableColumn};
    use crate::data::testing::train_part;
    use crate::data::{Samples, Targets};
    use crate::rival::Entry;
    use crate::task::{Classification, Regression};

    const ROWS: u32 = 120;

    /// A number with missing cells that decides with a category, a constant column, one
    /// without any cell and a category.
    fn table() -> Samples {
        let number = |name: &str| TableColumn {
            name: name.into(),
            kind: ColumnKind::Number,
        };
        let colour = TableColumn {
            name: "colour".into(),
            kind: ColumnKind::Category {
                names: ["red", "green", "blue"].map(Into::into).into(),
            },
        };
        let schema = vec![number("size"), number("constant"), number("empty"), colour];
        let rows = 0..ROWS + 2;
        let size = |row: u32| {
            if row % 10 == 9 {
                f32::NAN
            } else {
                (row % 8) as f32
            }
        };
        let cells = [
            rows.clone().map(size).collect(),
            vec![5.0; rows.len()],
            vec![f32::NAN; rows.len()],
            rows.map(|row| (row % 3) as f32).collect(),
        ];
        Table::samples(schema, &cells)
    }

    /// Two classes by the colour, and a third one of one sample.
    fn classes() -> Targets {
        let class = |row: u32| if row == 0 { 2 } else { u32::from(row % 3 == 1) };
        let names = ["no", "yes", "rare"].map(Into::into).into();
        Classification::targets((0..ROWS + 2).map(class).collect(), names)
    }

    fn values() -> Targets {
        let rows = 0..ROWS + 2;
        let value = |row: u32| 100.0 + 10.0 * (row % 3) as f32;
        Regression::targets("y", rows.map(value).collect())
    }

    fn predictions(entry: &Entry, part: &Part, threads: usize) -> Column {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let problem = Problem {
            train: part,
            parts: &[part],
        };
        pool.expect("threads start")
            .install(|| (entry.build)(&problem, &Seed::new(3)))
            .swap_remove(0)
    }

    /// The error of each rival on the rows that it has learnt from.
    #[track_caller]
    fn check(part: &Part, width: usize, bound: f64) {
        let rivals = part.modality().rivals();
        assert_eq!(rivals.len(), 3);
        for entry in rivals {
            let column = predictions(entry, part, 1);
            assert_eq!(column.reals().len(), width * part.len(), "{}", entry.name);
            assert!(column.reals().iter().all(|value| value.is_finite()));
            assert_eq!(column, predictions(entry, part, 2), "{}", entry.name);
            let error = neighbours::error(column.reals(), &Labels::of(part));
            assert!(error <= bound, "{}: {error}", entry.name);
        }
    }

    #[test]
    fn rivals_learn_classes_of_which_one_has_a_sample_or_none() {
        let part = train_part(table(), classes(), ROWS as usize);
        check(&part, 3, 1.5 / f64::from(ROWS));
        for half in part.halves(0.5, &Seed::new(1)) {
            check(&half, 3, 1.5 / half.len() as f64);
        }
    }

    #[test]
    fn rivals_learn_values() {
        // The variance is 66.7.
        check(&train_part(table(), values(), ROWS as usize), 1, 1.0);
    }

    #[test]
    fn a_handful_of_rows_is_survived() {
        for targets in [classes(), values()] {
            let part = train_part(table(), targets, ROWS as usize);
            for rows in [1.0, 2.0, 5.0] {
                let [few, _] = part.halves(rows / f64::from(ROWS), &Seed::new(1));
                assert_eq!(few.len(), rows as usize);
                for entry in few.modality().rivals() {
                    let column = predictions(entry, &few, 1);
                    assert!(column.reals().iter().all(|value| value.is_finite()));
                }
            }
        }
    }
}

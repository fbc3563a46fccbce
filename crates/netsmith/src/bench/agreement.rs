//! How well numbers that cost no training order the architectures of a table.

use crate::evaluate::table::{Row, Scoring, Table};
use crate::random::Seed;
use crate::statistics::spearman;
use rand::seq::SliceRandom;

/// `count` rows of a table, drawn without repetition; all where there are fewer.
pub fn sample_rows(table: &Table, count: usize, seed: &Seed) -> Vec<Row> {
    let mut rows: Vec<Row> = table.rows().collect();
    rows.shuffle(&mut seed.stream());
    rows.truncate(count);
    rows
}

/// Spearman's correlation of one score for each row with the row's test accuracy
/// on a data set, by its number. Nothing where one of them has no order.
///
/// It compares scores that are there with the outcome; it chooses nothing.
///
/// # Panics
/// There are not as many scores as rows.
pub fn agreement(table: &Table, data: usize, rows: &[Row], scores: &[f64]) -> Option<f64> {
    let proof = Scoring::of_a_chosen_answer();
    let accuracies = rows
        .iter()
        .map(|row| table.test_accuracy(&proof, data, *row));
    spearman(scores, &accuracies.collect::<Vec<f64>>())
}

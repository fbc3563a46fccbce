//! What a search on a table came to.

use super::{Scoring, Table};
use crate::objective::Objective;
use crate::trial::Trial;

/// The architecture that a search chose, and how good it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Number of the chosen trial.
    pub trial: u64,
    /// Its test accuracies, by data set in the order of the table.
    pub test: Vec<TestAccuracy>,
}

/// The test accuracy of an answer on one data set, beside all architectures of
/// the table. Fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TestAccuracy {
    /// The data set.
    pub data: &'static str,
    /// Of the answer.
    pub answer: f64,
    /// The mean over all architectures.
    pub mean: f64,
    /// Of the best architecture.
    pub best: f64,
}

impl Table {
    /// The answer of a search that is over: chosen by the objective from all its
    /// trials, scored on the test part. Nothing where no trial has a score.
    ///
    /// It takes the trials, so that nothing is chosen from them afterwards.
    pub fn answer(&self, objective: &Objective, trials: Vec<Trial>) -> Option<Answer> {
        let chosen = objective.best(&trials)?;
        let row = self.row(&self.space.parse(&chosen.architecture).ok()?)?;
        let proof = Scoring::of_a_chosen_answer();
        let test = self.data_sets().enumerate().map(|(at, data)| {
            let all = || self.rows().map(|row| self.test_accuracy(&proof, at, row));
            TestAccuracy {
                data,
                answer: self.test_accuracy(&proof, at, row),
                mean: all().sum::<f64>() / self.len() as f64,
                best: all().fold(0.0, f64::max),
            }
        });
        Some(Answer {
            trial: chosen.number,
            test: test.collect(),
        })
    }
}

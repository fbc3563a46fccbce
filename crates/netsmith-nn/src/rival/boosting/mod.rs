//! Gradient-boosted trees: each tree is a step that makes the loss of those before smaller.
//!
//! ```text
//! s ← the best constant
//! in each round, for each output:
//!     g, h   gradient and second derivative of each sample's loss at s
//!     tree   grown leaf by leaf, the greatest gain first, over bins of each feature
//!     s ← s - η G / (H + λ)      of the leaf's sums, for each of its samples
//! ```
//!
//! Features are cut into 255 bins at the most and one for missing cells, which a division
//! sends to either side; categories are divided as sets. The histogram of a leaf's bins is
//! summed up feature by feature, each in the order of the samples, so that results are the
//! same on any number of threads.
//!
//! # Paper
//! Friedman 2001, "Greedy function approximation: a gradient boosting machine"; Ke et al.
//! 2017, "LightGBM: a highly efficient gradient boosting decision tree", of which neither
//! sampling by gradients nor bundles of features are here. λ is 1, as in XGBoost.
//!
//! Not the crate `perpetual`: its releases up to 2.3 need a nightly compiler, and 3.0.0-rc.2
//! sizes trees by free memory and tells declared categories wrongly (R² .88 for .98 on diamonds).

mod bins;
mod loss;
mod split;
mod tree;

pub use bins::{Cells, Kind};

use super::labels::Labels;
use bins::Bins;
use loss::{Scale, Scores};
use split::Rule;
use tree::{Soil, Tree, grow};

/// How trees are grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The share of each step that is taken, η.
    pub learning_rate: f64,
    /// Leaves of a tree, at most.
    pub leaves: usize,
    /// Samples of a leaf, at least.
    pub least: usize,
    /// Added to the second derivatives of a leaf, λ.
    pub penalty: f64,
}

/// The leaves of a tree in LightGBM.
pub const LEAVES: usize = 31;

/// Trees, with all that is needed to predict.
#[derive(Clone, Debug)]
pub struct Boosted {
    bins: Vec<Bins>,
    base: Vec<f64>,
    scale: Scale,
    is_binary: bool,
    /// By round, by output.
    rounds: Vec<Vec<Tree>>,
}

impl Boosted {
    /// Logits `[rows, classes]`, or values `[rows, 1]`.
    ///
    /// ```
    /// use netsmith_nn::rival::{Labels, boosting::{Boosting, Cells, Kind, Settings}};
    ///
    /// let cells = Cells { values: &[1.0, 2.0, 8.0, 9.0], kinds: &[Kind::Number] };
    /// let settings = Settings { learning_rate: 1.0, leaves: 2, least: 1, penalty: 0.0 };
    /// let labels = Labels::Values(vec![5.0, 5.0, 3.0, 3.0]);
    /// let mut boosting = Boosting::new(&cells, &labels, settings);
    /// boosting.round();
    /// let other = Cells { values: &[0.0, f32::NAN, 7.0], ..cells };
    /// assert_eq!(boosting.into_model().predict(&other), [5.0, 3.0, 3.0]);
    /// ```
    pub fn predict(&self, cells: &Cells<'_>) -> Vec<f32> {
        let binned = Bins::apply(&self.bins, cells);
        let mut scores = self.begin(cells.rows());
        for round in 0..self.rounds.len() {
            self.advance(round, &binned, &mut scores);
        }
        let rows = 0..cells.rows();
        if self.is_binary {
            return rows.flat_map(|row| [0.0, scores[0][row] as f32]).collect();
        }
        let Scale { mean, deviation } = self.scale;
        let outputs = |row: usize| scores.iter().map(move |scores| scores[row]);
        let values = rows.flat_map(outputs);
        values
            .map(|score| (mean + deviation * score) as f32)
            .collect()
    }

    fn begin(&self, rows: usize) -> Scores {
        self.base.iter().map(|base| vec![*base; rows]).collect()
    }

    /// Adds the trees of a round.
    fn advance(&self, round: usize, binned: &[Vec<u8>], scores: &mut Scores) {
        for (tree, scores) in self.rounds[round].iter().zip(scores) {
            for (row, score) in scores.iter_mut().enumerate() {
                *score += tree.value(binned, row);
            }
        }
    }
}

/// Trees being grown.
#[derive(Debug)]
pub struct Boosting<'a> {
    kinds: &'a [Kind],
    labels: &'a Labels,
    settings: Settings,
    binned: Vec<Vec<u8>>,
    scores: Scores,
    model: Boosted,
}

impl<'a> Boosting<'a> {
    /// Begins with the best constant for these rows.
    ///
    /// # Panics
    /// Where there is no row, or not one label for each.
    pub fn new(cells: &Cells<'a>, labels: &'a Labels, settings: Settings) -> Self {
        assert!(
            !labels.is_empty() && labels.len() == cells.rows(),
            "each row has its label"
        );
        let bins = Bins::all(cells);
        let model = Boosted {
            base: loss::base(labels),
            scale: Scale::of(labels),
            is_binary: matches!(labels, Labels::Classes { classes: 2, .. }),
            rounds: Vec::new(),
            bins,
        };
        Self {
            kinds: cells.kinds,
            labels,
            settings,
            binned: Bins::apply(&model.bins, cells),
            scores: model.begin(labels.len()),
            model,
        }
    }

    /// Grows a tree for each output.
    pub fn round(&mut self) {
        let slopes = loss::slopes(self.labels, &self.model.scale, &self.scores);
        let trees = slopes.iter().zip(&mut self.scores).map(|(slopes, scores)| {
            let (tree, values) = grow(&Soil {
                kinds: self.kinds,
                binned: &self.binned,
                slopes,
                rule: Rule {
                    least: self.settings.least as u32,
                    penalty: self.settings.penalty,
                },
                leaves: self.settings.leaves,
                learning_rate: self.settings.learning_rate,
            });
            let pairs = scores.iter_mut().zip(values);
            pairs.for_each(|(score, value)| *score += value);
            tree
        });
        self.model.rounds.push(trees.collect());
    }

    /// What was grown.
    pub fn into_model(self) -> Boosted {
        self.model
    }
}

/// Trees being grown that are judged on held-out samples after each round.
#[derive(Debug)]
pub struct Watched<'a> {
    boosting: Boosting<'a>,
    labels: &'a Labels,
    binned: Vec<Vec<u8>>,
    scores: Scores,
}

impl<'a> Watched<'a> {
    /// Watches by these samples.
    pub fn new(boosting: Boosting<'a>, held: &Cells<'_>, labels: &'a Labels) -> Self {
        Self {
            labels,
            binned: Bins::apply(&boosting.model.bins, held),
            scores: boosting.model.begin(labels.len()),
            boosting,
        }
    }

    /// The mean loss on the held-out samples, of values in units of their variance.
    pub fn loss(&self) -> f64 {
        loss::mean(self.labels, &self.boosting.model.scale, &self.scores)
    }

    /// Grows a tree for each output.
    pub fn round(&mut self) {
        self.boosting.round();
        let model = &self.boosting.model;
        model.advance(model.rounds.len() - 1, &self.binned, &mut self.scores);
    }

    /// What was grown.
    pub fn into_model(self) -> Boosted {
        self.boosting.model
    }
}

/// The number of scores of a sample.
pub(crate) fn outputs(labels: &Labels) -> usize {
    loss::outputs(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        learning_rate: 0.3,
        leaves: 8,
        least: 1,
        penalty: 0.0,
    };

    fn fitted(cells: &Cells<'_>, labels: &Labels, settings: Settings, rounds: usize) -> Boosted {
        let mut boosting = Boosting::new(cells, labels, settings);
        (0..rounds).for_each(|_| boosting.round());
        boosting.into_model()
    }

    /// The class with the largest of each row's logits.
    fn largest(logits: &[f32], classes: usize) -> Vec<usize> {
        let rows = logits.chunks_exact(classes);
        let largest = |row: &[f32]| {
            let places = (0..classes).rev();
            places.max_by(|a, b| row[*a].total_cmp(&row[*b]))
        };
        rows.filter_map(largest).collect()
    }

    #[test]
    fn a_step_is_that_of_newton() {
        // Mean 3, deviation 1: the leaves' steps of half the way end at 2.5 and 3.5.
        let cells = Cells {
            values: &[0.0, 0.0, 1.0, 1.0],
            kinds: &[Kind::Number],
        };
        let half = Settings {
            learning_rate: 0.5,
            ..SETTINGS
        };
        let labels = Labels::Values(vec![2.0, 2.0, 4.0, 4.0]);
        let model = fitted(&cells, &labels, half, 1);
        assert_eq!(model.predict(&cells), [2.5, 2.5, 3.5, 3.5]);
        // Of two classes p is 1/2 at first: G = ∓1, H = 1/2, a step of ±2, halved.
        let labels = Labels::Classes {
            labels: vec![0, 0, 1, 1],
            classes: 2,
        };
        let model = fitted(&cells, &labels, half, 1);
        assert_eq!(
            model.predict(&cells),
            [0.0, -1.0, 0.0, -1.0, 0.0, 1.0, 0.0, 1.0]
        );
    }

    #[test]
    fn cells_between_those_of_training_are_on_their_side() {
        let values: Vec<f32> = (0..64).map(|row| (row * row % 97) as f32).collect();
        let cells = Cells {
            values: &values,
            kinds: &[Kind::Number],
        };
        let labels = Labels::Values(values.iter().map(|value| 3.0 * value).collect());
        let model = fitted(&cells, &labels, SETTINGS, 60);
        let between: Vec<f32> = (2..90).map(|value| value as f32 + 0.5).collect();
        let asked = Cells {
            values: &between,
            ..cells
        };
        for (value, predicted) in between.iter().zip(model.predict(&asked)) {
            assert!(
                (predicted - 3.0 * value).abs() < 20.0,
                "{value}: {predicted}"
            );
        }
    }

    #[test]
    fn three_classes_a_constant_and_missing_cells_are_told_apart() {
        let no = f32::NAN;
        let kinds = [Kind::Number, Kind::Category, Kind::Number];
        let row = |class: u32, round: u32| match class {
            0 => [round as f32, 0.0, 7.0],
            1 => [no, 1.0, 7.0],
            _ => [round as f32, 1.0 + (round % 2) as f32 * 2.0, 7.0],
        };
        let rows = (0..30_u32).flat_map(|at| row(at % 3, at));
        let values: Vec<f32> = rows.collect();
        let cells = Cells {
            values: &values,
            kinds: &kinds,
        };
        // The class 3 is never seen.
        let labels: Vec<u32> = (0..30).map(|at| at % 3).collect();
        let expected: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
        let labels = Labels::Classes { labels, classes: 4 };
        let model = fitted(&cells, &labels, SETTINGS, 20);
        assert_eq!(largest(&model.predict(&cells), 4), expected);
        // A category that training has not seen, an endless number.
        let odd = Cells {
            values: &[f32::INFINITY, 9.0, no, no, -1.0, no],
            ..cells
        };
        assert!(model.predict(&odd).iter().all(|logit| logit.is_finite()));
    }
}

//! Gradient-boosted regression trees, several fits on parts of the examples.
//!
//! ```text
//! f <- the mean of the targets
//! repeat T times: tree <- the best splits of the residuals y - f, D deep
//!                 f    <- f + rate * tree
//! ```
//!
//! Each member of the ensemble sees a part of the rows; their spread is the doubt.

use super::{Prediction, Predictor};
use crate::random::Random;
use rand::seq::SliceRandom;

/// At most so many thresholds are tried for a feature.
const BINS: usize = 16;

/// An ensemble of boosted trees for squared error.
///
/// # Paper
/// Friedman 2001 and 2002 (stochastic gradient boosting).
#[derive(Clone, Debug)]
pub struct GradientBoosting {
    /// Fits on different parts of the rows.
    pub members: usize,
    /// Trees of one fit.
    pub trees: usize,
    /// Splits between the root and a leaf.
    pub depth: usize,
    /// How much of a tree is added.
    pub rate: f64,
    /// The share of the rows that a member sees.
    pub rows: f64,
    /// The share of the features that a tree may split on.
    pub features: f64,
    /// Penalty on the leaves' values, in rows.
    pub shrinkage: f64,
    fitted: Vec<Boosted>,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self {
            members: 4,
            trees: 50,
            depth: 3,
            rate: 0.15,
            rows: 0.8,
            features: 0.5,
            shrinkage: 1.0,
            fitted: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
struct Boosted {
    start: f64,
    trees: Vec<Vec<Split>>,
}

/// A node of a tree; the children of node `i` stand at `2i + 1` and `2i + 2`.
#[derive(Clone, Copy, Debug)]
enum Split {
    Leaf(f64),
    /// At most the threshold: left; above: right.
    At(usize, f64),
    /// Below a leaf.
    Nothing,
}

impl Predictor for GradientBoosting {
    fn fit(&mut self, inputs: &[&[f64]], targets: &[f64], random: &mut Random) {
        self.fitted.clear();
        if inputs.is_empty() {
            return;
        }
        let bins = Bins::of(inputs);
        let mut rows: Vec<usize> = (0..inputs.len()).collect();
        let count = ((inputs.len() as f64 * self.rows).ceil() as usize).clamp(1, inputs.len());
        for _ in 0..self.members.max(1) {
            rows.shuffle(random);
            let mut own = rows[..count].to_vec();
            own.sort_unstable();
            let boosted = self.boost(&bins, targets, &own, random);
            self.fitted.push(boosted);
        }
    }

    fn predict(&self, input: &[f64]) -> Prediction {
        if self.fitted.is_empty() {
            return Prediction::UNKNOWN;
        }
        let values: Vec<f64> = self
            .fitted
            .iter()
            .map(|own| own.value(input, self.rate))
            .collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Prediction {
            mean,
            deviation: (squares / count).sqrt(),
        }
    }
}

impl Boosted {
    fn value(&self, input: &[f64], rate: f64) -> f64 {
        let trees = self.trees.iter().map(|tree| {
            let mut at = 0;
            loop {
                match tree[at] {
                    Split::Leaf(value) => return value,
                    Split::At(feature, threshold) => {
                        at = 2 * at + if input[feature] <= threshold { 1 } else { 2 };
                    }
                    Split::Nothing => return 0.0,
                }
            }
        });
        self.start + rate * trees.sum::<f64>()
    }
}

/// The examples by feature, each value as the number of its bin.
struct Bins {
    /// By feature: bin `b` holds the values up to `thresholds[b]`.
    thresholds: Vec<Vec<f64>>,
    /// By feature, then by row.
    bins: Vec<Vec<u8>>,
}

impl Bins {
    fn of(inputs: &[&[f64]]) -> Self {
        let width = inputs[0].len();
        let (mut thresholds, mut bins) = (Vec::new(), Vec::new());
        for feature in 0..width {
            let mut values: Vec<f64> = inputs.iter().map(|row| row[feature]).collect();
            values.sort_by(f64::total_cmp);
            values.dedup();
            let cuts = values.len().saturating_sub(1);
            let taken = cuts.min(BINS);
            let mut own: Vec<f64> = (0..taken)
                .map(|cut| {
                    let at = cut * cuts / taken;
                    f64::midpoint(values[at], values[at + 1])
                })
                .collect();
            own.dedup();
            let bin = |row: &&[f64]| own.partition_point(|cut| *cut < row[feature]) as u8;
            bins.push(inputs.iter().map(bin).collect());
            thresholds.push(own);
        }
        Self { thresholds, bins }
    }
}

impl GradientBoosting {
    fn boost(&self, bins: &Bins, targets: &[f64], rows: &[usize], random: &mut Random) -> Boosted {
        let start = rows.iter().map(|&row| targets[row]).sum::<f64>() / rows.len() as f64;
        let mut residuals: Vec<f64> = targets.iter().map(|target| target - start).collect();
        let useful = (0..bins.bins.len()).filter(|&f| !bins.thresholds[f].is_empty());
        let mut features: Vec<usize> = useful.collect();
        let taken = (features.len() as f64 * self.features).ceil() as usize;
        let mut trees = Vec::with_capacity(self.trees);
        for _ in 0..self.trees {
            features.shuffle(random);
            let mut growth = Growth {
                bins,
                features: &features[..taken.min(features.len())],
                shrinkage: self.shrinkage,
                rate: self.rate,
                residuals: &mut residuals,
                tree: vec![Split::Nothing; (2 << self.depth) - 1],
            };
            growth.grow(0, self.depth, rows.to_vec());
            trees.push(growth.tree);
        }
        Boosted { start, trees }
    }
}

struct Growth<'a> {
    bins: &'a Bins,
    features: &'a [usize],
    shrinkage: f64,
    rate: f64,
    residuals: &'a mut [f64],
    tree: Vec<Split>,
}

impl Growth<'_> {
    fn grow(&mut self, node: usize, depth: usize, rows: Vec<usize>) {
        let split = if depth > 0 { self.best(&rows) } else { None };
        let Some((feature, bin)) = split else {
            let sum: f64 = rows.iter().map(|&row| self.residuals[row]).sum();
            let value = sum / (rows.len() as f64 + self.shrinkage);
            self.tree[node] = Split::Leaf(value);
            for row in rows {
                self.residuals[row] -= self.rate * value;
            }
            return;
        };
        self.tree[node] = Split::At(feature, self.bins.thresholds[feature][bin]);
        let column = &self.bins.bins[feature];
        let (left, right) = rows
            .into_iter()
            .partition(|&row| usize::from(column[row]) <= bin);
        self.grow(2 * node + 1, depth - 1, left);
        self.grow(2 * node + 2, depth - 1, right);
    }

    /// The split that takes the most from the squared error; the first of equals.
    fn best(&self, rows: &[usize]) -> Option<(usize, usize)> {
        let total: f64 = rows.iter().map(|&row| self.residuals[row]).sum();
        let gain = |sum: f64, count: f64| sum * sum / (count + self.shrinkage);
        let whole = gain(total, rows.len() as f64);
        let (mut most, mut best) = (whole + 1e-12, None);
        for &feature in self.features {
            let column = &self.bins.bins[feature];
            let mut sums = [(0.0, 0.0); BINS + 1];
            for &row in rows {
                let bin = &mut sums[usize::from(column[row])];
                bin.0 += self.residuals[row];
                bin.1 += 1.0;
            }
            let (mut sum, mut count) = (0.0, 0.0);
            let cuts = self.bins.thresholds[feature].len();
            for (bin, own) in sums[..cuts].iter().enumerate() {
                sum += own.0;
                count += own.1;
                let rest = rows.len() as f64 - count;
                if count < 1.0 || rest < 1.0 {
                    continue;
                }
                let split = gain(sum, count) + gain(total - sum, rest);
                if split > most {
                    (most, best) = (split, Some((feature, bin)));
                }
            }
        }
        best
    }
}

//! Logistic regression, trained until it no longer changes.
//!
//! ```text
//! minimise  Σ_i log-loss(softmax(W x_i + b), y_i) + |W|² / (2 C)
//! ```
//!
//! With two classes `W` is one row, whose score is held against zero. The intercepts `b`
//! are not penalised. This is the function of scikit-learn's `LogisticRegression`, C and
//! all, and has one minimum.

use super::lbfgs::{Stop, minimise};
use super::rows::Rows;
use rayon::prelude::*;

/// Strengths `C` that are tried, the weakest weights first.
pub const STRENGTHS: [f64; 7] = [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3];

/// Rows whose sums are taken together, whatever the number of threads.
const CHUNK: usize = 512;

/// Weights and intercepts.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    /// By value of a row, the intercept last, by output.
    weights: Vec<f64>,
    outputs: usize,
    classes: usize,
}

/// How exactly the minimum is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// To compare strengths.
    Rough,
    /// As exactly as 64 bits have use for.
    Full,
}

impl Effort {
    fn stop(self) -> Stop {
        match self {
            Self::Rough => Stop {
                slope: 1e-4,
                steps: 60,
            },
            Self::Full => Stop {
                slope: 1e-8,
                steps: 1_000,
            },
        }
    }
}

impl Logistic {
    /// All weights zero: every class is as likely.
    pub fn zero(width: usize, classes: usize) -> Self {
        let outputs = if classes == 2 { 1 } else { classes };
        Self {
            weights: vec![0.0; (width + 1) * outputs],
            outputs,
            classes,
        }
    }

    /// The minimum for these rows, sought from here.
    ///
    /// # Panics
    /// Where rows and labels differ in number, or a label is not below the classes.
    pub fn fit(self, rows: &Rows, labels: &[u32], strength: f64, effort: Effort) -> Self {
        assert_eq!(rows.len(), labels.len(), "each row has its label");
        let count = rows.len().max(1) as f64;
        let penalty = 1.0 / (strength * count);
        let (outputs, classes) = (self.outputs, self.classes);
        let intercepts = rows.width() * outputs;
        let function = |weights: &[f64]| {
            let (loss, mut gradient) = sums(weights, outputs, rows, labels);
            gradient.iter_mut().for_each(|slope| *slope /= count);
            let mut squares = 0.0;
            for (slope, weight) in gradient[..intercepts].iter_mut().zip(weights) {
                *slope += penalty * weight;
                squares += weight * weight;
            }
            (loss / count + 0.5 * penalty * squares, gradient)
        };
        Self {
            weights: minimise(self.weights, &effort.stop(), function),
            outputs,
            classes,
        }
    }

    /// Logits `[rows, classes]`.
    pub fn predict(&self, rows: &Rows) -> Vec<f32> {
        let logits = |row: usize| {
            let mut scores = vec![0.0; self.outputs];
            score(&self.weights, rows.row(row), &mut scores);
            let fixed = (self.classes != self.outputs).then_some(0.0);
            fixed.into_iter().chain(scores).map(|score| score as f32)
        };
        (0..rows.len()).flat_map(logits).collect()
    }

    /// The mean log-loss.
    pub fn loss(&self, rows: &Rows, labels: &[u32]) -> f64 {
        sums(&self.weights, self.outputs, rows, labels).0 / rows.len().max(1) as f64
    }

    /// Weights by output, by value of a row, the intercept last: of two classes those of
    /// the second one.
    pub fn weights(&self) -> Vec<Vec<f64>> {
        let of_output = |output: usize| {
            let weights = self.weights.iter().skip(output);
            weights.step_by(self.outputs).copied().collect()
        };
        (0..self.outputs).map(of_output).collect()
    }
}

/// The scores of a row, by output.
fn score(weights: &[f64], row: &[f32], scores: &mut [f64]) {
    let outputs = scores.len();
    scores.copy_from_slice(&weights[row.len() * outputs..]);
    for (value, weights) in row.iter().zip(weights.chunks_exact(outputs)) {
        // Of categories most values are zero.
        if *value != 0.0 {
            let value = f64::from(*value);
            let pairs = scores.iter_mut().zip(weights);
            pairs.for_each(|(score, weight)| *score += value * weight);
        }
    }
}

/// The sum of all log-losses, and its gradient.
fn sums(weights: &[f64], outputs: usize, rows: &Rows, labels: &[u32]) -> (f64, Vec<f64>) {
    let chunks = labels.par_chunks(CHUNK).enumerate();
    let parts: Vec<(f64, Vec<f64>)> = chunks
        .map(|(chunk, labels)| {
            let (mut loss, mut gradient) = (0.0, vec![0.0; weights.len()]);
            let mut scores = vec![0.0; outputs];
            for (place, label) in labels.iter().enumerate() {
                let row = rows.row(chunk * CHUNK + place);
                score(weights, row, &mut scores);
                loss += slope(&mut scores, *label);
                let (of_values, of_intercepts) = gradient.split_at_mut(row.len() * outputs);
                for (value, gradient) in row.iter().zip(of_values.chunks_exact_mut(outputs)) {
                    if *value != 0.0 {
                        let value = f64::from(*value);
                        let pairs = gradient.iter_mut().zip(&scores);
                        pairs.for_each(|(sum, slope)| *sum += value * slope);
                    }
                }
                let pairs = of_intercepts.iter_mut().zip(&scores);
                pairs.for_each(|(sum, slope)| *sum += slope);
            }
            (loss, gradient)
        })
        .collect();
    let mut total = (0.0, vec![0.0; weights.len()]);
    for (loss, gradient) in parts {
        total.0 += loss;
        let pairs = total.1.iter_mut().zip(gradient);
        pairs.for_each(|(sum, part)| *sum += part);
    }
    total
}

/// Turns scores into slopes of the log-loss, which it gives.
fn slope(scores: &mut [f64], label: u32) -> f64 {
    if let [score] = scores {
        let truth = f64::from(label);
        let loss = (-score.abs()).exp().ln_1p() + score.max(0.0) - truth * *score;
        *score = 1.0 / (1.0 + (-*score).exp()) - truth;
        return loss;
    }
    let label = label as usize;
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let of_truth = scores[label] - most;
    scores
        .iter_mut()
        .for_each(|score| *score = (*score - most).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|power| *power /= sum);
    scores[label] -= 1.0;
    sum.ln() - of_truth
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &Logistic, expected: &[&[f64]]) {
        let weights = model.weights();
        assert_eq!(weights.len(), expected.len());
        for (weights, expected) in weights.iter().zip(expected) {
            let mut pairs = weights.iter().zip(*expected);
            assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-6), "{weights:?}");
        }
    }

    /// scikit-learn 1.9.1, `LogisticRegression(C, tol=1e-12, max_iter=10000)`.
    #[test]
    fn two_classes_have_the_coefficients_of_scikit_learn() {
        let rows = Rows::new((0..6_u8).map(f32::from).collect(), 6);
        let labels = [0, 0, 1, 0, 1, 1];
        let fit = |strength| Logistic::zero(1, 2).fit(&rows, &labels, strength, Effort::Full);
        check(&fit(0.01), &[&[0.0335336, -0.083834]]);
        check(&fit(1.0), &[&[0.76705372, -1.91763431]]);
        check(&fit(100.0), &[&[1.20407627, -3.01019068]]);
    }

    #[test]
    fn three_classes_have_the_probabilities_of_scikit_learn() {
        let values = [
            0.0, 1.0, 1.0, 0.0, 2.0, 2.0, 3.0, -1.0, 4.0, 1.0, 0.0, -2.0, 1.0, 3.0,
        ];
        let rows = Rows::new(values.to_vec(), 7);
        let labels = [0, 1, 2, 2, 1, 0, 2];
        let model = Logistic::zero(2, 3).fit(&rows, &labels, 2.0, Effort::Full);
        check(
            &model,
            &[
                &[-1.15248915, -0.32461226, 1.18118112],
                &[0.65594477, -0.01896038, -0.80249814],
                &[0.49654438, 0.34357265, -0.37868298],
            ],
        );
        let powers: Vec<f32> = model.predict(&rows)[..3].iter().map(|s| s.exp()).collect();
        let sum: f32 = powers.iter().sum();
        let expected = [0.6262883, 0.11695432, 0.25675739];
        let mut pairs = powers.iter().zip(expected);
        assert!(pairs.all(|(power, p)| (power / sum - p).abs() < 1e-5));
    }

    #[test]
    fn no_direction_is_downhill_at_the_minimum() {
        let values: Vec<f32> = (0..120_u16).map(|at| f32::from(at * 37 % 11)).collect();
        let rows = Rows::new(values, 40);
        let labels: Vec<u32> = (0..40).map(|row| row * row % 3).collect();
        let objective = |weights: &[f64]| {
            let squares: f64 = weights[..9].iter().map(|weight| weight * weight).sum();
            sums(weights, 3, &rows, &labels).0 + squares / 2.0
        };
        let model = Logistic::zero(3, 3).fit(&rows, &labels, 1.0, Effort::Full);
        let least = objective(&model.weights);
        assert!(least < objective(&[0.0; 12]));
        for place in 0..model.weights.len() {
            for step in [-1e-3, 1e-3] {
                let mut other = model.weights.clone();
                other[place] += step;
                assert!(objective(&other) > least - 1e-12, "{place} {step}");
            }
        }
    }

    /// Without a value that differs the probabilities are the shares of the classes.
    #[test]
    fn constant_rows_leave_the_shares_of_the_classes() {
        let rows = Rows::new(vec![0.0; 4], 4);
        let model = Logistic::zero(1, 2).fit(&rows, &[1, 1, 0, 1], 1.0, Effort::Full);
        check(&model, &[&[0.0, 3.0_f64.ln()]]);
        // A class without a sample becomes unlikely, and all stays finite.
        let model = Logistic::zero(1, 3).fit(&rows, &[1, 1, 0, 1], 1.0, Effort::Full);
        let logits = model.predict(&rows);
        assert!(logits.iter().all(|logit| logit.is_finite()), "{logits:?}");
        assert!(logits[2] < logits[0] && logits[0] < logits[1], "{logits:?}");
    }
}

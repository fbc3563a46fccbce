//! Predictors: what learns from told trials how good an untried architecture
//! would be.

mod acquisition;
pub(super) mod batches;
mod encoding;
mod gaussian_process;
mod gradient_boosting;
mod mlp_ensemble;
pub(super) mod model;
mod targets;

pub use acquisition::Acquisition;
pub use encoding::{Encoder, Encoding};
pub use gaussian_process::GaussianProcess;
pub use gradient_boosting::GradientBoosting;
pub use mlp_ensemble::MlpEnsemble;

pub(super) use targets::{scalarised, weights};

use crate::random::Random;
use std::fmt::Debug;

/// Learns a number from a vector of features.
///
/// Deterministic: the same examples and draws give the same predictions.
pub trait Predictor: Debug + Send {
    /// Forgets what it knew and learns from these examples: as many targets as
    /// inputs, inputs of equal length, all finite.
    fn fit(&mut self, inputs: &[&[f64]], targets: &[f64], random: &mut Random);

    /// What it expects for an input of the same length; mean zero and deviation
    /// one where it has learnt nothing.
    fn predict(&self, input: &[f64]) -> Prediction;
}

/// What a predictor expects, in the unit of its targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The expected target.
    pub mean: f64,
    /// How unsure it is: a standard deviation.
    pub deviation: f64,
}

impl Prediction {
    /// What is expected where nothing is known.
    pub const UNKNOWN: Self = Self {
        mean: 0.0,
        deviation: 1.0,
    };
}

/// Shifts and scales columns to mean zero and deviation one, as seen in some
/// examples.
#[derive(Clone, Debug, Default)]
struct Standard {
    /// Mean, and the inverse of the deviation; zero for a column that is constant.
    columns: Vec<(f64, f64)>,
}

impl Standard {
    fn of(rows: &[&[f64]]) -> Self {
        let width = rows.first().map_or(0, |row| row.len());
        let count = rows.len().max(1) as f64;
        let column = |at: usize| {
            let mean = rows.iter().map(|row| row[at]).sum::<f64>() / count;
            let squares: f64 = rows.iter().map(|row| (row[at] - mean).powi(2)).sum();
            let deviation = (squares / count).sqrt();
            let inverse = if deviation > 1e-12 {
                1.0 / deviation
            } else {
                0.0
            };
            (mean, inverse)
        };
        Self {
            columns: (0..width).map(column).collect(),
        }
    }

    fn apply(&self, row: &[f64]) -> Vec<f64> {
        let pairs = row.iter().zip(&self.columns);
        pairs
            .map(|(value, (mean, inverse))| (value - mean) * inverse)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use rand::RngExt;

    /// Noise-free examples of a function with an interaction: a predictor must order
    /// unseen inputs, and be the same when it learns again.
    #[track_caller]
    fn learns(mut predictor: Box<dyn Predictor>, least: f64) {
        let mut random = Seed::new(5).stream();
        let draw = |random: &mut Random| -> Vec<f64> {
            (0..8).map(|_| f64::from(random.random::<bool>())).collect()
        };
        let truth = |x: &[f64]| 2.0 * x[0] + x[1] - x[2] + 1.5 * x[3] * x[4];
        let train: Vec<Vec<f64>> = (0..80).map(|_| draw(&mut random)).collect();
        let inputs: Vec<&[f64]> = train.iter().map(Vec::as_slice).collect();
        let targets: Vec<f64> = train.iter().map(|x| truth(x)).collect();
        predictor.fit(&inputs, &targets, &mut Seed::new(6).stream());
        let test: Vec<Vec<f64>> = (0..200).map(|_| draw(&mut random)).collect();
        let means = |predictor: &dyn Predictor| -> Vec<f64> {
            test.iter().map(|x| predictor.predict(x).mean).collect()
        };
        let predicted = means(predictor.as_ref());
        let truths: Vec<f64> = test.iter().map(|x| truth(x)).collect();
        let found = correlation(&predicted, &truths);
        assert!(found > least, "{found} {predictor:?}");
        let unsure = test.iter().all(|x| predictor.predict(x).deviation >= 0.0);
        assert!(unsure);
        predictor.fit(&inputs, &targets, &mut Seed::new(6).stream());
        assert!(means(predictor.as_ref()) == predicted);
        // One example, and equal ones, are no reason to fail.
        predictor.fit(&inputs[..1], &targets[..1], &mut random);
        assert!(predictor.predict(&test[0]).mean.is_finite());
        predictor.fit(&[inputs[0], inputs[0]], &[1.0, 1.0], &mut random);
        assert!(
            (predictor.predict(inputs[0]).mean - 1.0).abs() < 0.2,
            "{predictor:?}"
        );
    }

    fn correlation(a: &[f64], b: &[f64]) -> f64 {
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let (ma, mb) = (mean(a), mean(b));
        let product = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
            x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
        };
        product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
    }

    #[test]
    fn predictors_learn_and_repeat() {
        learns(Box::new(GradientBoosting::default()), 0.93);
        learns(Box::new(MlpEnsemble::default()), 0.9);
        learns(Box::new(GaussianProcess::default()), 0.95);
    }
}

//! Regression with a Gaussian process.
//!
//! ```text
//! k(x, x') = exp(-|x - x'|^2 / (2 d l^2)) on standardised features, d of them
//! mean     = k* (K + s I)^-1 y,  deviation^2 = 1 - k* (K + s I)^-1 k*
//! ```
//!
//! Length `l` and noise `s` are those of a small grid under which the targets
//! are the likeliest, judged by some of them where there are many.

use super::{Prediction, Predictor, Standard};
use crate::cholesky::{Cholesky, dot};
use crate::random::Random;

const LENGTHS: [f64; 5] = [0.35, 0.6, 1.0, 1.7, 3.0];
const NOISES: [f64; 3] = [0.003, 0.03, 0.2];

/// At most so many targets judge length and noise.
const JUDGED: usize = 48;

/// A Gaussian process with a squared exponential kernel.
#[derive(Clone, Debug, Default)]
pub struct GaussianProcess {
    standard: Standard,
    rows: Vec<Vec<f64>>,
    length: f64,
    /// Of `K + s I`.
    solver: Cholesky,
    /// `(K + s I)^-1 y`.
    dual: Vec<f64>,
    mean: f64,
    scale: f64,
}

impl Predictor for GaussianProcess {
    fn fit(&mut self, inputs: &[&[f64]], targets: &[f64], _random: &mut Random) {
        *self = Self::default();
        if inputs.is_empty() {
            return;
        }
        let count = targets.len() as f64;
        let mean = targets.iter().sum::<f64>() / count;
        let squares: f64 = targets.iter().map(|target| (target - mean).powi(2)).sum();
        let scale = (squares / count).sqrt().max(1e-12);
        let values: Vec<f64> = targets
            .iter()
            .map(|target| (target - mean) / scale)
            .collect();
        let standard = Standard::of(inputs);
        let rows: Vec<Vec<f64>> = inputs.iter().map(|row| standard.apply(row)).collect();
        let distances: Vec<Vec<f64>> = (0..rows.len())
            .map(|i| (0..=i).map(|j| distance(&rows[i], &rows[j])).collect())
            .collect();
        let (length, noise) = likeliest(&distances, &values);
        let steadier = NOISES.into_iter().filter(|other| *other >= noise);
        for noise in steadier {
            if let Some(solver) = solver(&distances, length, noise) {
                self.length = length;
                self.dual = solver.solve(&values);
                self.solver = solver;
                break;
            }
        }
        (self.standard, self.rows) = (standard, rows);
        (self.mean, self.scale) = (mean, scale);
    }

    fn predict(&self, input: &[f64]) -> Prediction {
        if self.dual.is_empty() {
            return Prediction::UNKNOWN;
        }
        let input = self.standard.apply(input);
        let near: Vec<f64> = self
            .rows
            .iter()
            .map(|row| kernel(distance(row, &input), self.length))
            .collect();
        let mean = dot(&near, &self.dual);
        let half = self.solver.forward(&near);
        let explained = dot(&half, &half);
        Prediction {
            mean: self.mean + self.scale * mean,
            deviation: self.scale * (1.0 - explained).max(0.0).sqrt(),
        }
    }
}

/// Length and noise under which the targets are the likeliest: of at most
/// [`JUDGED`] of them, evenly spread, since the time grows with their cube.
fn likeliest(distances: &[Vec<f64>], values: &[f64]) -> (f64, f64) {
    let step = values.len().div_ceil(JUDGED).max(1);
    let places: Vec<usize> = (0..values.len()).rev().step_by(step).collect();
    let places: Vec<usize> = places.into_iter().rev().collect();
    let some = |own: &usize| -> Vec<f64> {
        let until = places.iter().take_while(|other| *other <= own);
        until.map(|&other| distances[*own][other]).collect()
    };
    let distances: Vec<Vec<f64>> = places.iter().map(some).collect();
    let values: Vec<f64> = places.iter().map(|&own| values[own]).collect();
    let mut best = (f64::NEG_INFINITY, (1.0, 0.2));
    for length in LENGTHS {
        for noise in NOISES {
            let Some(solver) = solver(&distances, length, noise) else {
                continue;
            };
            let half = solver.forward(&values);
            let likelihood = -0.5 * dot(&half, &half) - solver.log_determinant();
            if likelihood > best.0 {
                best = (likelihood, (length, noise));
            }
        }
    }
    best.1
}

/// The mean squared difference of two rows.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    squares / a.len().max(1) as f64
}

fn kernel(distance: f64, length: f64) -> f64 {
    (-0.5 * distance / (length * length)).exp()
}

/// Solves with the kernel's matrix with noise on its diagonal; nothing where that is not
/// positive definite.
fn solver(distances: &[Vec<f64>], length: f64, noise: f64) -> Option<Cholesky> {
    Cholesky::of(distances.len(), |i, j| {
        if i == j {
            1.0 + noise
        } else {
            kernel(distances[i][j], length)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far from all examples only the mean is known; at an example little is in doubt.
    #[test]
    fn doubt_grows_with_the_distance() {
        let rows: Vec<[f64; 1]> = (0..10).map(|i| [f64::from(i)]).collect();
        let inputs: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
        let targets: Vec<f64> = rows.iter().map(|row| row[0].sin()).collect();
        let mut process = GaussianProcess::default();
        let mut random = crate::random::Seed::new(1).stream();
        process.fit(&inputs, &targets, &mut random);
        let (near, far) = (process.predict(&[4.0]), process.predict(&[100.0]));
        assert!(near.deviation < 0.3 * far.deviation, "{near:?} {far:?}");
        let mean = targets.iter().sum::<f64>() / 10.0;
        assert!((far.mean - mean).abs() < 1e-3);
    }
}

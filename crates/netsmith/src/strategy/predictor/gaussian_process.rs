//! Regression with a Gaussian process.
//!
//! ```text
//! k(x, x') = exp(-|x - x'|^2 / (2 d l^2)) on standardised features, d of them
//! mean     = k* (K + s I)^-1 y,  deviation^2 = 1 - k* (K + s I)^-1 k*
//! ```
//!
//! Length `l` and noise `s` are those of a small grid under which the targets
//! are the likeliest.

use super::{Prediction, Predictor, Standard};
use crate::random::Random;

const LENGTHS: [f64; 5] = [0.35, 0.6, 1.0, 1.7, 3.0];
const NOISES: [f64; 3] = [0.003, 0.03, 0.2];

/// A Gaussian process with a squared exponential kernel.
#[derive(Clone, Debug, Default)]
pub struct GaussianProcess {
    standard: Standard,
    rows: Vec<Vec<f64>>,
    length: f64,
    noise: f64,
    /// The lower triangle of `L` with `L L' = K + s I`, row by row.
    triangle: Vec<Vec<f64>>,
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
        let mut likeliest = f64::NEG_INFINITY;
        for length in LENGTHS {
            for noise in NOISES {
                let Some(triangle) = cholesky(&distances, length, noise) else {
                    continue;
                };
                let half = forward(&triangle, &values);
                let likelihood = -0.5 * half.iter().map(|value| value * value).sum::<f64>()
                    - (0..rows.len()).map(|i| triangle[i][i].ln()).sum::<f64>();
                if likelihood > likeliest {
                    likeliest = likelihood;
                    (self.length, self.noise) = (length, noise);
                    self.dual = backward(&triangle, half);
                    self.triangle = triangle;
                }
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
        let mean: f64 = near.iter().zip(&self.dual).map(|(k, dual)| k * dual).sum();
        let explained: f64 = forward(&self.triangle, &near).iter().map(|v| v * v).sum();
        Prediction {
            mean: self.mean + self.scale * mean,
            deviation: self.scale * (1.0 - explained).max(0.0).sqrt(),
        }
    }
}

/// The mean squared difference of two rows.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    let squares: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    squares / a.len().max(1) as f64
}

fn kernel(distance: f64, length: f64) -> f64 {
    (-0.5 * distance / (length * length)).exp()
}

/// The triangle of the kernel's matrix with noise on its diagonal; nothing where
/// it is not positive definite.
fn cholesky(distances: &[Vec<f64>], length: f64, noise: f64) -> Option<Vec<Vec<f64>>> {
    let mut triangle: Vec<Vec<f64>> = Vec::with_capacity(distances.len());
    for (i, row) in distances.iter().enumerate() {
        let mut own: Vec<f64> = Vec::with_capacity(i + 1);
        for (j, &distance) in row.iter().enumerate() {
            let value = kernel(distance, length);
            if i == j {
                let rest = 1.0 + noise - own.iter().map(|v| v * v).sum::<f64>();
                if rest <= 0.0 {
                    return None;
                }
                own.push(rest.sqrt());
            } else {
                let other = &triangle[j];
                let dot: f64 = own.iter().zip(other).map(|(a, b)| a * b).sum();
                own.push((value - dot) / other[j]);
            }
        }
        triangle.push(own);
    }
    Some(triangle)
}

/// Solves `L x = b`.
fn forward(triangle: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(b.len());
    for (row, value) in triangle.iter().zip(b) {
        let dot: f64 = row.iter().zip(&x).map(|(l, x)| l * x).sum();
        let diagonal = row[x.len()];
        x.push((value - dot) / diagonal);
    }
    x
}

/// Solves `L' x = b`.
fn backward(triangle: &[Vec<f64>], mut b: Vec<f64>) -> Vec<f64> {
    for i in (0..b.len()).rev() {
        b[i] /= triangle[i][i];
        let value = b[i];
        for (rest, l) in b[..i].iter_mut().zip(&triangle[i]) {
            *rest -= l * value;
        }
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `L L' x = b` for the matrix that the triangle came from.
    #[test]
    fn the_triangle_solves_its_matrix() {
        let distances = vec![vec![0.0], vec![0.5, 0.0], vec![1.5, 0.7, 0.0]];
        let triangle = cholesky(&distances, 1.0, 0.1).unwrap();
        let b = [1.0, -2.0, 0.5];
        let x = backward(&triangle, forward(&triangle, &b));
        for i in 0..3 {
            let row = (0..3).map(|j| {
                let distance = distances[i.max(j)][i.min(j)];
                kernel(distance, 1.0) + if i == j { 0.1 } else { 0.0 }
            });
            let product: f64 = row.zip(&x).map(|(a, x)| a * x).sum();
            assert!((product - b[i]).abs() < 1e-12);
        }
    }

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

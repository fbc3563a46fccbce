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
        let (length, noise) = likeliest(&distances, &values);
        let steadier = NOISES.into_iter().filter(|other| *other >= noise);
        for noise in steadier {
            if let Some(triangle) = cholesky(&distances, length, noise) {
                self.length = length;
                self.dual = backward(&triangle, forward(&triangle, &values));
                self.triangle = triangle;
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
        let half = forward(&self.triangle, &near);
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
            let Some(triangle) = cholesky(&distances, length, noise) else {
                continue;
            };
            let half = forward(&triangle, &values);
            let likelihood = -0.5 * dot(&half, &half)
                - (0..half.len()).map(|i| triangle[i][i].ln()).sum::<f64>();
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

/// The product of two rows of equal length; in eight sums, which the processor
/// adds side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut sums, mut rest) = ([0.0; 8], 0.0);
    let (left, right) = (a.chunks_exact(8), b.chunks_exact(8));
    for (a, b) in left.remainder().iter().zip(right.remainder()) {
        rest += a * b;
    }
    for (a, b) in left.zip(right) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    rest + sums.iter().sum::<f64>()
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
                let rest = 1.0 + noise - dot(&own, &own);
                if rest <= 0.0 {
                    return None;
                }
                own.push(rest.sqrt());
            } else {
                let other = &triangle[j];
                own.push((value - dot(&own, &other[..j])) / other[j]);
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
        let at = x.len();
        x.push((value - dot(&row[..at], &x)) / row[at]);
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

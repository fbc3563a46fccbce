//! Small multilayer perceptrons that differ in where they begin.
//!
//! ```text
//! each member: input -> H units -> H units -> 1, ReLU between
//! loss: |prediction - target| on standardised targets, Adam, small batches
//! ```

use super::acquisition::normal;
use super::{Prediction, Predictor, Standard};
use crate::random::Random;
use rand::RngExt;
use rand::seq::SliceRandom;

/// Adam's decays, as in BANANAS.
const BETAS: [f32; 2] = [0.9, 0.99];

/// An ensemble of multilayer perceptrons; their spread is the doubt.
///
/// # Paper
/// The ensemble of BANANAS (White et al. 2021, arXiv:1910.11858). Deviations:
/// two hidden layers in place of ten and fewer passes, which take a hundredth
/// of the time; inputs and targets are standardised; the step falls to zero.
#[derive(Clone, Debug)]
pub struct MlpEnsemble {
    /// Networks.
    pub members: usize,
    /// Units of each hidden layer.
    pub units: usize,
    /// Passes over the examples.
    pub epochs: usize,
    /// Examples of one step.
    pub batch: usize,
    /// Adam's first step size.
    pub rate: f32,
    standard: Standard,
    fitted: Vec<Perceptron>,
    mean: f64,
    scale: f64,
}

impl Default for MlpEnsemble {
    fn default() -> Self {
        Self {
            members: 5,
            units: 20,
            epochs: 60,
            batch: 16,
            rate: 0.01,
            standard: Standard::default(),
            fitted: Vec::new(),
            mean: 0.0,
            scale: 1.0,
        }
    }
}

impl Predictor for MlpEnsemble {
    fn fit(&mut self, inputs: &[&[f64]], targets: &[f64], random: &mut Random) {
        self.fitted.clear();
        if inputs.is_empty() {
            return;
        }
        let count = targets.len() as f64;
        self.mean = targets.iter().sum::<f64>() / count;
        let squares: f64 = targets
            .iter()
            .map(|target| (target - self.mean).powi(2))
            .sum();
        self.scale = (squares / count).sqrt().max(1e-12);
        self.standard = Standard::of(inputs);
        let single = |row: &[f64]| -> Vec<f32> {
            let row = self.standard.apply(row);
            row.into_iter().map(|value| value as f32).collect()
        };
        let rows: Vec<Vec<f32>> = inputs.iter().map(|row| single(row)).collect();
        let scaled = targets
            .iter()
            .map(|target| ((target - self.mean) / self.scale) as f32);
        let scaled: Vec<f32> = scaled.collect();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..self.members.max(1) {
            let mut member = Perceptron::new(rows[0].len(), self.units.max(1), random);
            let steps = self.epochs * rows.len().div_ceil(self.batch.max(1));
            let mut step = 0;
            for _ in 0..self.epochs {
                order.shuffle(random);
                for batch in order.chunks(self.batch.max(1)) {
                    let rate = self.rate * (1.0 - step as f32 / steps as f32);
                    step += 1;
                    let examples = batch.iter().map(|&row| (rows[row].as_slice(), scaled[row]));
                    member.learn(examples, batch.len(), rate, step);
                }
            }
            self.fitted.push(member);
        }
    }

    fn predict(&self, input: &[f64]) -> Prediction {
        if self.fitted.is_empty() {
            return Prediction::UNKNOWN;
        }
        let row = self.standard.apply(input);
        let row: Vec<f32> = row.into_iter().map(|value| value as f32).collect();
        let values: Vec<f64> = self
            .fitted
            .iter()
            .map(|own| f64::from(own.value(&row)))
            .collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        Prediction {
            mean: self.mean + self.scale * mean,
            deviation: self.scale * (squares / count).sqrt(),
        }
    }
}

/// Two hidden layers; the weights of a unit stand together, its bias behind them.
#[derive(Clone, Debug)]
struct Perceptron {
    width: usize,
    units: usize,
    weights: Vec<f32>,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Perceptron {
    fn new(width: usize, units: usize, random: &mut Random) -> Self {
        let sizes = [width, units, units];
        let outputs = [units, units, 1];
        let mut weights = Vec::new();
        for (size, outputs) in sizes.into_iter().zip(outputs) {
            let deviation = (2.0 / size.max(1) as f64).sqrt();
            for _ in 0..outputs {
                weights.extend((0..size).map(|_| (deviation * normal(random)) as f32));
                // A little apart, so that units of constant inputs differ.
                weights.push(0.1 * (random.random::<f32>() - 0.5));
            }
        }
        let count = weights.len();
        Self {
            width,
            units,
            weights,
            gradient: vec![0.0; count],
            first: vec![0.0; count],
            second: vec![0.0; count],
        }
    }

    /// Where the second and the last layer begin.
    fn starts(&self) -> [usize; 2] {
        let second = self.units * (self.width + 1);
        [second, second + self.units * (self.units + 1)]
    }

    fn value(&self, row: &[f32]) -> f32 {
        let [second, last] = self.starts();
        let mut hidden = layer(&self.weights[..second], row);
        hidden.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        let mut deeper = layer(&self.weights[second..last], &hidden);
        deeper.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        layer(&self.weights[last..], &deeper)[0]
    }

    fn learn<'a>(
        &mut self,
        examples: impl Iterator<Item = (&'a [f32], f32)>,
        count: usize,
        rate: f32,
        step: i32,
    ) {
        self.gradient.fill(0.0);
        for (row, target) in examples {
            self.descend(row, target, 1.0 / count as f32);
        }
        let corrections = BETAS.map(|beta| 1.0 - beta.powi(step));
        let slots = self.first.iter_mut().zip(&mut self.second);
        let slots = slots.zip(&mut self.weights).zip(&self.gradient);
        for (((first, second), weight), &slope) in slots {
            *first = BETAS[0] * *first + (1.0 - BETAS[0]) * slope;
            *second = BETAS[1] * *second + (1.0 - BETAS[1]) * slope * slope;
            let size = (*second / corrections[1]).sqrt() + 1e-8;
            *weight -= rate * (*first / corrections[0]) / size;
        }
    }

    /// Adds one example's gradient of the absolute error.
    fn descend(&mut self, row: &[f32], target: f32, share: f32) {
        let [second, last] = self.starts();
        let mut hidden = layer(&self.weights[..second], row);
        hidden.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        let mut deeper = layer(&self.weights[second..last], &hidden);
        deeper.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        let error = layer(&self.weights[last..], &deeper)[0] - target;
        let slope = if error > 0.0 { share } else { -share };
        let back = blame(
            &self.weights[last..],
            &mut self.gradient[last..],
            &deeper,
            &[slope],
        );
        let weights = &self.weights[second..last];
        let back = blame(weights, &mut self.gradient[second..last], &hidden, &back);
        let _ = blame(
            &self.weights[..second],
            &mut self.gradient[..second],
            row,
            &back,
        );
    }
}

/// The sums of a layer's units before the activation.
fn layer(weights: &[f32], input: &[f32]) -> Vec<f32> {
    let units = weights.chunks_exact(input.len() + 1);
    let unit = |own: &[f32]| {
        let dot: f32 = own
            .iter()
            .zip(input)
            .map(|(weight, value)| weight * value)
            .sum();
        dot + own[input.len()]
    };
    units.map(unit).collect()
}

/// Adds a layer's gradient, given that of its sums, and returns that of the sums
/// below, whose activated values are `input`.
fn blame(weights: &[f32], gradient: &mut [f32], input: &[f32], slopes: &[f32]) -> Vec<f32> {
    let mut below = vec![0.0; input.len()];
    let size = input.len() + 1;
    let units = weights
        .chunks_exact(size)
        .zip(gradient.chunks_exact_mut(size));
    for ((own, gradient), &slope) in units.zip(slopes) {
        if slope == 0.0 {
            continue;
        }
        for at in 0..input.len() {
            gradient[at] += slope * input[at];
            below[at] += slope * own[at];
        }
        gradient[input.len()] += slope;
    }
    for (slope, &value) in below.iter_mut().zip(input) {
        if value <= 0.0 {
            *slope = 0.0;
        }
    }
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    /// The gradient is that of finite differences.
    #[test]
    fn the_gradient_is_right() {
        let mut random = Seed::new(3).stream();
        let mut net = Perceptron::new(3, 4, &mut random);
        let (row, target) = ([0.5, -1.0, 2.0], 10.0);
        net.descend(&row, target, 1.0);
        let gradient = net.gradient.clone();
        let error = |net: &Perceptron| f64::from((net.value(&row) - target).abs());
        for (at, &own) in gradient.iter().enumerate() {
            let mut moved = net.clone();
            moved.weights[at] += 1e-2;
            let above = error(&moved);
            moved.weights[at] -= 2e-2;
            let slope = (above - error(&moved)) / 2e-2;
            assert!((slope - f64::from(own)).abs() < 2e-2, "{at}: {slope} {own}");
        }
    }
}

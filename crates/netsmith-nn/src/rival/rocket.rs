//! ROCKET: features of many random convolutions, and a ridge regression on them.
//!
//! ```text
//! for each of K kernels:
//!     l   one of 7, 9, 11                   weights N(0, 1), their mean taken off
//!     b   U(-1, 1)                          the bias
//!     d   2^U(0, log2((L - 1) / (l - 1)))   the dilation, rounded down
//!     p   (l - 1) d / 2, or 0               the padding, each as often
//!     of M channels 2^U(0, log2(min(M, l) + 1)), rounded down, drawn anew
//! features of a series: of each convolution the greatest value, and the share of
//!     positive values
//! ```
//!
//! `L` is the length of the longest training series. Each channel of a series has mean 0
//! and deviation 1 before it is convolved, as in the implementations in use. A shorter
//! series is followed by zeros, its mean, up to `L`: so its length shows in the features.
//! A longer one, which only new data may be, is convolved whole. Missing values lie on the
//! line between their neighbours. Kernels are no longer than the training series.
//!
//! # Paper
//! Dempster, Petitjean and Webb 2020, "ROCKET: exceptionally fast and accurate time series
//! classification using random convolutional kernels", arXiv:1910.13051; several channels
//! as in its official code.

mod kernel;

use super::Sample;
use super::gaps::filled;
use super::ridge::{self, Ridge};
use kernel::Kernel;
use netsmith::random::Seed;
use rayon::prelude::*;

/// The number of kernels in the paper.
pub const KERNELS: usize = 10_000;

/// Kernels that were drawn for series of some number of channels and steps.
#[derive(Clone, Debug)]
pub struct Rocket {
    kernels: Vec<Kernel>,
    channels: usize,
    length: usize,
}

impl Rocket {
    /// Draws kernels for these training samples; of them only the number of channels and
    /// the greatest length count.
    ///
    /// # Panics
    /// Where there is no sample, or the samples differ in channels.
    pub fn new(train: &[Sample<'_>], kernels: usize, seed: &Seed) -> Self {
        let longest = train.iter().map(|sample| sample.length).max();
        let length = longest.expect("kernels are drawn for training samples");
        let channels = train[0].channels();
        let mut random = seed.child("rocket").stream();
        let rocket = Self {
            kernels: (0..kernels)
                .map(|_| Kernel::draw(channels, length, &mut random))
                .collect(),
            channels,
            length,
        };
        train.iter().for_each(|sample| rocket.check(sample));
        rocket
    }

    /// The features of each sample: of each kernel the greatest value and the share of
    /// positive values, `[samples, 2 · kernels]`.
    ///
    /// # Panics
    /// Where a sample has other channels than the training samples.
    pub fn features(&self, samples: &[Sample<'_>]) -> Vec<Vec<f32>> {
        samples.par_iter().map(|sample| self.of(sample)).collect()
    }

    fn of(&self, sample: &Sample<'_>) -> Vec<f32> {
        self.check(sample);
        let steps = sample.length.max(self.length);
        let mut values = vec![0.0; self.channels * steps];
        let channels = filled(sample);
        let channels = channels.chunks_exact(sample.length);
        for (target, channel) in values.chunks_exact_mut(steps).zip(channels) {
            standardise(channel, &mut target[..sample.length]);
        }
        let mut convolution = Vec::new();
        let features = self.kernels.iter().flat_map(|kernel| {
            kernel.convolve(&values, steps, &mut convolution);
            let greatest = convolution
                .iter()
                .copied()
                .fold(f32::NEG_INFINITY, f32::max);
            let positive = convolution.iter().filter(|value| **value > 0.0).count();
            [greatest, positive as f32 / convolution.len() as f32]
        });
        features.collect()
    }

    fn check(&self, sample: &Sample<'_>) {
        assert_eq!(sample.channels(), self.channels, "channels of a sample");
    }
}

/// The class of each test sample.
///
/// # Panics
/// As [`Rocket::new`] and [`ridge::classify`].
pub fn classify(
    train: &[Sample<'_>],
    labels: &[u32],
    classes: usize,
    test: &[Sample<'_>],
    kernels: usize,
    seed: &Seed,
) -> Vec<u32> {
    let rocket = Rocket::new(train, kernels, seed);
    let [train, test] = [train, test].map(|samples| rocket.features(samples));
    ridge::classify(&train, labels, classes, &test)
}

/// The value of each test sample, where the labels are numbers.
///
/// # Panics
/// As [`Rocket::new`] and [`Ridge::fit`].
pub fn predict(
    train: &[Sample<'_>],
    values: &[f32],
    test: &[Sample<'_>],
    kernels: usize,
    seed: &Seed,
) -> Vec<f32> {
    let rocket = Rocket::new(train, kernels, seed);
    let targets = [values.iter().copied().map(f64::from).collect()];
    let ridge = Ridge::fit(&rocket.features(train), &targets);
    let features = rocket.features(test);
    features
        .iter()
        .map(|row| ridge.predict(row)[0] as f32)
        .collect()
}

/// Writes the values with mean 0 and deviation 1; all zeros where they do not vary.
fn standardise(values: &[f32], into: &mut [f32]) {
    let count = values.len() as f64;
    let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|value| (f64::from(*value) - mean).powi(2));
    let deviation = (squares.sum::<f64>() / count).sqrt();
    // What is left of a constant is rounding.
    if deviation <= 1e-6 * mean.abs() {
        into.fill(0.0);
        return;
    }
    for (target, value) in into.iter_mut().zip(values) {
        *target = ((f64::from(*value) - mean) / deviation) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waves of two frequencies and of several lengths, each begun elsewhere, the second
    /// channel upside down; every ninth value is missing.
    fn waves(count: usize, from: usize) -> (Vec<Vec<f32>>, Vec<usize>, Vec<u32>) {
        let (mut all, mut lengths, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for number in from..from + count {
            let (label, length) = (number % 2, 30 + 7 * number % 11);
            let speed = if label == 0 { 0.4 } else { 0.7 };
            let value = |step: usize| {
                let missing = (step + number).is_multiple_of(9);
                let wave = (step as f32 * speed + number as f32).sin();
                if missing { f32::NAN } else { 5.0 + wave }
            };
            let first: Vec<f32> = (0..length).map(value).collect();
            let second = first.iter().map(|value| -value);
            all.push(first.iter().copied().chain(second).collect());
            lengths.push(length);
            labels.push(label as u32);
        }
        (all, lengths, labels)
    }

    fn samples<'a>(values: &'a [Vec<f32>], lengths: &[usize]) -> Vec<Sample<'a>> {
        let pairs = values.iter().zip(lengths);
        pairs
            .map(|(values, length)| Sample::new(values, *length))
            .collect()
    }

    #[test]
    fn waves_of_two_frequencies_are_told_apart() {
        let (values, lengths, labels) = waves(20, 0);
        let (other, other_lengths, expected) = waves(20, 20);
        let train = samples(&values, &lengths);
        let test = samples(&other, &other_lengths);
        let seed = Seed::new(1);
        assert_eq!(classify(&train, &labels, 2, &test, 200, &seed), expected);
        let numbers: Vec<f32> = labels.iter().map(|label| *label as f32).collect();
        let predicted = predict(&train, &numbers, &test, 200, &seed);
        for (predicted, label) in predicted.iter().zip(&expected) {
            assert!(
                (predicted - *label as f32).abs() < 0.4,
                "{predicted} {label}"
            );
        }
    }

    #[test]
    fn features_know_neither_level_nor_scale() {
        let values = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 1.0, 3.0, 9.0];
        let moved = values.map(|value| 100.0 + 16.0 * value);
        let samples = [Sample::new(&values, 9), Sample::new(&moved, 9)];
        let rocket = Rocket::new(&samples, 50, &Seed::new(3));
        let features = rocket.features(&samples);
        assert_eq!(features[0].len(), 100);
        for (one, other) in features[0].iter().zip(&features[1]) {
            assert!((one - other).abs() < 1e-5, "{one} {other}");
        }
        let again = Rocket::new(&samples, 50, &Seed::new(3));
        assert_eq!(features, again.features(&samples));
        assert_ne!(
            features,
            Rocket::new(&samples, 50, &Seed::new(4)).features(&samples)
        );
    }

    #[test]
    fn a_constant_leaves_the_bias() {
        let values = [3.0; 12];
        let sample = [Sample::new(&values, 12)];
        let features = Rocket::new(&sample, 20, &Seed::new(5)).features(&sample);
        for pair in features[0].chunks_exact(2) {
            let share = if pair[0] > 0.0 { 1.0 } else { 0.0 };
            assert!(
                pair[0].abs() < 1.0 && (pair[1] - share).abs() < 1e-6,
                "{pair:?}"
            );
        }
    }
}

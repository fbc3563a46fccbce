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
//! `L` is the length of the longest training series. A shorter series is followed by zeros
//! up to `L`: so its length shows in the features. A longer one, which only new data may
//! be, is convolved whole. Missing values lie on the line between their neighbours. Kernels
//! are no longer than the training series.
//!
//! Each channel is moved and scaled to mean 0 and deviation 1 over all training series.
//! The paper has series of which each has them already. Where they have not, their levels
//! tell classes apart, and scaling each series by itself, as some implementations do, loses
//! them.
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
    /// By channel.
    scales: Vec<Scale>,
    /// Steps of the longest training sample.
    length: usize,
}

/// Mean and deviation of a channel over all training samples.
#[derive(Clone, Copy, Debug)]
struct Scale {
    mean: f64,
    /// One over the deviation; 0 for a channel that does not vary.
    factor: f64,
}

impl Rocket {
    /// Draws kernels for these training samples, of which the number of channels and the
    /// greatest length count, and learns the scale of each channel.
    ///
    /// # Panics
    /// Where there is no sample, or the samples differ in channels.
    pub fn new(train: &[Sample<'_>], kernels: usize, seed: &Seed) -> Self {
        let longest = train.iter().map(|sample| sample.length).max();
        let length = longest.expect("kernels are drawn for training samples");
        let channels = train[0].channels();
        train.iter().for_each(|sample| check(sample, channels));
        let mut random = seed.child("rocket").stream();
        let kernels = (0..kernels).map(|_| Kernel::draw(channels, length, &mut random));
        Self {
            kernels: kernels.collect(),
            scales: scales(train),
            length,
        }
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
        check(sample, self.scales.len());
        let steps = sample.length.max(self.length);
        let mut values = vec![0.0; self.scales.len() * steps];
        let by_channel = filled(sample);
        let channels = by_channel.chunks_exact(sample.length);
        for ((target, channel), scale) in values
            .chunks_exact_mut(steps)
            .zip(channels)
            .zip(&self.scales)
        {
            for (target, value) in target.iter_mut().zip(channel) {
                *target = ((f64::from(*value) - scale.mean) * scale.factor) as f32;
            }
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

fn check(sample: &Sample<'_>, channels: usize) {
    assert_eq!(sample.channels(), channels, "channels of a sample");
}

/// The scale of each channel over all samples.
fn scales(train: &[Sample<'_>]) -> Vec<Scale> {
    let samples: Vec<Vec<f32>> = train.iter().map(filled).collect();
    let of_channel = |channel: usize| {
        let lines = samples.iter().zip(train);
        let values = lines.flat_map(|(values, sample)| {
            let line = &values[channel * sample.length..][..sample.length];
            line.iter().copied().map(f64::from)
        });
        let count = train.iter().map(|sample| sample.length).sum::<usize>() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        let deviation = (squares / count).sqrt();
        // What is left of a constant is rounding.
        let varies = deviation > 1e-6 * mean.abs();
        Scale {
            mean,
            factor: if varies { 1.0 / deviation } else { 0.0 },
        }
    };
    (0..train[0].channels()).map(of_channel).collect()
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
    fn units_of_a_channel_are_of_no_consequence() {
        // Two samples of two channels.
        let values = [[1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 1.0, 3.0], [2.0; 8]];
        let moved = values.map(|values| {
            let mut moved = values;
            moved[4..]
                .iter_mut()
                .for_each(|value| *value = 100.0 + 16.0 * *value);
            moved
        });
        let [samples, others] =
            [&values, &moved].map(|all| all.each_ref().map(|v| Sample::new(v, 4)));
        let rocket = Rocket::new(&samples, 50, &Seed::new(3));
        let features = rocket.features(&samples);
        assert_eq!(features[0].len(), 100);
        let moved = Rocket::new(&others, 50, &Seed::new(3)).features(&others);
        for (one, other) in features.iter().flatten().zip(moved.iter().flatten()) {
            assert!((one - other).abs() < 1e-4, "{one} {other}");
        }
        assert_ne!(features[0], features[1]);
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

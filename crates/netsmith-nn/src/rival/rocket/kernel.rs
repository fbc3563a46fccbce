//! One random kernel.

use crate::module::normal;
use netsmith::random::Random;
use rand::RngExt;

/// Lengths of kernels in the paper.
const LENGTHS: [usize; 3] = [7, 9, 11];

/// A dilated kernel over some of the channels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kernel {
    /// The channels that it sees, ascending.
    channels: Vec<usize>,
    /// By channel of these, by tap; each channel's sum is zero.
    weights: Vec<Vec<f32>>,
    bias: f32,
    dilation: usize,
    /// Zeros on each side of the series.
    padding: usize,
}

impl Kernel {
    /// Draws a kernel for series of this many channels and steps.
    pub(super) fn draw(channels: usize, steps: usize, random: &mut Random) -> Self {
        let fitting: Vec<usize> = LENGTHS.into_iter().filter(|taps| *taps <= steps).collect();
        let taps = match fitting[..] {
            // A series that is shorter than all of them has one that covers it.
            [] => steps,
            _ => fitting[random.random_range(0..fitting.len())],
        };
        let most = channels.min(taps);
        let count = power_of_two(random, (most as f64 + 1.0).log2()).min(channels);
        let mut all: Vec<usize> = (0..channels).collect();
        for place in 0..count {
            let other = random.random_range(place..channels);
            all.swap(place, other);
        }
        all.truncate(count);
        all.sort_unstable();
        let weights = (0..count).map(|_| {
            let draws = normal(random, taps);
            let mean = draws.iter().sum::<f32>() / taps as f32;
            draws.into_iter().map(|draw| draw - mean).collect()
        });
        let weights = weights.collect();
        let bias = random.random_range(-1.0..1.0);
        let reach = (steps - 1) as f64 / (taps - 1).max(1) as f64;
        let dilation = power_of_two(random, reach.max(1.0).log2());
        let padding = if random.random::<bool>() {
            (taps - 1) * dilation / 2
        } else {
            0
        };
        Self {
            channels: all,
            weights,
            bias,
            dilation,
            padding,
        }
    }

    /// Writes the convolution with values `[channels, steps]`:
    /// `b + Σ_{c, t} w[c, t] x[c, i - p + t d]` for each place `i`.
    pub(super) fn convolve(&self, values: &[f32], steps: usize, into: &mut Vec<f32>) {
        let span = (self.weights[0].len() - 1) * self.dilation;
        let places = steps + 2 * self.padding - span;
        into.clear();
        into.resize(places, self.bias);
        for (channel, weights) in self.channels.iter().zip(&self.weights) {
            let values = &values[channel * steps..][..steps];
            for (tap, weight) in weights.iter().enumerate() {
                // Place i meets step i + ahead - padding.
                let ahead = tap * self.dilation;
                let first = self.padding.saturating_sub(ahead);
                let from = (first + ahead).saturating_sub(self.padding);
                let count = places.saturating_sub(first).min(steps.saturating_sub(from));
                if count == 0 {
                    continue;
                }
                let met = &values[from..][..count];
                for (sum, value) in into[first..][..count].iter_mut().zip(met) {
                    *sum += weight * value;
                }
            }
        }
    }
}

/// Two to the power of a number drawn from 0 up to `most`, rounded down.
fn power_of_two(random: &mut Random, most: f64) -> usize {
    (random.random::<f64>() * most).exp2() as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    #[track_caller]
    fn check(kernel: &Kernel, values: &[f32], steps: usize, expected: &[f32]) {
        let mut convolution = vec![9.0];
        kernel.convolve(values, steps, &mut convolution);
        assert_eq!(convolution, expected);
    }

    #[test]
    fn convolutions_by_hand() {
        let mut kernel = Kernel {
            channels: vec![0],
            weights: vec![vec![1.0, 2.0, -3.0]],
            bias: 0.5,
            dilation: 1,
            padding: 0,
        };
        let values = [1.0, 2.0, 3.0, 4.0, 5.0];
        // 0.5 + 1 + 4 - 9, and so on.
        check(&kernel, &values, 5, &[-3.5, -3.5, -3.5]);
        kernel.padding = 1;
        // 0.5 + 0 + 2 - 6 before, 0.5 + 4 + 10 - 0 after.
        check(&kernel, &values, 5, &[-3.5, -3.5, -3.5, -3.5, 14.5]);
        kernel.dilation = 2;
        kernel.padding = 0;
        // 0.5 + 1 + 6 - 15.
        check(&kernel, &values, 5, &[-7.5]);
        kernel.padding = 2;
        check(&kernel, &values, 5, &[-6.5, -7.5, -7.5, 10.5, 13.5]);
        let two = Kernel {
            channels: vec![0, 2],
            weights: vec![vec![1.0, -1.0], vec![2.0, -2.0]],
            bias: 0.0,
            dilation: 1,
            padding: 0,
        };
        // (1 - 3) + 2 (2 - 1).
        check(&two, &[1.0, 3.0, 7.0, 7.0, 2.0, 1.0], 2, &[0.0]);
    }

    #[test]
    fn draws_are_those_of_the_paper() {
        let mut random = Seed::new(1).stream();
        let kernels: Vec<Kernel> = (0..2_000)
            .map(|_| Kernel::draw(4, 100, &mut random))
            .collect();
        let share = |holds: &dyn Fn(&Kernel) -> bool| {
            kernels.iter().filter(|kernel| holds(kernel)).count() as f64 / 2_000.0
        };
        for taps in LENGTHS {
            assert!((share(&|kernel| kernel.weights[0].len() == taps) - 1.0 / 3.0).abs() < 0.05);
        }
        assert!((share(&|kernel| kernel.padding == 0) - 0.5).abs() < 0.05);
        assert!((share(&|kernel| kernel.bias < 0.0) - 0.5).abs() < 0.05);
        // The dilation is below 2 for one of log2(99 / 8) = 3.6 draws, with 9 taps.
        let long = share(&|kernel| kernel.dilation == 1 && kernel.weights[0].len() == 9);
        assert!((3.0 * long - 1.0 / 3.63).abs() < 0.06, "{long}");
        // One channel for one of log2(5) = 2.32 draws, two for log2(1.5) of them, and so on.
        assert!((share(&|kernel| kernel.channels.len() == 1) - 0.431).abs() < 0.05);
        assert!((share(&|kernel| kernel.channels.len() == 4) - 0.139).abs() < 0.05);
        for kernel in &kernels {
            assert!(kernel.channels.is_sorted_by(|a, b| a < b));
            for weights in &kernel.weights {
                assert!(weights.iter().sum::<f32>().abs() < 1e-5);
            }
            let span = (kernel.weights[0].len() - 1) * kernel.dilation;
            assert!(span < 100 && (kernel.padding == 0 || kernel.padding == span / 2));
        }
    }

    #[test]
    fn a_short_series_has_kernels_that_fit() {
        let mut random = Seed::new(2).stream();
        for steps in 1..12 {
            let kernel = Kernel::draw(1, steps, &mut random);
            let mut convolution = Vec::new();
            kernel.convolve(&vec![1.0; steps], steps, &mut convolution);
            assert!(!convolution.is_empty());
        }
    }
}

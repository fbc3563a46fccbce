//! Percentile bootstrap.

use crate::random::Seed;
use rand::RngExt;

/// Resamples of the numbers `0..n`: the same ones for everything that is compared.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    resamples: Vec<Vec<u32>>,
}

impl Bootstrap {
    /// So many resamples of `count` things, always the same ones.
    pub fn new(count: usize, resamples: usize) -> Self {
        let mut random = Seed::new(0).child("bootstrap").stream();
        let mut draw = || -> Vec<u32> {
            let draws = (0..count).map(|_| random.random_range(0..count) as u32);
            draws.collect()
        };
        Self {
            resamples: (0..resamples).map(|_| draw()).collect(),
        }
    }

    /// The resamples, each as many numbers as there are things.
    pub fn resamples(&self) -> impl Iterator<Item = &[u32]> {
        self.resamples.iter().map(Vec::as_slice)
    }

    /// The interval that holds the mean of these values with 95 % confidence:
    /// low and high. As many values as things were resampled.
    ///
    /// # Panics
    /// There are fewer values.
    pub fn interval(&self, values: &[f64]) -> [f64; 2] {
        let mut means: Vec<f64> = self
            .resamples
            .iter()
            .map(|drawn| {
                let sum: f64 = drawn.iter().map(|&at| values[at as usize]).sum();
                sum / drawn.len().max(1) as f64
            })
            .collect();
        means.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * (means.len().max(1) - 1) as f64).round() as usize;
            means.get(place).copied().unwrap_or_default()
        };
        [at(0.025), at(0.975)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For many values the interval is that of the normal distribution.
    #[test]
    fn the_interval_is_two_errors_wide() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let [low, high] = Bootstrap::new(400, 2_000).interval(&values);
        let error = 0.5 / 20.0;
        assert!((low - (0.5 - 1.96 * error)).abs() < 0.006, "{low}");
        assert!((high - (0.5 + 1.96 * error)).abs() < 0.006, "{high}");
    }
}

//! What is drawn at random in a training step.

use netsmith::random::Seed;
use rand::RngExt;
use std::collections::BTreeMap;

/// The randomness of one training step.
///
/// Every node draws from a stream of its own, in the order of the samples, so
/// that all kernels drop the same values.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// The step's seed; none drops nothing.
    seed: Option<Seed>,
    /// Probability with which drop-path drops a sample's branch, in `[0, 1)`.
    drop_path: f32,
    /// What some dropout nodes let through, by their names, `[samples, size]`.
    held: BTreeMap<String, Vec<bool>>,
}

impl Noise {
    /// Drops nothing.
    pub fn none() -> Self {
        Self {
            seed: None,
            drop_path: 0.0,
            held: BTreeMap::new(),
        }
    }

    /// Draws nothing: each dropout node that is named here lets the given values
    /// through unscaled and no others, `[samples, size]`; the rest drop nothing.
    pub(crate) fn held(patterns: BTreeMap<String, Vec<bool>>) -> Self {
        Self {
            held: patterns,
            ..Self::none()
        }
    }

    /// The draws of a step with this seed and rate of drop-path.
    pub fn new(step: Seed, drop_path: f32) -> Self {
        Self {
            seed: Some(step),
            drop_path,
            held: BTreeMap::new(),
        }
    }

    /// The factor of each value of a dropout node, `[samples, size]`: zero or
    /// `1 / (1 − rate)`, or as it is held; none where nothing is dropped.
    pub(super) fn dropout(&self, node: &str, rate: f32, count: usize) -> Option<Vec<f32>> {
        if let Some(pattern) = self.held.get(node) {
            let factors = pattern.iter().map(|&passes| f32::from(u8::from(passes)));
            return Some(factors.collect());
        }
        self.factors(node, rate, count)
    }

    /// The factor of each sample of a drop-path node.
    pub(super) fn drop_path(&self, node: &str, samples: usize) -> Option<Vec<f32>> {
        self.factors(node, self.drop_path, samples)
    }

    fn factors(&self, node: &str, rate: f32, count: usize) -> Option<Vec<f32>> {
        let seed = self.seed.filter(|_| rate > 0.0)?;
        let mut random = seed.child(node).stream();
        let kept = 1.0 / (1.0 - rate);
        let draw = || {
            if random.random::<f32>() < rate {
                0.0
            } else {
                kept
            }
        };
        Some(std::iter::repeat_with(draw).take(count).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_and_the_mean_stays_one() {
        let factors = Noise::new(Seed::new(1), 0.0)
            .dropout("a", 0.3, 10_000)
            .unwrap();
        let dropped = factors.iter().filter(|f| **f == 0.0).count();
        // Four standard deviations of 10,000 draws: 183.
        assert!((2_817..=3_183).contains(&dropped), "{dropped}");
        assert!((factors[0] - 1.0 / 0.7).abs() < 1e-6 || factors[0] == 0.0);
    }
}

//! How a prediction becomes a wish to try: larger is better.

use super::Prediction;
use crate::random::Random;
use crate::statistics::normal_share;
use rand::RngExt;

/// What makes a candidate worth a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Acquisition {
    /// The mean alone.
    Mean,
    /// The mean and so many deviations.
    UpperBound(f64),
    /// By how much the best so far is exceeded on average, counting only where it is.
    ExpectedImprovement,
    /// A draw from the normal distribution of mean and deviation, for each
    /// candidate by itself.
    IndependentThompson,
}

impl Acquisition {
    /// The worth of a candidate, where `best` is the largest target so far.
    ///
    /// # Paper
    /// Independent Thompson sampling: White et al. 2021, arXiv:1910.11858, section 4.
    pub fn worth(self, prediction: Prediction, best: f64, random: &mut Random) -> f64 {
        let Prediction { mean, deviation } = prediction;
        match self {
            Self::Mean => mean,
            Self::UpperBound(deviations) => mean + deviations * deviation,
            Self::ExpectedImprovement => expected_improvement(mean - best, deviation),
            Self::IndependentThompson => mean + deviation * normal(random),
        }
    }
}

/// `s (g Phi(g) + phi(g))` with `g` the gain in deviations; the gain itself,
/// where it is one, without deviation.
fn expected_improvement(gain: f64, deviation: f64) -> f64 {
    if deviation <= 0.0 {
        return gain.max(0.0);
    }
    let g = gain / deviation;
    let density = (-0.5 * g * g).exp() / (2.0 * std::f64::consts::PI).sqrt();
    // Far below the best the two terms cancel.
    (deviation * (g * normal_share(g) + density)).max(0.0)
}

/// A draw from the standard normal distribution, by Box and Muller.
pub(super) fn normal(random: &mut Random) -> f64 {
    let radius: f64 = 1.0 - random.random::<f64>();
    let angle: f64 = random.random();
    (-2.0 * radius.ln()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    #[test]
    fn improvement_without_doubt_is_the_gain() {
        assert!((expected_improvement(0.3, 0.0) - 0.3).abs() < 1e-12);
        assert!((expected_improvement(0.3, 1e-9) - 0.3).abs() < 1e-6);
        assert!(expected_improvement(-0.3, 0.0) == 0.0);
        // At the best itself: the deviation times the density at zero.
        assert!((expected_improvement(0.0, 2.0) - 2.0 * 0.398_942).abs() < 1e-5);
    }

    #[test]
    fn draws_are_normal() {
        let mut random = Seed::new(1).stream();
        let draws: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let squares = draws.iter().map(|x| x * x).sum::<f64>() / 20_000.0;
        // Four deviations of mean and variance.
        assert!(mean.abs() < 0.029 && (squares - 1.0).abs() < 0.04);
        let below = draws.iter().filter(|x| **x < 1.0).count() as f64 / 20_000.0;
        assert!((below - normal_share(1.0)).abs() < 0.01);
    }

    /// Without a deviation the sampling is greedy.
    #[test]
    fn thompson_without_doubt_is_the_mean() {
        let sure = Prediction {
            mean: 0.7,
            deviation: 0.0,
        };
        let mut random = Seed::new(1).stream();
        let worth = Acquisition::IndependentThompson.worth(sure, 0.0, &mut random);
        assert!((worth - 0.7).abs() < 1e-12);
    }
}

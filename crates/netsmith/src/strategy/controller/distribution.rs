//! What is drawn at a step: one option by a softmax, or a subset by one toss for
//! each candidate.
//!
//! ```text
//! z' = c·tanh(z / T)          z' = z / T without a clip
//! option:  log p_i = z'_i + b_i − log Σ exp(z'_j + b_j)
//! member:  log p = log σ(±2q')    the two logits are −q' and q'
//! ```
//!
//! `b` is minus infinity for an option that is masked, and otherwise a constant.

use super::squash;

/// How logits are shaped before a softmax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaping {
    /// T: larger is closer to uniform.
    pub temperature: f64,
    /// c: no logit leaves −c to c; 0 for no clip.
    pub clip: f64,
}

impl Shaping {
    /// Logits as they are.
    pub const PLAIN: Self = Self {
        temperature: 1.0,
        clip: 0.0,
    };

    /// Shapes logits in place.
    pub(super) fn apply(self, logits: &mut [f64]) {
        let inverse = 1.0 / self.temperature;
        logits.iter_mut().for_each(|z| *z *= inverse);
        if self.clip > 0.0 {
            squash::tanh(logits);
            logits.iter_mut().for_each(|z| *z *= self.clip);
        }
    }

    /// The derivative of a shaped logit by the plain one.
    pub(super) fn slope(self, shaped: f64) -> f64 {
        let inside = match self.clip > 0.0 {
            true => self.clip * (1.0 - (shaped / self.clip).powi(2)),
            false => 1.0,
        };
        inside / self.temperature
    }
}

/// Log-probabilities of a softmax over `shaped + bias`; an empty bias is zero.
pub(super) fn log_softmax(shaped: &[f64], bias: &[f64], log: &mut [f64]) {
    log.copy_from_slice(shaped);
    super::matrix::add(log, bias);
    let most = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = log.iter().map(|z| (z - most).exp()).sum();
    let total = most + sum.ln();
    log.iter_mut().for_each(|z| *z -= total);
}

/// `−Σ p log p` of log-probabilities.
pub(super) fn entropy(log: &[f64]) -> f64 {
    -log.iter().map(|&log| plogp(log)).sum::<f64>()
}

/// The gradient by the shaped logits of `score·log p_pick + entropy·H`.
pub(super) fn softmax_gradient(log: &[f64], pick: usize, weights: Weights, gradient: &mut [f64]) {
    let own = entropy(log);
    for (i, (gradient, &log)) in gradient.iter_mut().zip(log).enumerate() {
        let p = log.exp();
        let picked = f64::from(u8::from(i == pick));
        *gradient = weights.score * (picked - p) - weights.entropy * (plogp(log) + p * own);
    }
}

/// `p log p`, which is 0 where p is.
fn plogp(log: f64) -> f64 {
    match log == f64::NEG_INFINITY {
        true => 0.0,
        false => log.exp() * log,
    }
}

/// Factors of the terms whose gradient is taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    /// Of `log p` of what was picked.
    pub(super) score: f64,
    /// Of the entropy.
    pub(super) entropy: f64,
}

/// The toss for one candidate of a subset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Toss {
    /// q': the shaped logit.
    pub(super) logit: f64,
}

impl Toss {
    /// The chance that the candidate is a member: `σ(2q')`.
    pub(super) fn chance(self) -> f64 {
        sigma(2.0 * self.logit)
    }

    /// Log-probability of being a member, or of being none.
    pub(super) fn log_probability(self, member: bool) -> f64 {
        let z = if member { self.logit } else { -self.logit };
        // log σ(2z) without overflow.
        (2.0 * z).min(0.0) - (-(2.0 * z).abs()).exp().ln_1p()
    }

    /// `−Σ p log p` of both.
    pub(super) fn entropy(self) -> f64 {
        -plogp(self.log_probability(true)) - plogp(self.log_probability(false))
    }

    /// The gradient by q' of `score·log p + entropy·H`.
    pub(super) fn gradient(self, member: bool, weights: Weights) -> f64 {
        let p = self.chance();
        let picked = f64::from(u8::from(member));
        weights.score * 2.0 * (picked - p) - weights.entropy * 4.0 * self.logit * p * (1.0 - p)
    }
}

/// `1 / (1 + e^-x)`.
pub(super) fn sigma(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_of_the_papers() {
        let entropy_of = |logits: &[f64]| {
            let mut log = vec![0.0; logits.len()];
            log_softmax(logits, &[], &mut log);
            entropy(&log)
        };
        assert!((entropy_of(&[0.0; 6]) - 1.791_759).abs() < 1e-6);
        assert!((entropy_of(&[0.0; 5]) - 1.609_438).abs() < 1e-6);
        assert!((entropy_of(&[1.0, 0.0, -1.0, 0.5]) - 1.192_979_1).abs() < 1e-7);
        assert!((Toss { logit: 0.0 }.entropy() - std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn masked_options_have_no_chance() {
        let mut log = [0.0; 3];
        log_softmax(&[5.0, 0.0, 0.0], &[f64::NEG_INFINITY, 0.0, 0.0], &mut log);
        assert!(log[0].exp() < 1e-300);
        assert!((log[1].exp() - 0.5).abs() < 1e-12);
        assert!((entropy(&log) - std::f64::consts::LN_2).abs() < 1e-12);
        let mut gradient = [0.0; 3];
        let weights = Weights {
            score: 1.0,
            entropy: 1.0,
        };
        softmax_gradient(&log, 1, weights, &mut gradient);
        assert!(gradient[0].abs() < 1e-300);
    }

    /// Logits from −c to c put no toss above `σ(2c)`.
    #[test]
    fn a_clip_bounds_the_chance_of_a_skip() {
        let shaping = Shaping {
            temperature: 1.0,
            clip: 1.5,
        };
        let mut logits = [1e9, -1e9, 0.3];
        shaping.apply(&mut logits);
        let chance = |logit| Toss { logit }.chance();
        assert!((chance(logits[0]) - 0.952_574).abs() < 1e-6);
        assert!((chance(logits[1]) - 0.047_426).abs() < 1e-6);
    }

    #[test]
    fn gradients_by_differences() {
        let bias = [0.0, f64::NEG_INFINITY, 0.7, 0.0];
        let weights = Weights {
            score: 0.8,
            entropy: 0.3,
        };
        let value = |logits: &[f64; 4]| {
            let mut log = [0.0; 4];
            log_softmax(logits, &bias, &mut log);
            weights.score * log[2] + weights.entropy * entropy(&log)
        };
        let logits = [0.4, 0.1, -0.9, 0.2];
        let (mut log, mut gradient) = ([0.0; 4], [0.0; 4]);
        log_softmax(&logits, &bias, &mut log);
        softmax_gradient(&log, 2, weights, &mut gradient);
        for i in 0..4 {
            let moved = |by: f64| {
                let mut logits = logits;
                logits[i] += by;
                value(&logits)
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-9, "{i}");
        }
        for member in [true, false] {
            let value = |logit: f64| {
                let toss = Toss { logit };
                weights.score * toss.log_probability(member) + weights.entropy * toss.entropy()
            };
            let slope = (value(0.6 + 1e-5) - value(0.6 - 1e-5)) / 2e-5;
            let gradient = Toss { logit: 0.6 }.gradient(member, weights);
            assert!((slope - gradient).abs() < 1e-9);
        }
    }
}

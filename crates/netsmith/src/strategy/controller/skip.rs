//! The term that holds the rate of skip connections near a target (ENAS, macro
//! space).
//!
//! ```text
//! KL = Σ p log(p / t),    p = [1 − s, s],    t = [1 − ρ, ρ]
//! ```
//!
//! Summed over the candidates of a subset, averaged over the subsets of an
//! architecture, and differentiated: unlike the entropy bonus it is a part of
//! the loss, with the weight 0.8 in ENAS.

use super::distribution::sigma;

/// Which chance of a skip the term looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipChance {
    /// `s = σ(2q')`, with which the skip is drawn: the optimum draws skips at
    /// the target rate.
    Drawn,
    /// `s = σ(q')`, as the official code has it: at its optimum skips are drawn
    /// at `σ(2·logit ρ)`, which is 4/13 for the target 0.4.
    Half,
}

/// The target of the term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkipTarget {
    /// ρ: the rate of skips that is aimed at, between 0 and 1; 0.4 in ENAS.
    pub rate: f64,
    /// Which chance is compared with it.
    pub chance: SkipChance,
}

impl SkipTarget {
    /// ENAS' target, of the chance with which skips are drawn.
    pub const ENAS: Self = Self {
        rate: 0.4,
        chance: SkipChance::Drawn,
    };

    /// The divergence of one toss with the shaped logit q', in nats.
    ///
    /// ```
    /// use netsmith::strategy::controller::{SkipChance, SkipTarget};
    ///
    /// let target = SkipTarget { rate: 0.4, chance: SkipChance::Half };
    /// assert!((target.divergence(0.0) - 0.0204110).abs() < 1e-7);
    /// ```
    pub fn divergence(self, logit: f64) -> f64 {
        let term = |p: f64, target: f64| match p > 0.0 {
            true => p * (p / target).ln(),
            false => 0.0,
        };
        let skip = sigma(self.factor() * logit);
        let none = sigma(-self.factor() * logit);
        term(none, 1.0 - self.rate) + term(skip, self.rate)
    }

    /// Its derivative by q'.
    pub(super) fn slope(self, logit: f64) -> f64 {
        let z = self.factor() * logit;
        let skip = sigma(z);
        let target = (self.rate / (1.0 - self.rate)).ln();
        self.factor() * (z - target) * skip * (1.0 - skip)
    }

    fn factor(self) -> f64 {
        match self.chance {
            SkipChance::Drawn => 2.0,
            SkipChance::Half => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::distribution::Toss;
    use super::*;

    const HALF: SkipTarget = SkipTarget {
        rate: 0.4,
        chance: SkipChance::Half,
    };

    #[test]
    fn published_values() {
        let logit = |p: f64| (p / (1.0 - p)).ln();
        for (p, expected) in [
            (0.4, 0.0),
            (0.5, 0.020_411_0),
            (0.8, 0.334_795_3),
            (0.1, 0.226_289_2),
        ] {
            assert!((HALF.divergence(logit(p)) - expected).abs() < 1e-7);
            let drawn = SkipTarget::ENAS.divergence(0.5 * logit(p));
            assert!((drawn - expected).abs() < 1e-7);
        }
        assert!((HALF.divergence(-1e3) - 0.510_825_6).abs() < 1e-7);
    }

    /// The code's optimum draws skips at 4/13; the paper's at the target.
    #[test]
    fn optima() {
        let minimum = |target: SkipTarget| {
            let (mut low, mut high) = (-5.0, 5.0);
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                match target.slope(middle) > 0.0 {
                    true => high = middle,
                    false => low = middle,
                }
            }
            low
        };
        let code = minimum(HALF);
        assert!((code + 0.405_465).abs() < 1e-6);
        assert!((Toss { logit: code }.chance() - 4.0 / 13.0).abs() < 1e-9);
        let own = minimum(SkipTarget::ENAS);
        assert!((Toss { logit: own }.chance() - 0.4).abs() < 1e-9);
    }

    #[test]
    fn slopes_by_differences() {
        for target in [HALF, SkipTarget::ENAS] {
            for logit in [-1.3, 0.0, 0.8] {
                let value = |by: f64| target.divergence(logit + by);
                let slope = (value(1e-5) - value(-1e-5)) / 2e-5;
                assert!((slope - target.slope(logit)).abs() < 1e-9);
            }
        }
    }
}

//! A shift and a stretch, learnt from values.

use serde::{Deserialize, Serialize};

/// A shift and a stretch: `(x - mean) / std`.
///
/// Standard deviations divide by the number of values; one that is zero counts as
/// one, so that a constant turns into zeros.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The mean of the training part.
    pub mean: f32,
    /// The standard deviation of the training part; never zero.
    pub std: f32,
}

impl Scale {
    /// The scale that leaves everything as it is.
    pub const IDENTITY: Self = Self {
        mean: 0.0,
        std: 1.0,
    };

    /// Mean and standard deviation of the values that are not NaN; the
    /// identity where there is none.
    pub fn fit(values: impl Iterator<Item = f32> + Clone) -> Self {
        let present = values.map(f64::from).filter(|v| !v.is_nan());
        let (mut count, mut sum) = (0.0_f64, 0.0_f64);
        for value in present.clone() {
            count += 1.0;
            sum += value;
        }
        if count < 1.0 {
            return Self::IDENTITY;
        }
        let mean = sum / count;
        let variance = present.map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        Self::from_moments(mean, variance)
    }

    /// `(x - mean) / std`.
    pub fn apply(&self, value: f32) -> f32 {
        (value - self.mean) / self.std
    }

    /// The value whose scaled form is `scaled`.
    pub fn invert(&self, scaled: f32) -> f32 {
        scaled * self.std + self.mean
    }

    pub(crate) fn from_moments(mean: f64, variance: f64) -> Self {
        let std = variance.sqrt() as f32;
        // A spread below the resolution of f32 around the mean is noise.
        let least = (mean.abs() as f32) * f32::EPSILON;
        let std = if std.is_finite() && std > least {
            std
        } else {
            1.0
        };
        Self {
            mean: mean as f32,
            std,
        }
    }
}

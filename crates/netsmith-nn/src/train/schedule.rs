//! How the learning rate changes.
//!
//! With warm-up share `w` and progress `t`, both shares of the training:
//!
//! ```text
//! t < w     rise from `first` to 1 in a line
//! t ≥ w     constant: 1
//!           cosine:   ½ (1 + cos(π (t − w) / (1 − w)))
//! ```

use serde::{Deserialize, Serialize};

/// How the learning rate changes over a training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// It stays, after a rise from zero.
    Constant,
    /// It falls along a cosine to zero, after a rise from zero.
    Cosine,
    /// One cycle (Smith and Topin 2018): from a tenth up, then along a cosine to
    /// zero. Deviation: the momentum stays as it is.
    OneCycle,
}

impl Schedule {
    /// The share of the highest learning rate at this share of the training.
    pub fn factor(self, progress: f64, warm_up: f64) -> f64 {
        if progress < warm_up {
            let first = if self == Self::OneCycle { 0.1 } else { 0.0 };
            return first + (1.0 - first) * progress / warm_up;
        }
        match self {
            Self::Constant => 1.0,
            Self::Cosine | Self::OneCycle => {
                let fallen = (progress - warm_up) / (1.0 - warm_up);
                0.5 * (1.0 + (std::f64::consts::PI * fallen).cos())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cycle_by_hand() {
        let at = |progress| Schedule::OneCycle.factor(progress, 0.2);
        for (progress, expected) in [(0.0, 0.1), (0.1, 0.55), (0.2, 1.0), (0.6, 0.5), (1.0, 0.0)] {
            assert!((at(progress) - expected).abs() < 1e-12, "{progress}");
        }
        assert!((Schedule::Cosine.factor(0.0, 0.0) - 1.0).abs() < 1e-12);
        assert!((Schedule::Constant.factor(0.9, 0.1) - 1.0).abs() < 1e-12);
    }
}

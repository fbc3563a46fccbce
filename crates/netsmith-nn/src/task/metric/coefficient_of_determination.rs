//! The share of the target's variance that is explained.
//!
//! ```text
//! R² = 1 − Σ (prediction − truth)² / Σ (truth − mean truth)²
//! ```
//!
//! Its standard error is the jackknife's, in closed form from sums.

use super::{Definition, Entry, Judged, Kind, Meter};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "r2",
    "The share of the target's variance that is explained; 1 is perfect, 0 is the mean.",
    Definition {
        kind: Kind::Values,
        unit: Unit::Plain,
        direction: Direction::Maximize,
        two_classes: false,
        meter: || Box::new(R2::default()),
    },
);

/// Truth and squared error of each sample.
#[derive(Debug, Default)]
struct R2(Vec<[f64; 2]>);

/// Sums over samples.
#[derive(Clone, Copy)]
struct Sums {
    count: f64,
    errors: f64,
    truths: f64,
    squares: f64,
}

impl Sums {
    fn r2(self) -> f64 {
        let spread = self.squares - self.truths * self.truths / self.count;
        1.0 - self.errors / spread
    }
}

impl R2 {
    /// Sums of truths around their mean, so that no digits are lost to an offset.
    fn sums(&self) -> (f64, Sums) {
        let count = self.0.len() as f64;
        let centre = self.0.iter().map(|[truth, _]| truth).sum::<f64>() / count;
        let mut sums = Sums {
            count,
            errors: 0.0,
            truths: 0.0,
            squares: 0.0,
        };
        for [truth, error] in &self.0 {
            sums.errors += error;
            sums.truths += truth - centre;
            sums.squares += (truth - centre).powi(2);
        }
        (centre, sums)
    }
}

impl Meter for R2 {
    fn add(&mut self, judged: &Judged) {
        let pairs = judged.predictions.reals().iter().zip(judged.truth.reals());
        for (prediction, truth) in pairs {
            let truth = f64::from(*truth);
            self.0
                .push([truth, (f64::from(*prediction) - truth).powi(2)]);
        }
    }

    fn value(&self) -> f64 {
        self.sums().1.r2()
    }

    fn standard_error(&self) -> Option<f64> {
        if self.0.len() < 3 {
            return None;
        }
        let (centre, all) = self.sums();
        let without = self.0.iter().map(|[truth, error]| {
            let sums = Sums {
                count: all.count - 1.0,
                errors: all.errors - error,
                truths: all.truths - (truth - centre),
                squares: all.squares - (truth - centre).powi(2),
            };
            sums.r2()
        });
        let without: Vec<f64> = without.collect();
        let mean = without.iter().sum::<f64>() / all.count;
        let squares: f64 = without.iter().map(|value| (value - mean).powi(2)).sum();
        Some((squares * (all.count - 1.0) / all.count).sqrt())
    }
}

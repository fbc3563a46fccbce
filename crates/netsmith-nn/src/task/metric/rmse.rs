//! The root of the mean squared error.
//!
//! ```text
//! sqrt(mean (prediction − truth)²)
//! standard error  that of the mean square, divided by twice the root (delta method)
//! ```

use super::{Definition, Entry, Judged, Kind, Meter, Moments};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "rmse",
    "The root of the mean squared error, in the unit of the target.",
    Definition {
        kind: Kind::Values,
        unit: Unit::Target,
        direction: Direction::Minimize,
        two_classes: false,
        meter: || Box::new(Rmse::default()),
    },
);

#[derive(Debug, Default)]
struct Rmse(Moments);

impl Meter for Rmse {
    fn add(&mut self, judged: &Judged) {
        for error in errors(judged) {
            self.0.add(error * error);
        }
    }

    fn value(&self) -> f64 {
        self.0.mean().sqrt()
    }

    fn standard_error(&self) -> Option<f64> {
        let root = self.value();
        let of_square = self.0.standard_error()?;
        (root > 0.0).then(|| of_square / (2.0 * root))
    }
}

/// The error of each prediction.
pub(super) fn errors(judged: &Judged) -> impl Iterator<Item = f64> + '_ {
    let pairs = judged.predictions.reals().iter().zip(judged.truth.reals());
    pairs.map(|(p, t)| f64::from(*p) - f64::from(*t))
}

//! The mean absolute error.
//!
//! ```text
//! mean |prediction − truth|
//! ```

use super::rmse::errors;
use super::{Definition, Entry, Judged, Kind, Meter, Moments};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "mae",
    "The mean absolute error, in the unit of the target.",
    Definition {
        kind: Kind::Values,
        unit: Unit::Target,
        direction: Direction::Minimize,
        two_classes: false,
        meter: || Box::new(Mae::default()),
    },
);

#[derive(Debug, Default)]
struct Mae(Moments);

impl Meter for Mae {
    fn add(&mut self, judged: &Judged) {
        for error in errors(judged) {
            self.0.add(error.abs());
        }
    }

    fn value(&self) -> f64 {
        self.0.mean()
    }

    fn standard_error(&self) -> Option<f64> {
        self.0.standard_error()
    }
}

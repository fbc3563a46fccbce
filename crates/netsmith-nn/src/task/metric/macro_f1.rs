//! The mean over classes of the harmonic mean of precision and recall.
//!
//! ```text
//! mean over the classes that occur or are predicted of
//! 2 correct / (occurrences + predictions)
//! ```
//!
//! Its standard error is the jackknife's.

use super::confusion::{Confusion, mean};
use super::{Definition, Entry, Judged, Kind, Meter};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "macro-f1",
    "The mean over classes of the harmonic mean of precision and recall.",
    Definition {
        kind: Kind::Classes,
        unit: Unit::Fraction,
        direction: Direction::Maximize,
        two_classes: false,
        meter: || Box::new(MacroF1::default()),
    },
);

#[derive(Debug, Default)]
struct MacroF1(Confusion);

fn macro_f1(confusion: &Confusion) -> f64 {
    let classes = confusion.classes();
    mean(
        classes
            .iter()
            .map(|class| 2.0 * class.right / (class.occurs + class.predicted)),
    )
}

impl Meter for MacroF1 {
    fn add(&mut self, judged: &Judged) {
        self.0.add(judged);
    }

    fn value(&self) -> f64 {
        macro_f1(&self.0)
    }

    fn standard_error(&self) -> Option<f64> {
        self.0.jackknife(macro_f1)
    }
}

//! The mean over classes of the share that is right.
//!
//! ```text
//! mean over the classes that occur of correct of the class / all of the class
//! standard error  sqrt(Σ_c p_c (1 − p_c) / n_c) / C
//! ```

use super::confusion::{ClassCounts, Confusion, mean};
use super::{Definition, Entry, Judged, Kind, Meter};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "balanced-accuracy",
    "The mean over classes of the share that is right.",
    Definition {
        kind: Kind::Classes,
        unit: Unit::Fraction,
        direction: Direction::Maximize,
        two_classes: false,
        meter: || Box::new(BalancedAccuracy::default()),
    },
);

#[derive(Debug, Default)]
struct BalancedAccuracy(Confusion);

impl BalancedAccuracy {
    fn occurring(&self) -> Vec<ClassCounts> {
        let mut classes = self.0.classes();
        classes.retain(|class| class.occurs > 0.0);
        classes
    }
}

impl Meter for BalancedAccuracy {
    fn add(&mut self, judged: &Judged) {
        self.0.add(judged);
    }

    fn value(&self) -> f64 {
        mean(
            self.occurring()
                .iter()
                .map(|class| class.right / class.occurs),
        )
    }

    fn standard_error(&self) -> Option<f64> {
        let classes = self.occurring();
        let variances = classes.iter().map(|class| {
            let share = class.right / class.occurs;
            share * (1.0 - share) / class.occurs
        });
        let sum: f64 = variances.sum();
        (!classes.is_empty()).then(|| sum.sqrt() / classes.len() as f64)
    }
}

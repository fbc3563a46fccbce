//! The share of samples whose class is right.
//!
//! ```text
//! accuracy        correct / all
//! standard error  sqrt(p (1 − p) / n), of a binomial share
//! ```

use super::{Definition, Entry, Judged, Kind, Meter, Metric};
use crate::data::Column;
use crate::task::Task;
use crate::train::largest;
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "accuracy",
    "The share of samples whose class is right.",
    Definition {
        kind: Kind::Classes,
        unit: Unit::Fraction,
        direction: Direction::Maximize,
        two_classes: false,
        meter: || Box::new(Accuracy::default()),
    },
);

/// How many things a task predicts are right, and how many there are; `None` where it
/// predicts no classes.
pub fn hits(task: &dyn Task, outputs: Vec<f32>, targets: &[Column]) -> Option<[f64; 2]> {
    Metric::of(&ENTRY).fits(task).then(|| {
        let mut meter = Accuracy::default();
        meter.add(&task.judged(outputs, targets));
        [meter.right, meter.count]
    })
}

#[derive(Debug, Default)]
struct Accuracy {
    right: f64,
    count: f64,
}

impl Meter for Accuracy {
    fn add(&mut self, judged: &Judged) {
        let classes = judged.predictions.width().unwrap_or(1);
        let rows = judged.predictions.reals().chunks_exact(classes);
        for (row, truth) in rows.zip(judged.truth.indices()) {
            self.count += 1.0;
            self.right += f64::from(u8::from(largest(row) as u32 == *truth));
        }
    }

    fn value(&self) -> f64 {
        self.right / self.count
    }

    fn standard_error(&self) -> Option<f64> {
        let share = self.value();
        (self.count >= 1.0).then(|| (share * (1.0 - share) / self.count).sqrt())
    }
}

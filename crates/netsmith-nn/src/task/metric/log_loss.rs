//! The mean negative logarithm of the probability of the right class.
//!
//! ```text
//! log loss = mean of (log Σ_k exp z_k − z_right)
//! ```

use super::{Definition, Entry, Judged, Kind, Meter, Moments};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "log-loss",
    "The mean negative natural logarithm of the probability given to the right class.",
    Definition {
        kind: Kind::Classes,
        unit: Unit::Plain,
        direction: Direction::Minimize,
        two_classes: false,
        meter: || Box::new(LogLoss::default()),
    },
);

#[derive(Debug, Default)]
struct LogLoss(Moments);

impl Meter for LogLoss {
    fn add(&mut self, judged: &Judged) {
        let classes = judged.predictions.width().unwrap_or(1);
        let rows = judged.predictions.reals().chunks_exact(classes);
        for (row, truth) in rows.zip(judged.truth.indices()) {
            let largest = f64::from(row.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b)));
            let sum: f64 = row.iter().map(|z| (f64::from(*z) - largest).exp()).sum();
            self.0
                .add(sum.ln() + largest - f64::from(row[*truth as usize]));
        }
    }

    fn value(&self) -> f64 {
        self.0.mean()
    }

    fn standard_error(&self) -> Option<f64> {
        self.0.standard_error()
    }
}

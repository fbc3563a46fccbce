//! The area under the receiver operating characteristic, for two classes.
//!
//! ```text
//! AUC = share of pairs (a of class 1, b of class 0) with score(a) > score(b),
//!       a tie counting one half
//! score = z_1 − z_0
//! ```
//!
//! The standard error is DeLong's (DeLong, DeLong and Clarke-Pearson 1988): with
//! `V(a)` the share of class 0 below `a` and `V(b)` that of class 1 above `b`,
//! `sqrt(var V(a) / n_1 + var V(b) / n_0)`.

use super::{Definition, Entry, Judged, Kind, Meter, Moments};
use netsmith::cost::{Direction, Unit};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "roc-auc",
    "The area under the receiver operating characteristic, for two classes.",
    Definition {
        kind: Kind::Classes,
        unit: Unit::Fraction,
        direction: Direction::Maximize,
        two_classes: true,
        meter: || Box::new(RocAuc::default()),
    },
);

/// The scores of both classes.
#[derive(Debug, Default)]
struct RocAuc([Vec<f64>; 2]);

impl RocAuc {
    /// For each score of `class`, the share of the other class that it beats: that is
    /// below it for class 1, and above it for class 0.
    fn placements(&self, class: usize) -> Moments {
        let mut others = self.0[1 - class].clone();
        others.sort_by(f64::total_cmp);
        let mut placements = Moments::default();
        for score in &self.0[class] {
            let below = others.partition_point(|other| other < score) as f64;
            let until = others.partition_point(|other| other <= score) as f64;
            let middle = (below + until) / 2.0;
            let beaten = match class {
                1 => middle,
                _ => others.len() as f64 - middle,
            };
            placements.add(beaten / others.len() as f64);
        }
        placements
    }
}

impl Meter for RocAuc {
    fn add(&mut self, judged: &Judged) {
        let rows = judged.predictions.reals().chunks_exact(2);
        for (row, truth) in rows.zip(judged.truth.indices()) {
            let score = f64::from(row[1]) - f64::from(row[0]);
            self.0[(*truth as usize).min(1)].push(score);
        }
    }

    fn value(&self) -> f64 {
        if self.0.iter().flatten().any(|score| score.is_nan()) {
            return f64::NAN;
        }
        self.placements(1).mean()
    }

    fn standard_error(&self) -> Option<f64> {
        let of = |class| self.placements(class).standard_error();
        Some(of(1)?.hypot(of(0)?))
    }
}

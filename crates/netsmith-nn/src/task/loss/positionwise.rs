//! Cross-entropy at each position of a sequence.
//!
//! ```text
//! mean over the positions that count of the cross-entropy at the position
//! ```

use super::{CrossEntropy, Term};
use crate::data::Column;
use crate::task::IGNORED;

/// The mean cross-entropy over the positions whose label is not [`IGNORED`]; zero
/// where none counts.
///
/// # Shapes
/// Logits `[classes, positions]`; targets are one column `[samples, positions]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionwiseCrossEntropy {
    /// The loss at one position.
    pub term: CrossEntropy,
    /// Positions of a sequence.
    pub positions: usize,
}

impl Term for PositionwiseCrossEntropy {
    fn of(&self, output: &[f32], targets: &[Column], sample: usize, gradient: &mut [f32]) -> f64 {
        let labels = &targets[0].indices()[targets[0].range(sample)];
        let counted = labels.iter().filter(|label| **label != IGNORED).count();
        let share = 1.0 / counted.max(1) as f64;
        let classes = self.term.classes;
        let (mut logits, mut slopes) = (vec![0.0; classes], vec![0.0; classes]);
        gradient.fill(0.0);
        let mut total = 0.0;
        for (position, label) in labels.iter().enumerate() {
            if *label == IGNORED {
                continue;
            }
            let places = (0..classes).map(|class| class * self.positions + position);
            for (logit, place) in logits.iter_mut().zip(places.clone()) {
                *logit = output[place];
            }
            total += self.term.of_class(&logits, *label as usize, &mut slopes);
            for (slope, place) in slopes.iter().zip(places) {
                gradient[place] = slope * share as f32;
            }
        }
        total * share
    }
}

//! Cross-entropy with label smoothing.
//!
//! ```text
//! −Σ_k q_k log softmax(z)_k,  q = (1 − s) · one-hot + s / K
//! ```

use super::Term;
use crate::data::Column;

/// Cross-entropy of one class for each sample.
///
/// # Shapes
/// Logits `[classes]`; targets are one column of class numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy {
    /// The number of classes, `K`.
    pub classes: usize,
    /// The share that goes to all classes alike, `s`.
    pub smoothing: f32,
}

impl Term for CrossEntropy {
    fn of(&self, output: &[f32], targets: &[Column], sample: usize, gradient: &mut [f32]) -> f64 {
        self.of_class(output, targets[0].indices()[sample] as usize, gradient)
    }
}

impl CrossEntropy {
    /// The loss of logits of which `class` is right; the gradient is written.
    pub(super) fn of_class(&self, logits: &[f32], class: usize, gradient: &mut [f32]) -> f64 {
        let largest = logits.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        // Few classes stay on the stack, and each exponential is taken once.
        let mut room = [0.0; 128];
        let mut more = Vec::new();
        let exponentials = match room.get_mut(..logits.len()) {
            Some(room) => room,
            None => {
                more.resize(logits.len(), 0.0);
                &mut more[..]
            }
        };
        for (exponential, z) in exponentials.iter_mut().zip(logits) {
            *exponential = f64::from(z - largest).exp();
        }
        let sum: f64 = exponentials.iter().sum();
        let log_sum = sum.ln() + f64::from(largest);
        let even = f64::from(self.smoothing) / self.classes as f64;
        let mut loss = 0.0;
        for (index, (exponential, gradient)) in exponentials.iter().zip(gradient).enumerate() {
            let sharp = if index == class {
                1.0 - f64::from(self.smoothing)
            } else {
                0.0
            };
            let target = sharp + even;
            loss += target * (log_sum - f64::from(logits[index]));
            *gradient = (*exponential / sum - target) as f32;
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::super::Loss;
    use super::*;

    fn loss(classes: usize, smoothing: f32) -> Loss {
        Loss::of_term(CrossEntropy { classes, smoothing })
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn cross_entropy_by_hand() {
        let mut gradient = [0.0; 4];
        // Equal logits: each class has probability one half.
        let truth = [Column::index(vec![0, 1], 1)];
        let value = loss(2, 0.0).of(&[1.0; 4], &truth, None, &mut gradient);
        assert!((value - 2.0_f64.ln()).abs() < 1e-7);
        assert_eq!(gradient, [-0.25, 0.25, 0.25, -0.25]);
        // Sample 1 counts three times as much.
        let weights = [0.5, 1.5];
        loss(2, 0.0).of(&[1.0; 4], &truth, Some(&weights), &mut gradient);
        assert_eq!(gradient, [-0.125, 0.125, 0.375, -0.375]);
    }
}

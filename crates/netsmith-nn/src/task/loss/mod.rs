//! What training makes small: a sum of terms, one file each.
//!
//! ```text
//! loss = Σ_t weight_t · term_t(output_t, targets)
//! ```
//!
//! The loss of a batch is the mean over its samples, weighted where they have
//! weights: `Σ w · loss / Σ w`.

mod cross_entropy;
mod distillation;
mod positionwise;
mod squared_error;

pub use cross_entropy::CrossEntropy;
pub use distillation::Distillation;
pub use positionwise::PositionwiseCrossEntropy;
pub use squared_error::SquaredError;

use crate::data::Column;
use std::fmt;
use std::sync::Arc;

/// What a recipe asks of a loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LossOptions {
    /// Share of the target that goes to all classes alike, in `[0, 1)`.
    pub label_smoothing: f32,
}

/// One summand of a loss.
pub trait Term: fmt::Debug + Send + Sync {
    /// The loss of one sample; its gradient with respect to the output is written to
    /// `gradient`.
    ///
    /// # Shapes
    /// `output` and `gradient` are one sample's output of the network.
    fn of(&self, output: &[f32], targets: &[Column], sample: usize, gradient: &mut [f32]) -> f64;
}

/// The loss of a task.
#[derive(Clone, Debug)]
pub struct Loss {
    terms: Vec<(f32, Arc<dyn Term>)>,
}

impl Loss {
    /// A single term.
    pub fn of_term(term: impl Term + 'static) -> Self {
        Self {
            terms: vec![(1.0, Arc::new(term))],
        }
    }

    /// The same with another term on the same output.
    #[must_use]
    pub fn plus(mut self, weight: f32, term: impl Term + 'static) -> Self {
        self.terms.push((weight, Arc::new(term)));
        self
    }

    /// The same in which another term on the same output has this share, in `[0, 1]`.
    #[must_use]
    pub fn sharing(mut self, share: f32, term: Arc<dyn Term>) -> Self {
        for (weight, _) in &mut self.terms {
            *weight *= 1.0 - share;
        }
        self.terms.push((share, term));
        self
    }

    /// The loss of a batch; its gradient with respect to the network's output is
    /// written to `gradient`.
    ///
    /// # Shapes
    /// `output` and `gradient` are `[samples, shape of the answer]`.
    pub fn of(
        &self,
        output: &[f32],
        targets: &[Column],
        weights: Option<&[f32]>,
        gradient: &mut [f32],
    ) -> f64 {
        let samples = targets.first().map_or(0, Column::len);
        let total: f64 = match weights {
            Some(weights) => weights.iter().map(|w| f64::from(*w)).sum(),
            None => samples as f64,
        };
        // A batch whose samples all weigh nothing has no loss.
        let total = if total > 0.0 { total } else { 1.0 };
        let size = output.len() / samples.max(1);
        let rows = output.chunks_exact(size.max(1));
        let rows = rows.zip(gradient.chunks_exact_mut(size.max(1))).enumerate();
        let losses = rows.map(|(sample, (output, gradient))| {
            let weight = weights.map_or(1.0, |weights| f64::from(weights[sample]));
            let share = weight / total;
            let loss = self.of_sample(output, targets, sample, gradient);
            gradient.iter_mut().for_each(|g| *g *= share as f32);
            share * loss
        });
        losses.sum()
    }

    fn of_sample(
        &self,
        output: &[f32],
        targets: &[Column],
        sample: usize,
        gradient: &mut [f32],
    ) -> f64 {
        if let [(1.0, term)] = &self.terms[..] {
            return term.of(output, targets, sample, gradient);
        }
        gradient.fill(0.0);
        let mut part = vec![0.0; gradient.len()];
        let mut loss = 0.0;
        for (weight, term) in &self.terms {
            loss += f64::from(*weight) * term.of(output, targets, sample, &mut part);
            for (sum, part) in gradient.iter_mut().zip(&part) {
                *sum += weight * part;
            }
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_add_up_with_their_weights() {
        let loss = Loss::of_term(SquaredError::default()).plus(0.5, SquaredError::default());
        let targets = [Column::real(vec![1.0], 1)];
        let mut gradient = [0.0];
        let value = loss.of(&[3.0], &targets, None, &mut gradient);
        assert!((value - 6.0).abs() < 1e-12);
        assert!((gradient[0] - 6.0).abs() < 1e-6);
    }
}

//! Squared error.
//!
//! ```text
//! Σ_k (z_k − target)²
//! ```

use super::Term;
use crate::data::Column;

/// The squared error of one value for each sample.
///
/// # Shapes
/// The output is `[1]`; a column of the targets has values as the network gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquaredError {
    /// Which column.
    pub column: usize,
}

impl Term for SquaredError {
    fn of(&self, output: &[f32], targets: &[Column], sample: usize, gradient: &mut [f32]) -> f64 {
        let target = targets[self.column].reals()[sample];
        let mut loss = 0.0;
        for (value, gradient) in output.iter().zip(gradient) {
            let error = value - target;
            loss += f64::from(error).powi(2);
            *gradient = 2.0 * error;
        }
        loss
    }
}

#[cfg(test)]
mod tests {
    use super::super::Loss;
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn squared_error_by_hand() {
        let mut gradient = [0.0; 2];
        let truth = [Column::real(vec![1.0, 0.0], 1)];
        let loss =
            Loss::of_term(SquaredError::default()).of(&[3.0, 1.0], &truth, None, &mut gradient);
        assert!((loss - 2.5).abs() < 1e-12);
        assert_eq!(gradient, [2.0, 1.0]);
    }
}

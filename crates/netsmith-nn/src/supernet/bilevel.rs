//! The gradient of the architecture one step of the weights ahead.
//!
//! ```text
//! ∇_α L_val(w'(α), α) ≈ ∇_α L_val(w', α) − η · [∇_α L_train(w⁺) − ∇_α L_train(w⁻)] / 2ε
//! w' = w − η (μ m + ∇_w L_train + λ w),  w^± = w ± ε v,  v = ∇_{w'} L_val(w', α),  ε = 0.01 / ‖v‖
//! ```

use crate::module::{Goal, Weights};

/// The half of the data on which a loss is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// That of the weights.
    Weights,
    /// That of the architecture.
    Architecture,
}

/// A loss and its gradients; what was not asked for may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LossAndGradients {
    /// The loss.
    pub loss: f64,
    /// Its gradient with respect to the weights.
    pub weights: Vec<Vec<f32>>,
    /// Its gradient with respect to the architecture, or the mixture.
    pub architecture: Vec<Vec<f64>>,
}

/// The loss of the architecture's half one step of the weights ahead, and its
/// gradient with respect to the architecture through that step.
///
/// `ahead` makes the step from the gradient of the weights, `rate` is its
/// learning rate (`ξ` of the paper; at zero the first order remains), and `pass`
/// gives the loss of a half at some weights. The same batches must stand behind
/// every call.
///
/// # Paper
/// Liu et al. 2019, equations 7 and 8.
pub fn look_ahead(
    weights: &Weights,
    rate: f64,
    ahead: impl FnOnce(&[Vec<f32>]) -> Weights,
    mut pass: impl FnMut(&Weights, Half, Goal) -> LossAndGradients,
) -> LossAndGradients {
    let here = pass(weights, Half::Weights, Goal::Weights);
    let ahead = ahead(&here.weights);
    let mut there = pass(&ahead, Half::Architecture, Goal::Both);
    let squares = there.weights.iter().flatten();
    let norm = squares.map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    if norm <= 0.0 {
        // A loss that does not depend on the weights has no second term.
        return there;
    }
    let epsilon = STEP / norm;
    let mut moved = |sign: f64| {
        let mut moved = weights.clone();
        for (values, direction) in moved.0.iter_mut().zip(&there.weights) {
            for (value, direction) in values.iter_mut().zip(direction) {
                *value += (sign * epsilon) as f32 * direction;
            }
        }
        pass(&moved, Half::Weights, Goal::Mixture).architecture
    };
    let (plus, minus) = (moved(1.0), moved(-1.0));
    let sites = there.architecture.iter_mut().zip(plus.iter().zip(&minus));
    for (slopes, (plus, minus)) in sites {
        for (slope, (plus, minus)) in slopes.iter_mut().zip(plus.iter().zip(minus)) {
            *slope -= rate * (plus - minus) / (2.0 * epsilon);
        }
    }
    there
}

/// How far the weights are moved for the finite difference, as a norm (the
/// authors' constant).
const STEP: f64 = 0.01;

#[cfg(test)]
mod tests {
    use super::*;

    /// `L_train = w² − 2αw + α²` and `L_val = αw − 2α + 1`, whose optimum is at
    /// `α = w = 1`.
    fn toy(alpha: f64, weights: &Weights, half: Half) -> LossAndGradients {
        let w = f64::from(weights.0[0][0]);
        let (loss, of_w, of_alpha) = match half {
            Half::Weights => ((w - alpha).powi(2), 2.0 * (w - alpha), 2.0 * (alpha - w)),
            Half::Architecture => (alpha * w - 2.0 * alpha + 1.0, alpha, w - 2.0),
        };
        LossAndGradients {
            loss,
            weights: vec![vec![of_w as f32]],
            architecture: vec![vec![of_alpha]],
        }
    }

    fn gradient(alpha: f64, w: f64, xi: f64) -> f64 {
        let weights = Weights(vec![vec![w as f32]]);
        let step =
            |slope: &[Vec<f32>]| Weights(vec![vec![(w - xi * f64::from(slope[0][0])) as f32]]);
        let pass = |weights: &Weights, half, _| toy(alpha, weights, half);
        look_ahead(&weights, xi, step, pass).architecture[0][0]
    }

    #[test]
    fn the_first_step_of_the_toy() {
        // w' = 2, so the first term is zero; the second is −ξ · (−2) · α.
        assert!((gradient(2.0, -2.0, 0.5) - 2.0).abs() < 1e-3);
        assert!((gradient(2.0, -2.0, 0.0) + 4.0).abs() < 1e-9);
    }

    #[test]
    fn both_orders_end_at_their_fixed_points() {
        for xi in [0.0, 0.1, 0.2, 0.5] {
            let (mut alpha, mut w) = (2.0, -2.0);
            for _ in 0..4_000 {
                let slope = gradient(alpha, w, xi);
                w -= 0.02 * 2.0 * (w - alpha);
                alpha -= 0.02 * slope;
            }
            let expected = 2.0 / (1.0 + 2.0 * xi);
            assert!((alpha - expected).abs() < 2e-3, "{xi}: {alpha}");
            assert!((w - expected).abs() < 2e-3, "{xi}: {w}");
        }
    }
}

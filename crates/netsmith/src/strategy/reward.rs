//! From the score of a trial to the reward of a policy.

use crate::trial::Curve;

/// The best value of the last `window` points of a curve, raised to `power` with
/// the sign kept; nothing for a curve without numbers.
///
/// ```text
/// R = (max of the accuracies after the last 5 epochs)³
/// ```
///
/// # Paper
/// Zoph and Le 2017, section 4.1: window 5, power 3.
pub fn of_curve(curve: &Curve, window: usize, power: f64) -> Option<f64> {
    let first = curve.points.len().saturating_sub(window);
    let last = Curve {
        metric: curve.metric.clone(),
        points: curve.points[first..].to_vec(),
    };
    let best = last.best_until(u64::MAX)?;
    Some(raised(curve.metric.direction.score(best), power))
}

/// A score raised to a power; its sign is kept, so that what is better stays
/// better.
pub fn raised(score: f64, power: f64) -> f64 {
    score.abs().powf(power).copysign(score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Metric;

    fn curve(values: &[f64]) -> Curve {
        let mut curve = Curve::new(Metric::validation_accuracy());
        curve.points = (1..).zip(values.iter().copied()).collect();
        curve
    }

    /// The best of all epochs lies before the window.
    #[test]
    fn the_window_forgets() {
        let values = [0.80, 0.82, 0.81, 0.79, 0.90, 0.70, 0.71, 0.72, 0.73, 0.74];
        let reward = of_curve(&curve(&values), 5, 3.0).unwrap();
        assert!((reward - 0.405_224).abs() < 1e-9);
        let short = of_curve(&curve(&values[..2]), 5, 1.0).unwrap();
        assert!((short - 0.82).abs() < 1e-12);
        assert_eq!(of_curve(&curve(&[]), 5, 3.0), None);
    }

    #[test]
    fn powers_keep_the_order() {
        assert!((raised(-0.5, 3.0) + 0.125).abs() < 1e-12);
        assert!(raised(-0.1, 3.0) > raised(-0.2, 3.0));
    }
}

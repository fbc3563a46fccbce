//! From the scores of a trial to the reward of a policy.

/// The best of the last `window` scores of a training; nothing where there are none.
///
/// ```text
/// R = (max of the accuracies after the last 5 epochs)³
/// ```
///
/// # Paper
/// Zoph and Le 2017, section 4.1: window 5, and the power 3 of [`raised`].
pub fn late(progress: &[f64], window: usize) -> Option<f64> {
    let first = progress.len().saturating_sub(window);
    progress[first..].iter().copied().reduce(f64::max)
}

/// A score raised to a power; its sign is kept, so that what is better stays
/// better.
pub fn raised(score: f64, power: f64) -> f64 {
    score.abs().powf(power).copysign(score)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The best of all epochs lies before the window.
    #[test]
    fn the_window_forgets() {
        let accuracies = [0.80, 0.82, 0.81, 0.79, 0.90, 0.70, 0.71, 0.72, 0.73, 0.74];
        let reward = raised(late(&accuracies, 5).unwrap(), 3.0);
        assert!((reward - 0.405_224).abs() < 1e-9);
        assert_eq!(late(&accuracies[..2], 5), Some(0.82));
        assert_eq!(late(&accuracies, 1), Some(0.74));
        assert_eq!(late(&[], 5), None);
    }

    #[test]
    fn powers_keep_the_order() {
        assert!((raised(-0.5, 3.0) + 0.125).abs() < 1e-12);
        assert!(raised(-0.1, 3.0) > raised(-0.2, 3.0));
    }
}

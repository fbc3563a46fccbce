//! Wilcoxon's signed-rank test.

use super::normal_tail;

/// The two-sided p-value of "these differences of pairs are symmetric around
/// zero", by the normal approximation with the correction for ties; pairs
/// without a difference are left out. It is 1 where none are left.
///
/// ```
/// use netsmith::statistics::signed_rank;
///
/// let p = signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0]);
/// assert!((p - 0.0431).abs() < 1e-4);
/// ```
///
/// # Paper
/// Wilcoxon 1945, "Individual comparisons by ranking methods".
pub fn signed_rank(differences: &[f64]) -> f64 {
    let mut left: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    left.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let count = left.len() as f64;
    let (mut positive, mut ties) = (0.0, 0.0);
    let mut start = 0;
    while start < left.len() {
        let size = left[start].abs();
        let same = left[start..].iter().take_while(|d| d.abs() <= size).count();
        // Equals share the mean of their ranks, which count from one.
        let rank = start as f64 + (same as f64 + 1.0) / 2.0;
        let above = left[start..start + same]
            .iter()
            .filter(|d| **d > 0.0)
            .count();
        positive += rank * above as f64;
        ties += (same as f64).powi(3) - same as f64;
        start += same;
    }
    let mean = count * (count + 1.0) / 4.0;
    let variance = count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - ties / 48.0;
    if variance <= 0.0 {
        return 1.0;
    }
    (2.0 * normal_tail((positive - mean).abs() / variance.sqrt())).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_and_noise_does_not() {
        let noise: Vec<f64> = (0..100)
            .map(|i| f64::from(i % 2 * 2 - 1) * f64::from(i + 1))
            .collect();
        assert!(signed_rank(&noise) > 0.5);
        let shifted: Vec<f64> = noise.iter().map(|d| d + 40.0).collect();
        assert!(signed_rank(&shifted) < 1e-4);
    }

    #[test]
    fn equals_say_nothing() {
        assert!((signed_rank(&[0.0; 5]) - 1.0).abs() < 1e-12);
        assert!((signed_rank(&[1.0, -1.0]) - 1.0).abs() < 1e-6);
        assert!((signed_rank(&[]) - 1.0).abs() < 1e-12);
    }
}

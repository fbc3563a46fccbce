//! Signs that a gradient search goes wrong, and the published rules about them.

/// Whether skip connections take over a cell: two or more, and at least a
/// quarter of its active operations.
///
/// # Paper
/// Liang et al. 2019 (DARTS+) stop at two skip connections in a normal cell of
/// eight operations. Deviation: the rule holds for any cell, so it is relative
/// to the number of operations.
pub fn skips_dominate([skips, active]: [usize; 2]) -> bool {
    skips >= 2 && 4 * skips >= active
}

/// Epochs in a row in which skip connections dominate before they are held to
/// have taken over: single epochs are chance on small data.
const PATIENCE: usize = 3;

/// The last healthy of some epochs, each with its skip connections and active
/// operations, where skip connections have dominated ever since.
///
/// Where no epoch was healthy they have not taken over: convolutions that train
/// slowly start behind, and catch up.
pub fn taken_over(epochs: &[[usize; 2]]) -> Option<usize> {
    let healthy = epochs.iter().rposition(|skips| !skips_dominate(*skips))?;
    (epochs.len() - 1 - healthy >= PATIENCE).then_some(healthy)
}

/// The stopping rule of RobustDARTS: the dominant eigenvalue of the Hessian of
/// the validation loss rises.
///
/// # Paper
/// Zela et al. 2020, arXiv:1909.09656.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RobustRule {
    /// Records of the local average.
    pub window: usize,
    /// How many records lie between the averages that are compared.
    pub distance: usize,
    /// The ratio of the averages above which the search stops.
    pub ratio: f64,
}

impl Default for RobustRule {
    /// The published constants.
    fn default() -> Self {
        Self {
            window: 5,
            distance: 4,
            ratio: 1.3,
        }
    }
}

impl RobustRule {
    /// The record to return to, where the series of eigenvalues says stop.
    pub fn stop(&self, eigenvalues: &[f64]) -> Option<usize> {
        let last = eigenvalues.len().checked_sub(1)?;
        let before = last.checked_sub(self.distance)?;
        let average = |end: usize| {
            let start = (end + 1).checked_sub(self.window)?;
            Some(eigenvalues[start..=end].iter().sum::<f64>() / self.window as f64)
        };
        (average(last)? / average(before)? > self.ratio).then_some(before)
    }
}

/// The eigenvalue of largest magnitude of the Hessian behind a gradient, at a
/// point, by power iteration on central differences.
pub fn dominant_eigenvalue(
    point: &[f64],
    iterations: usize,
    mut gradient: impl FnMut(&[f64]) -> Vec<f64>,
) -> f64 {
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let step = 1e-2 * norm(point).max(1.0);
    // A start that is orthogonal to no eigenvector of note.
    let mut direction: Vec<f64> = (0..point.len())
        .map(|i| 1.0 + 0.1 * (i as f64).sin())
        .collect();
    let mut eigenvalue = 0.0;
    for _ in 0..iterations {
        let length = norm(&direction);
        direction.iter_mut().for_each(|x| *x /= length);
        let mut at = |sign: f64| {
            let moved = point.iter().zip(&direction);
            gradient(&moved.map(|(p, d)| p + sign * step * d).collect::<Vec<_>>())
        };
        let (ahead, behind) = (at(1.0), at(-1.0));
        let pairs = ahead.iter().zip(&behind);
        let product: Vec<f64> = pairs.map(|(a, b)| (a - b) / (2.0 * step)).collect();
        eigenvalue = direction.iter().zip(&product).map(|(d, p)| d * p).sum();
        if norm(&product) < 1e-300 {
            break;
        }
        direction = product;
    }
    eigenvalue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_in_a_cell() {
        assert!(skips_dominate([2, 8]) && skips_dominate([2, 6]) && skips_dominate([6, 6]));
        assert!(!skips_dominate([1, 2]) && !skips_dominate([0, 6]) && !skips_dominate([2, 20]));
    }

    #[test]
    fn skips_take_over_after_a_healthy_epoch() {
        let (many, few) = ([3, 6], [1, 6]);
        assert_eq!(taken_over(&[many; 9]), None);
        assert_eq!(taken_over(&[many, few, many, many]), None);
        assert_eq!(taken_over(&[many, few, few, many, many, many]), Some(2));
        assert_eq!(taken_over(&[few; 9]), None);
        assert_eq!(taken_over(&[]), None);
    }

    #[test]
    fn the_rule_on_its_series() {
        let rule = RobustRule::default();
        let mut series = vec![0.1; 12];
        assert_eq!(rule.stop(&series), None);
        series.push(0.2);
        assert_eq!(rule.stop(&series), None);
        series.push(0.2);
        assert_eq!(rule.stop(&series), Some(9));
        let slow: Vec<f64> = (0..40).map(|i| 0.1 * 1.02_f64.powi(i)).collect();
        assert!((1..=40).all(|count| rule.stop(&slow[..count]).is_none()));
    }

    #[test]
    fn the_eigenvalue_of_a_known_matrix() {
        // Eigenvalues 5 and 1, and −7 apart from them.
        let gradient = |x: &[f64]| {
            vec![
                3.0 * x[0] + 2.0 * x[1],
                2.0 * x[0] + 3.0 * x[1],
                -7.0 * x[2],
            ]
        };
        let found = dominant_eigenvalue(&[0.3, -0.1, 0.2], 60, gradient);
        assert!((found + 7.0).abs() < 1e-4, "{found}");
    }
}

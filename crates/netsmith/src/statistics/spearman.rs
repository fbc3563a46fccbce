//! Spearman's rank correlation.

/// How far two lists of numbers have the same order: 1 for the same, −1 for the
/// opposite; equals share the mean of their ranks. Nothing where one list has no
/// order, or where one holds a NaN.
///
/// ```
/// use netsmith::statistics::spearman;
///
/// // Squared differences of ranks: 1, 1 and 0 of 3 pairs; 1 − 6 · 2 / (3 · 8).
/// let correlation = spearman(&[1.0, 2.0, 30.0], &[0.2, 0.1, 0.3]);
/// assert!(correlation.is_some_and(|rho| (rho - 0.5).abs() < 1e-12));
/// assert_eq!(spearman(&[1.0, 1.0], &[0.2, 0.1]), None);
/// ```
///
/// # Panics
/// The lists differ in length.
///
/// # Paper
/// Spearman 1904, "The proof and measurement of association between two things".
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    assert_eq!(a.len(), b.len(), "pairs of numbers are ranked");
    if a.iter().chain(b).any(|number| number.is_nan()) {
        return None;
    }
    let (a, b) = (centred_ranks(a), centred_ranks(b));
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    (scale > 0.0).then(|| product(&a, &b) / scale)
}

/// The rank of each number, less the mean rank.
fn centred_ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut start = 0;
    while start < order.len() {
        let value = numbers[order[start]];
        let same = order[start..]
            .iter()
            .take_while(|&&at| numbers[at] <= value);
        let end = start + same.count();
        let middle = (start + end - 1) as f64 / 2.0;
        order[start..end].iter().for_each(|&at| ranks[at] = middle);
        start = end;
    }
    let mean = (numbers.len() as f64 - 1.0) / 2.0;
    ranks.into_iter().map(|rank| rank - mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_alone_counts() {
        let numbers = [3.0, -1.0, 8.0, 0.5];
        let cubes = numbers.map(|x: f64| x.powi(3));
        let turned = numbers.map(|x| -x);
        assert!((spearman(&numbers, &cubes).unwrap() - 1.0).abs() < 1e-12);
        assert!((spearman(&numbers, &turned).unwrap() + 1.0).abs() < 1e-12);
    }

    #[test]
    fn equals_share_their_rank() {
        // Ranks 0.5, 0.5, 2 and 0, 1, 2: covariance 1.5, variances 1.5 and 2.
        let correlation = spearman(&[1.0, 1.0, 2.0], &[1.0, 2.0, 3.0]).unwrap();
        assert!((correlation - 1.5 / 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(spearman(&[f64::NAN, 1.0], &[1.0, 2.0]), None);
    }
}

//! What can be said of numbers that vary: intervals, and tests of differences.

mod bootstrap;
mod normal;
mod spearman;
mod wilcoxon;

pub use bootstrap::Bootstrap;
pub use normal::{normal_share, normal_tail};
pub use spearman::spearman;
pub use wilcoxon::signed_rank;

/// Corrects p-values for their number, by Holm's method: of `m` of them the
/// smallest is multiplied by `m`, the next by `m - 1`, and so on; none becomes
/// smaller than one before it, nor larger than 1.
///
/// ```
/// use netsmith::statistics::holm;
///
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
///
/// # Paper
/// Holm 1979, "A simple sequentially rejective multiple test procedure".
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut corrected = vec![0.0; values.len()];
    let mut largest = 0.0_f64;
    for (place, at) in order.into_iter().enumerate() {
        let factor = (values.len() - place) as f64;
        largest = largest.max(factor * values[at]).min(1.0);
        corrected[at] = largest;
    }
    corrected
}

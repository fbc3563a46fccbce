//! Weights that make every class count the same in the loss.

use super::Part;

/// The balanced weight of each class: `samples / (classes * samples of the
/// class)`, by class number; `None` where the task has no classes.
///
/// The mean weight of the samples is one, so that the loss keeps its scale. A
/// class without a sample has weight zero.
pub fn balanced_class_weights(train: &Part) -> Option<Vec<f32>> {
    let labels = train.task().strata(&train.targets())?;
    Some(balanced(&labels, train.task().strata_names().len()))
}

fn balanced(labels: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0_usize; classes];
    labels.iter().for_each(|label| counts[*label as usize] += 1);
    let present = counts.iter().filter(|count| **count > 0).count();
    let weight = |count: &usize| match count {
        0 => 0.0,
        _ => (labels.len() as f64 / (present * count) as f64) as f32,
    };
    counts.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_classes_weigh_more() {
        // 4 samples, 2 classes that occur: 4 / (2 * 3) and 4 / (2 * 1).
        let weights = balanced(&[0, 0, 0, 2], 3);
        assert_eq!(weights, vec![2.0 / 3.0, 0.0, 2.0]);
    }
}

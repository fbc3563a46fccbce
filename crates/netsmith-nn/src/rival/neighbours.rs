//! The mean of the nearest training rows, by Euclidean distance.

use super::labels::Labels;
use super::rows::Rows;
use rayon::prelude::*;

/// Numbers of neighbours that are tried.
pub const COUNTS: [usize; 9] = [1, 3, 5, 7, 10, 15, 20, 30, 50];

/// Values whose differences are summed up side by side.
const LANES: usize = 16;

/// For each query the places of the nearest training rows, the nearest first, the first of
/// equally near ones; fewer than `count` where there are fewer rows.
///
/// ```
/// use netsmith_nn::rival::{Rows, neighbours::nearest};
///
/// let train = Rows::new(vec![0.0, 0.0, 3.0, 4.0, 1.0, 1.0], 3);
/// assert_eq!(nearest(&train, &Rows::new(vec![2.0, 2.0], 1), 2), [[2, 1]]);
/// ```
///
/// # Panics
/// Where training rows and queries differ in width.
pub fn nearest(train: &Rows, queries: &Rows, count: usize) -> Vec<Vec<u32>> {
    assert_eq!(train.width(), queries.width(), "rows are equally wide");
    let of_query = |query: usize| {
        let query = queries.row(query);
        let mut nearest: Vec<(f32, u32)> = Vec::with_capacity(count + 1);
        for place in 0..train.len() {
            let distance = distance(query, train.row(place));
            let is_full = nearest.len() == count;
            if is_full && nearest.last().is_none_or(|last| last.0 <= distance) {
                continue;
            }
            let behind = nearest.partition_point(|other| other.0 <= distance);
            nearest.insert(behind, (distance, place as u32));
            nearest.truncate(count);
        }
        nearest.into_iter().map(|(_, place)| place).collect()
    };
    (0..queries.len()).into_par_iter().map(of_query).collect()
}

/// The square of the distance.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    let (a, rest_of_a) = a.as_chunks::<LANES>();
    let (b, rest_of_b) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            let difference = a[lane] - b[lane];
            sums[lane] += difference * difference;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest_of_a.iter().zip(rest_of_b)) {
        *sum += (a - b) * (a - b);
    }
    sums.iter().sum()
}

/// What the first `count` of these neighbours say: the mean of their values, `[queries, 1]`,
/// or logits `[queries, classes]` whose probabilities are the shares of the classes, with
/// one sample more that is of every class in part.
pub fn predict(neighbours: &[Vec<u32>], count: usize, labels: &Labels) -> Vec<f32> {
    let first = |all: &[u32]| {
        all.iter()
            .take(count)
            .map(|place| *place as usize)
            .collect()
    };
    let rows = neighbours.iter();
    match labels {
        Labels::Values(values) => {
            let mean = |all: &Vec<u32>| {
                let places: Vec<usize> = first(all);
                let sum: f64 = places.iter().map(|place| f64::from(values[*place])).sum();
                (sum / places.len().max(1) as f64) as f32
            };
            rows.map(mean).collect()
        }
        Labels::Classes { labels, classes } => {
            let shares = |all: &Vec<u32>| {
                let mut counts = vec![1.0 / *classes as f64; *classes];
                let places: Vec<usize> = first(all);
                let labels = places.iter().map(|place| labels[*place] as usize);
                labels.for_each(|label| counts[label] += 1.0);
                counts.into_iter().map(|count| count.ln() as f32)
            };
            rows.flat_map(shares).collect()
        }
    }
}

/// How far these predictions are off: the share of wrong classes, or the mean square.
pub fn error(predictions: &[f32], labels: &Labels) -> f64 {
    let sum: f64 = match labels {
        Labels::Values(values) => {
            let pairs = predictions.iter().zip(values);
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum()
        }
        Labels::Classes { labels, classes } => {
            let rows = predictions.chunks_exact(*classes).zip(labels);
            let wrong = rows.filter(|(logits, label)| {
                let own = logits[**label as usize];
                let (before, behind) = logits.split_at(**label as usize);
                before.iter().any(|other| *other >= own) || behind.iter().any(|other| *other > own)
            });
            wrong.count() as f64
        }
    };
    sum / labels.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_vote_or_are_averaged() {
        let values = Labels::Values(vec![1.0, 2.0, 6.0]);
        assert_eq!(predict(&[vec![2, 0, 1]], 2, &values), [3.5]);
        assert!((error(&[3.5, 0.0, 6.0], &values) - (6.25 + 4.0) / 3.0).abs() < 1e-9);
        let classes = Labels::Classes {
            labels: vec![1, 1, 0],
            classes: 2,
        };
        // Counts of 0.5 and 2.5, and of 1.5 and 1.5: the first class of two is predicted.
        let logits = predict(&[vec![0, 1, 2], vec![0, 2, 1]], 2, &classes);
        let expected = [0.5_f32, 2.5, 1.5, 1.5].map(f32::ln);
        let pairs = logits.iter().zip(expected);
        assert!(
            pairs.clone().all(|(a, b)| (a - b).abs() < 1e-6),
            "{logits:?}"
        );
        let labels = Labels::Classes {
            labels: vec![0, 1],
            classes: 2,
        };
        assert!((error(&logits, &labels) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn of_equally_near_rows_the_first_counts() {
        let wide: Vec<f32> = (0..4 * 35).map(|at| (at % 35) as f32).collect();
        let rows = Rows::new(wide, 4);
        assert_eq!(nearest(&rows, &rows, 2), vec![vec![0, 1]; 4]);
        assert_eq!(nearest(&rows, &rows, 9)[3], [0, 1, 2, 3]);
        // 35 differences of 1, and of 35.
        let far = Rows::new(vec![36.0; 35], 1);
        let sum = distance(far.row(0), rows.row(0));
        assert!((sum - (2..=36).map(|d: u16| f32::from(d * d)).sum::<f32>()).abs() < 1e-3);
    }
}

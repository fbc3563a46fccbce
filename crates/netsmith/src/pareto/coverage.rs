//! The order in which the points of a front should be tried where there is no time for
//! all of them.

use super::hypervolume;

/// How far below the worst of the front the reference lies, in shares of its range: so
/// that the ends cover something too.
const MARGIN: f64 = 0.1;

/// The places of so many points at most: the one with the largest first score, then each
/// time the one that adds the most hypervolume to those before it. Ranges are made equal
/// first; of equals the earlier one comes first.
pub fn coverage(points: &[Vec<f64>], most: usize) -> Vec<usize> {
    let scores = points.first().map_or(0, Vec::len);
    let mut even = vec![Vec::with_capacity(scores); points.len()];
    for score in 0..scores {
        let values = || points.iter().map(|point| point[score]);
        let low = values().fold(f64::INFINITY, f64::min);
        let range = values().fold(f64::NEG_INFINITY, f64::max) - low;
        for (own, value) in even.iter_mut().zip(values()) {
            own.push(if range > 0.0 {
                (value - low) / range
            } else {
                0.0
            });
        }
    }
    let reference = vec![-MARGIN; scores];
    let mut left: Vec<usize> = (0..points.len()).collect();
    let mut order: Vec<usize> = Vec::with_capacity(points.len());
    while order.len() < most && !left.is_empty() {
        let worth = |place: usize| {
            if order.is_empty() {
                return even[place].first().copied().unwrap_or(0.0);
            }
            let all = order.iter().chain([&place]);
            let all: Vec<&[f64]> = all.map(|place| &even[*place][..]).collect();
            hypervolume(&all, &reference)
        };
        let mut best = (0, f64::NEG_INFINITY);
        for (index, place) in left.iter().enumerate() {
            let worth = worth(*place);
            if worth > best.1 {
                best = (index, worth);
            }
        }
        order.push(left.remove(best.0));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first_and_neighbours_wait() {
        // Two near the top, a knee, one near the other end.
        let points = [[0.0, 1.0], [0.7, 0.7], [1.0, 0.0], [0.98, 0.02]];
        let points: Vec<Vec<f64>> = points.iter().map(|point| point.to_vec()).collect();
        assert_eq!(coverage(&points, 9), [2, 1, 0, 3]);
        assert_eq!(coverage(&points, 2), [2, 1]);
        // Other units are no reason for another order.
        let scaled = points.iter().map(|point| vec![point[0], 1e6 * point[1]]);
        assert_eq!(coverage(&scaled.collect::<Vec<_>>(), 9), [2, 1, 0, 3]);
    }

    #[test]
    fn equal_scores_and_nothing_are_ordered_too() {
        assert_eq!(coverage(&[], 9), [0; 0]);
        assert_eq!(coverage(&[vec![1.0, 2.0], vec![1.0, 2.0]], 9), [0, 1]);
    }
}

//! Several scores at once: fronts, crowding, the volume that a front covers, and its
//! points in the order of what they add to that.
//!
//! Larger is better in every score, as everywhere in strategies.

mod coverage;
mod hypervolume;

pub use coverage::coverage;
pub use hypervolume::hypervolume;

/// Splits `count` things into fronts: what nothing dominates, what only the
/// first front dominates, and so on; each front in ascending order.
///
/// `dominates(a, b)` says whether thing `a` dominates thing `b`. It is asked once for
/// every ordered pair.
///
/// # Paper
/// Fast non-dominated sort of NSGA-II (Deb et al. 2002, section III-A).
pub fn fronts(count: usize, dominates: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut beats: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut beaten_by = vec![0_usize; count];
    for (a, own) in beats.iter_mut().enumerate() {
        for (b, others) in beaten_by.iter_mut().enumerate() {
            if a != b && dominates(a, b) {
                own.push(b);
                *others += 1;
            }
        }
    }
    let mut fronts = Vec::new();
    let mut front: Vec<usize> = (0..count).filter(|&i| beaten_by[i] == 0).collect();
    while !front.is_empty() {
        let mut next = Vec::new();
        for &own in &front {
            for &other in &beats[own] {
                beaten_by[other] -= 1;
                if beaten_by[other] == 0 {
                    next.push(other);
                }
            }
        }
        next.sort_unstable();
        fronts.push(std::mem::replace(&mut front, next));
    }
    fronts
}

/// How far apart the neighbours of each point of a front are: the sum over the
/// scores of their distance, as a share of the front's range; infinite at the ends.
///
/// A score that is the same everywhere counts nothing.
///
/// # Paper
/// Crowding distance of NSGA-II (Deb et al. 2002, section III-B), not divided
/// by the number of scores.
pub fn crowding(front: &[&[f64]]) -> Vec<f64> {
    let mut distance = vec![0.0; front.len()];
    if front.len() <= 2 {
        return vec![f64::INFINITY; front.len()];
    }
    let scores = front.first().map_or(0, |point| point.len());
    for score in 0..scores {
        let mut order: Vec<usize> = (0..front.len()).collect();
        order.sort_by(|&a, &b| front[a][score].total_cmp(&front[b][score]));
        let (first, last) = (order[0], order[order.len() - 1]);
        let range = front[last][score] - front[first][score];
        if range <= 0.0 {
            continue;
        }
        distance[first] = f64::INFINITY;
        distance[last] = f64::INFINITY;
        for three in order.windows(3) {
            distance[three[1]] += (front[three[2]][score] - front[three[0]][score]) / range;
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::dominates;

    /// Eight points to be minimised, negated: A to H.
    fn points() -> Vec<Vec<f64>> {
        let points = [
            (1, 5),
            (2, 3),
            (4, 2),
            (5, 1),
            (3, 4),
            (4, 4),
            (5, 5),
            (2, 6),
        ];
        let negated = points.map(|(x, y)| vec![-f64::from(x), -f64::from(y)]);
        negated.to_vec()
    }

    #[test]
    fn eight_points_make_four_fronts() {
        let points = points();
        let sorted = fronts(8, |a, b| dominates(&points[a], &points[b]));
        assert_eq!(sorted, [vec![0, 1, 2, 3], vec![4, 7], vec![5], vec![6]]);
    }

    #[test]
    fn crowding_of_the_first_front() {
        let points = points();
        let front: Vec<&[f64]> = points[..4].iter().map(Vec::as_slice).collect();
        let distance = crowding(&front);
        assert_eq!(distance, [f64::INFINITY, 1.5, 1.25, f64::INFINITY]);
        assert_eq!(crowding(&front[..2]), [f64::INFINITY; 2]);
    }

    #[test]
    fn a_front_of_equals_has_no_ends() {
        let same = [1.0, 1.0];
        assert_eq!(crowding(&[&same, &same, &same]), [0.0; 3]);
    }
}

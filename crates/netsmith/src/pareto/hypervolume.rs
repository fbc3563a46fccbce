//! Hypervolume: how much a set of points covers.

/// The volume of all that some point dominates and that is better than the
/// reference in every score: larger is better in each.
///
/// Points that are not better than the reference in every score cover nothing.
/// The time is about `n^(d-1)` for `n` points of `d` scores.
///
/// ```
/// use netsmith::pareto::hypervolume;
///
/// // Two objectives to be minimised are negated; the reference is (6, 6).
/// let front = [[-1.0, -5.0], [-2.0, -3.0], [-4.0, -2.0], [-5.0, -1.0]];
/// let front: Vec<&[f64]> = front.iter().map(|point| &point[..]).collect();
/// assert_eq!(hypervolume(&front, &[-6.0, -6.0]), 16.0);
/// ```
///
/// # Panics
/// Where a point has fewer scores than the reference.
pub fn hypervolume(points: &[&[f64]], reference: &[f64]) -> f64 {
    let better = |point: &&&[f64]| reference.iter().zip(**point).all(|(low, own)| own > low);
    let mut points: Vec<&[f64]> = points.iter().filter(better).copied().collect();
    let Some(last) = reference.len().checked_sub(1) else {
        return 0.0;
    };
    points.sort_by(|a, b| b[last].total_cmp(&a[last]));
    if last == 0 {
        return points.first().map_or(0.0, |best| best[0] - reference[0]);
    }
    // Slabs along the last score: in each, the points above it cover what their
    // other scores cover.
    let mut volume = 0.0;
    for count in 1..=points.len() {
        let top = points[count - 1][last];
        let floor = points.get(count).map_or(reference[last], |next| next[last]);
        if top > floor {
            volume += (top - floor) * hypervolume(&points[..count], &reference[..last]);
        }
    }
    volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use rand::RngExt;

    #[test]
    fn boxes_are_counted_once() {
        let cube: [&[f64]; 3] = [&[1.0, 1.0, 1.0], &[1.0, 1.0, 1.0], &[0.5, 0.5, 0.5]];
        assert!((hypervolume(&cube, &[0.0; 3]) - 1.0).abs() < 1e-12);
        assert!(hypervolume(&[&[1.0, -1.0]], &[0.0; 2]) == 0.0);
        assert!(hypervolume(&[], &[0.0; 2]) == 0.0);
    }

    /// The share of random points of the unit cube that some point dominates.
    #[test]
    fn it_is_the_share_that_chance_finds() {
        let mut random = Seed::new(1).stream();
        let points: Vec<[f64; 3]> = (0..12).map(|_| random.random()).collect();
        let slices: Vec<&[f64]> = points.iter().map(|point| &point[..]).collect();
        let draws = 40_000;
        let hits = (0..draws).filter(|_| {
            let drawn: [f64; 3] = random.random();
            let covers = |point: &[f64; 3]| point.iter().zip(&drawn).all(|(own, at)| own >= at);
            points.iter().any(covers)
        });
        let share = hits.count() as f64 / f64::from(draws);
        assert!((hypervolume(&slices, &[0.0; 3]) - share).abs() < 0.01);
    }
}

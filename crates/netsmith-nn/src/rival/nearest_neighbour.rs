//! The nearest training sample, by Euclidean distance or dynamic time warping.
//!
//! ```text
//! D(i, j) = |a_i - b_j|² + min(D(i-1, j-1), D(i-1, j), D(i, j-1)),   |i - j| <= band
//! ```
//!
//! `a_i` are the values of all channels at step `i`, so that channels are warped together.
//! Samples of equal length without warping (band 0) have the Euclidean distance. Values
//! count as they are: those of the univariate archives are z-normalised as published.
//! Missing values lie on the line between their neighbours.
//!
//! # Paper
//! Ratanamahatana and Keogh 2005, "Three myths about dynamic time warping data mining";
//! the band is Sakoe's and Chiba's.

use super::Sample;
use super::gaps::filled;
use rayon::prelude::*;

/// The customary width of the band, as a share of the longer series.
pub const WINDOW: f64 = 0.1;

/// The window under which these training samples are usually compared: none where all are
/// equally long, else [`WINDOW`].
pub fn usual_window(train: &[Sample<'_>]) -> f64 {
    let equal = train
        .windows(2)
        .all(|pair| pair[0].length == pair[1].length);
    if equal { 0.0 } else { WINDOW }
}

/// For each test sample the place of the nearest training sample, the first of several.
///
/// `window` is the width of the band to each side, as a share of the longer series; the
/// band is always as wide as the lengths differ, since no path fits into a narrower one.
///
/// ```
/// use netsmith_nn::rival::{Sample, nearest_neighbour::nearest};
///
/// let train = [Sample::new(&[0.0, 0.0, 1.0], 3), Sample::new(&[1.0, 1.0, 0.0], 3)];
/// assert_eq!(nearest(&train, &[Sample::new(&[1.0, 0.0, 0.0], 3)], 0.0), [1]);
/// ```
///
/// # Panics
/// Where there is no training sample, or the samples differ in channels.
pub fn nearest(train: &[Sample<'_>], test: &[Sample<'_>], window: f64) -> Vec<usize> {
    assert!(
        !train.is_empty(),
        "the nearest sample needs a training sample"
    );
    let channels = train[0].channels();
    let alike = |sample: &Sample<'_>| sample.channels() == channels;
    assert!(
        train.iter().chain(test).all(alike),
        "all samples have {channels} channels"
    );
    let train: Vec<Steps> = train.iter().map(|sample| Steps::of(sample)).collect();
    let nearest_to = |sample: &Sample<'_>| {
        let sample = Steps::of(sample);
        let (mut best, mut least) = (0, f64::INFINITY);
        for (place, other) in train.iter().enumerate() {
            let distance = distance(other, &sample, window, least);
            if distance < least {
                (best, least) = (place, distance);
            }
        }
        best
    };
    test.par_iter().map(nearest_to).collect()
}

/// A sample step by step: `[length, channels]`.
struct Steps {
    values: Vec<f32>,
    channels: usize,
    length: usize,
}

impl Steps {
    fn of(sample: &Sample<'_>) -> Self {
        let (channels, length) = (sample.channels(), sample.length);
        let by_channel = filled(sample);
        let step = |step: usize| {
            let by_channel = &by_channel;
            (0..channels).map(move |channel| by_channel[channel * length + step])
        };
        Self {
            values: (0..length).flat_map(step).collect(),
            channels,
            length,
        }
    }

    fn step(&self, step: usize) -> &[f32] {
        &self.values[step * self.channels..][..self.channels]
    }
}

/// The square of the distance; infinite where it is not less than `limit`.
fn distance(a: &Steps, b: &Steps, window: f64, limit: f64) -> f64 {
    let longest = a.length.max(b.length);
    let band = (window * longest as f64).ceil() as usize;
    let band = band.max(a.length.abs_diff(b.length));
    if band == 0 {
        return squares(&a.values, &b.values);
    }
    // A row of D, with one place before the first step.
    let mut before = vec![f64::INFINITY; b.length + 1];
    before[0] = 0.0;
    for i in 0..a.length {
        let mut row = vec![f64::INFINITY; b.length + 1];
        let mut least = f64::INFINITY;
        for j in i.saturating_sub(band)..b.length.min(i + band + 1) {
            let cheapest = before[j].min(before[j + 1]).min(row[j]);
            row[j + 1] = squares(a.step(i), b.step(j)) + cheapest;
            least = least.min(row[j + 1]);
        }
        // Every path goes through this row, and costs never fall.
        if least >= limit {
            return f64::INFINITY;
        }
        before = row;
    }
    before[b.length]
}

fn squares(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(a - b));
    differences.map(|difference| difference * difference).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(a: (&[f32], usize), b: (&[f32], usize), window: f64, expected: f64) {
        let [a, b] = [a, b].map(|(values, length)| Steps::of(&Sample::new(values, length)));
        for (a, b) in [(&a, &b), (&b, &a)] {
            let distance = distance(a, b, window, f64::INFINITY);
            assert!((distance - expected).abs() < 1e-9, "{distance}");
        }
    }

    #[test]
    fn distances_by_hand() {
        // 1² + 2² + 0².
        check((&[1.0, 2.0, 3.0], 3), (&[2.0, 4.0, 3.0], 3), 0.0, 5.0);
        // Two channels: (1 - 0)² + (5 - 5)² + (2 - 2)² + (7 - 4)².
        check(
            (&[1.0, 2.0, 5.0, 7.0], 2),
            (&[0.0, 2.0, 5.0, 4.0], 2),
            0.0,
            10.0,
        );
        // One step of warping matches the peaks; without it each misses the other.
        let (early, late) = ([0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0]);
        check((&early, 4), (&late, 4), 0.0, 18.0);
        check((&early, 4), (&late, 4), 0.25, 0.0);
        // Steps 1, 2, 2 meet 1, 2; a band of the difference in length is always there.
        check((&[1.0, 2.0, 2.0], 3), (&[1.0, 2.0], 2), 0.0, 0.0);
        check((&[1.0, 2.0, 4.0], 3), (&[1.0, 2.0], 2), 0.0, 4.0);
        // Channels are warped together: the second one holds the first one back.
        check(
            (&[0.0, 3.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0], 4),
            (&[0.0, 0.0, 3.0, 0.0, 1.0, 1.0, 2.0, 2.0], 4),
            0.25,
            1.0,
        );
    }

    #[test]
    fn a_distance_over_the_limit_is_left_early() {
        let [a, b] =
            [[0.0, 9.0, 0.0], [5.0, 5.0, 5.0]].map(|values| Steps::of(&Sample::new(&values, 3)));
        assert!(distance(&a, &b, 0.4, 20.0).is_infinite());
        assert!(distance(&a, &b, 0.4, 100.0).is_finite());
    }

    #[test]
    fn lengths_decide_the_usual_window() {
        let values = [0.0; 6];
        let [two, three] = [2, 3].map(|length| Sample::new(&values, length));
        assert!(usual_window(&[two, two]).abs() < f64::EPSILON);
        assert!(usual_window(&[two, three]) > 0.0);
        // Of two that are equally near the first counts.
        assert_eq!(nearest(&[three, three], &[three], 0.0), [0]);
    }
}

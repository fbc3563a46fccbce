//! The minimum of a smooth function of many numbers, by limited-memory BFGS.
//!
//! ```text
//! d  = -H g            H: inverse curvature as the last m steps saw it (two loops)
//! t  : f(x + t d) <= f(x) + 1e-4 t d·g   and   d·g(x + t d) >= 0.9 d·g
//! x <- x + t d
//! ```
//!
//! The step is found by bisection, which needs no interpolation (Lewis and Overton 2013).
//!
//! # Paper
//! Liu and Nocedal 1989, "On the limited memory BFGS method for large scale optimization".

use netsmith::cholesky::dot;
use std::collections::VecDeque;

/// Steps that are remembered, m.
const MEMORY: usize = 10;

/// Trials of a step's length.
const LENGTHS: usize = 40;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// No slope is steeper.
    pub(super) slope: f64,
    /// Steps, at most.
    pub(super) steps: usize,
}

/// Walks from `start` to the minimum of a function that gives its value and gradient.
pub(super) fn minimise(
    start: Vec<f64>,
    stop: &Stop,
    function: impl Fn(&[f64]) -> (f64, Vec<f64>),
) -> Vec<f64> {
    let mut x = start;
    let (mut value, mut gradient) = function(&x);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::new();
    for _ in 0..stop.steps {
        if gradient.iter().all(|slope| slope.abs() <= stop.slope) {
            break;
        }
        let direction = direction(&gradient, &pairs);
        let first = if pairs.is_empty() {
            1.0 / dot(&gradient, &gradient).sqrt().max(1.0)
        } else {
            1.0
        };
        let Some((next, next_value, next_gradient)) =
            search(&x, value, &gradient, &direction, first, &function)
        else {
            break;
        };
        let step = difference(&next, &x);
        let change = difference(&next_gradient, &gradient);
        if dot(&step, &change) > 0.0 {
            pairs.push_back((step, change));
        }
        if pairs.len() > MEMORY {
            pairs.pop_front();
        }
        (x, value, gradient) = (next, next_value, next_gradient);
    }
    x
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn along(x: &[f64], length: f64, direction: &[f64]) -> Vec<f64> {
    x.iter()
        .zip(direction)
        .map(|(x, d)| x + length * d)
        .collect()
}

fn direction(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut d: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(pairs.len());
    for (step, change) in pairs.iter().rev() {
        let share = dot(step, &d) / dot(step, change);
        d = along(&d, -share, change);
        shares.push(share);
    }
    if let Some((step, change)) = pairs.back() {
        let scale = dot(step, change) / dot(change, change);
        d.iter_mut().for_each(|d| *d *= scale);
    }
    for ((step, change), share) in pairs.iter().zip(shares.into_iter().rev()) {
        let back = dot(change, &d) / dot(step, change);
        d = along(&d, share - back, step);
    }
    d
}

/// A point along the direction with its value and gradient; `None` where rounding hides
/// every descent.
fn search(
    x: &[f64],
    value: f64,
    gradient: &[f64],
    direction: &[f64],
    first: f64,
    function: impl Fn(&[f64]) -> (f64, Vec<f64>),
) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let slope = dot(gradient, direction);
    let (mut low, mut high, mut length) = (0.0, f64::INFINITY, first);
    let mut best = None;
    for _ in 0..LENGTHS {
        let next = along(x, length, direction);
        let (next_value, next_gradient) = function(&next);
        // A value that is not a number is not small.
        if next_value <= value + 1e-4 * length * slope {
            let flat = dot(&next_gradient, direction) >= 0.9 * slope;
            best = Some((next, next_value, next_gradient));
            if flat {
                break;
            }
            low = length;
        } else {
            high = length;
        }
        length = if high.is_finite() {
            (low + high) / 2.0
        } else {
            2.0 * length
        };
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_the_minimum_of_rosenbrocks_valley() {
        let valley = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            let gradient = vec![-2.0 * a - 400.0 * x[0] * b, 200.0 * b];
            (a * a + 100.0 * b * b, gradient)
        };
        let stop = Stop {
            slope: 1e-9,
            steps: 200,
        };
        let found = minimise(vec![-1.2, 1.0], &stop, valley);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-7), "{found:?}");
    }
}

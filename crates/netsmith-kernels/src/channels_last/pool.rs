//! Pools of single samples.

use super::Octet;
use crate::Window;

/// The rows or columns of the input under each window along an axis; padding is
/// left out.
fn runs(window: &Window, axis: usize) -> Vec<std::ops::Range<usize>> {
    let (before, limit) = (window.before[axis], window.input[axis]);
    let run = |position: usize| {
        let start = position * window.stride[axis];
        let end = (start + window.kernel[axis]).saturating_sub(before);
        start.saturating_sub(before)..end.min(limit)
    };
    (0..window.output[axis]).map(run).collect()
}

/// Combines the values under each window, and ends with their number.
fn pool(
    window: &Window,
    octets: usize,
    source: &[Octet],
    target: &mut [Octet],
    combine: impl Fn(f32, f32) -> f32,
    finish: impl Fn(f32, f32) -> f32,
) {
    let (rows, columns) = (runs(window, 0), runs(window, 1));
    let mut targets = target.chunks_exact_mut(octets);
    for rows in &rows {
        for columns in &columns {
            let Some(target) = targets.next() else {
                return;
            };
            let count = (rows.len() * columns.len()) as f32;
            for (octet, target) in target.iter_mut().enumerate() {
                let mut under = rows.clone().flat_map(|y| {
                    let at = move |x: usize| (y * window.input[1] + x) * octets + octet;
                    columns.clone().map(at)
                });
                let mut value = under.next().map_or([0.0; 8], |at| source[at]);
                for at in under {
                    for lane in 0..8 {
                        value[lane] = combine(value[lane], source[at][lane]);
                    }
                }
                *target = value.map(|value| finish(value, count));
            }
        }
    }
}

/// The largest value of each window; `octets` for each position.
pub fn max_pool(window: &Window, octets: usize, source: &[Octet], target: &mut [Octet]) {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    pool(window, octets, source, target, larger, |value, _| value);
}

/// The mean of each window; `octets` for each position.
pub fn average_pool(window: &Window, octets: usize, source: &[Octet], target: &mut [Octet]) {
    let mean = |sum: f32, count: f32| sum * (1.0 / count);
    pool(window, octets, source, target, |a, b| a + b, mean);
}

/// The mean over all positions, of which `target` holds the octets of one.
pub fn global_pool(source: &[Octet], target: &mut [Octet]) {
    let share = target.len() as f32 / source.len().max(1) as f32;
    target.fill([0.0; 8]);
    for at in source.chunks_exact(target.len().max(1)) {
        for (target, value) in target.iter_mut().zip(at) {
            for lane in 0..8 {
                target[lane] += value[lane];
            }
        }
    }
    target
        .as_flattened_mut()
        .iter_mut()
        .for_each(|value| *value *= share);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_by_hand() {
        // 1 2
        // 3 4, and the same ten times as large in the second octet.
        let source: Vec<Octet> = (1..=4)
            .flat_map(|value| [[value as f32; 8], [10.0 * value as f32; 8]])
            .collect();
        let window = Window {
            kernel: [3, 3],
            stride: [2, 1],
            dilation: 1,
            before: [1, 1],
            input: [2, 2],
            output: [1, 2],
        };
        let mut target = vec![[0.0; 8]; 4];
        max_pool(&window, 2, &source, &mut target);
        assert_eq!(target, [[4.0; 8], [40.0; 8], [4.0; 8], [40.0; 8]]);
        average_pool(&window, 2, &source, &mut target);
        assert_eq!(target, [[2.5; 8], [25.0; 8], [2.5; 8], [25.0; 8]]);
        global_pool(&source, &mut target[..2]);
        assert_eq!(target[..2], [[2.5; 8], [25.0; 8]]);
    }
}

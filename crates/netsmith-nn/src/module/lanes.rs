//! Sums and copies of whole buffers.

use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// Lanes of one piece of work: as much as stays in the first cache.
pub(super) const PIECE: usize = 512;

/// `target += source`.
pub(super) fn add(source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        let pairs = target.as_flattened_mut().iter_mut();
        pairs
            .zip(source.as_flattened())
            .for_each(|(target, source)| *target += source);
    });
}

/// `target = a + b`.
pub(super) fn sum(a: &[Lane], b: &[Lane], target: &mut [Lane]) {
    let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE));
    let pieces = pieces.zip(target.par_chunks_mut(PIECE));
    pieces.for_each(|((a, b), target)| {
        let pairs = a.as_flattened().iter().zip(b.as_flattened());
        for ((a, b), target) in pairs.zip(target.as_flattened_mut()) {
            *target = a + b;
        }
    });
}

/// `target = source`.
pub(super) fn copy(source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| target.copy_from_slice(source));
}

/// `target = weight · source`.
pub(super) fn scaled(weight: f32, source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        for (target, source) in target.iter_mut().zip(source) {
            for lane in 0..LANES {
                target[lane] = weight * source[lane];
            }
        }
    });
}

/// `target += weight · source`.
pub(super) fn add_scaled(weight: f32, source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        for (target, source) in target.iter_mut().zip(source) {
            for lane in 0..LANES {
                target[lane] += weight * source[lane];
            }
        }
    });
}

/// `Σ a` over all values, in a fixed order.
pub(super) fn total(a: &[Lane]) -> f64 {
    let sums: Vec<f64> = a
        .par_chunks(PIECE)
        .map(|a| {
            let mut sums = [0.0_f32; LANES];
            for a in a {
                for lane in 0..LANES {
                    sums[lane] += a[lane];
                }
            }
            sums.iter().map(|sum| f64::from(*sum)).sum()
        })
        .collect();
    sums.iter().sum()
}

/// `Σ a · b` over all values, in a fixed order.
pub(super) fn dot(a: &[Lane], b: &[Lane]) -> f64 {
    let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE));
    let sums: Vec<f64> = pieces
        .map(|(a, b)| {
            let mut sums = [0.0_f32; LANES];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..LANES {
                    sums[lane] += a[lane] * b[lane];
                }
            }
            sums.iter().map(|sum| f64::from(*sum)).sum()
        })
        .collect();
    sums.iter().sum()
}

//! Samples side by side: how a batch lies in memory.

use crate::{LANES, Lane};
use rayon::prelude::*;

/// Number of blocks that hold this many samples.
pub fn blocks(samples: usize) -> usize {
    samples.div_ceil(LANES)
}

/// A batch in the order of its samples as blocks of lanes; the last block is
/// filled up with zeros.
///
/// # Shapes
/// `values` is `[samples, size]`, `target` `[blocks, size]`.
pub fn pack(values: &[f32], size: usize, target: &mut [Lane]) {
    let blocks = values
        .par_chunks(LANES * size)
        .zip(target.par_chunks_exact_mut(size));
    blocks.for_each(|(samples, target)| {
        if samples.len() < LANES * size {
            target.fill([0.0; LANES]);
        }
        // A few lanes at a time stay in the cache while all samples are read.
        for (number, target) in target.chunks_mut(LANES).enumerate() {
            for (lane, sample) in samples.chunks_exact(size).enumerate() {
                let values = &sample[number * LANES..][..target.len()];
                for (value, target) in values.iter().zip(target.iter_mut()) {
                    target[lane] = *value;
                }
            }
        }
    });
}

/// Blocks of lanes in the order of the samples.
///
/// # Shapes
/// `source` is `[blocks, size]`, the result `[samples, size]`.
pub fn unpack(source: &[Lane], size: usize, samples: usize) -> Vec<f32> {
    let mut values = vec![0.0; samples * size];
    let blocks = values
        .chunks_mut(LANES * size)
        .zip(source.chunks_exact(size));
    for (samples, source) in blocks {
        for (lane, sample) in samples.chunks_exact_mut(size).enumerate() {
            for (value, source) in sample.iter_mut().zip(source) {
                *value = source[lane];
            }
        }
    }
    values
}

/// The sum of each channel over all blocks and positions: the gradient of a bias.
///
/// # Shapes
/// `values` is blocks of `[channels, plane]`.
pub fn channel_sums(values: &[Lane], channels: usize, plane: usize) -> Vec<f32> {
    let mut sums = vec![0.0; channels];
    for block in values.chunks_exact(channels * plane) {
        for (sum, plane) in sums.iter_mut().zip(block.chunks_exact(plane)) {
            let mut lanes = [0.0; LANES];
            for lane in plane {
                for (sum, value) in lanes.iter_mut().zip(lane) {
                    *sum += value;
                }
            }
            *sum += lanes.iter().sum::<f32>();
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn a_batch_comes_back_as_it_was() {
        for samples in [1, 15, 16, 17, 40] {
            let values: Vec<f32> = (0..samples * 3).map(|v| v as f32).collect();
            let mut packed = vec![[7.0; LANES]; blocks(samples) * 3];
            pack(&values, 3, &mut packed);
            assert_eq!(unpack(&packed, 3, samples), values);
            let total: f32 = values.iter().skip(1).step_by(3).sum();
            assert_eq!(channel_sums(&packed, 3, 1)[1], total);
        }
    }
}

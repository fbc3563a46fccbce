//! Weighted sums of several values, each on a line of its own in every channel.
//!
//! A supernet adds up what its options give, and most options end in a batch
//! normalisation, which is a line in each channel too. So both are done at once:
//! the normalised values are never written down.

use crate::Lane;
use crate::batch_norm::grain;
use crate::processor::{Kernel, Processor, dispatch};
use rayon::prelude::*;

/// One value of a mix: what is added is `source · scale`, channel by channel.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The factor of each channel.
    pub scale: Vec<f32>,
    /// What is scaled.
    pub source: &'a [Lane],
}

/// `target = shift + Σ scale · source`, channel by channel, each of which has so
/// many positions.
///
/// # Panics
/// A source is shorter than the target, or a scale than the shift.
pub fn blend(plane: usize, shift: &[f32], parts: &[Part<'_>], target: &mut [Lane]) {
    let planes = target.par_chunks_mut(plane).enumerate();
    let planes = planes.with_min_len(grain(plane));
    planes.for_each(|(number, target)| {
        dispatch(Blend {
            channel: number % shift.len(),
            first: number * plane,
            shift,
            parts,
            target,
        });
    });
}

/// One channel of one block.
struct Blend<'a> {
    channel: usize,
    /// Where the plane begins in the sources.
    first: usize,
    shift: &'a [f32],
    parts: &'a [Part<'a>],
    target: &'a mut [Lane],
}

impl Kernel for Blend<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let shift = processor.splat(self.shift[self.channel]);
        let scale = |part: &Part<'_>| processor.splat(part.scale[self.channel]);
        for (number, lane) in self.target.iter_mut().enumerate() {
            let mut sum = shift;
            for part in self.parts {
                let source = processor.load(&part.source[self.first + number]);
                sum = processor.fuse(source, scale(part), sum);
            }
            processor.store(sum, lane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LANES;

    #[test]
    fn each_channel_has_its_own_lines() {
        let (plane, channels, blocks) = (3, 2, 2);
        let values = |seed: usize| -> Vec<Lane> {
            let lane = |at: usize| std::array::from_fn(|lane| ((at + seed) * LANES + lane) as f32);
            (0..blocks * channels * plane).map(lane).collect()
        };
        let (a, b) = (values(1), values(5));
        let parts = [
            Part {
                scale: vec![0.5, -2.0],
                source: &a,
            },
            Part {
                scale: vec![4.0, 1.0],
                source: &b,
            },
        ];
        let mut found = vec![[f32::NAN; LANES]; a.len()];
        blend(plane, &[1.0, -3.0], &parts, &mut found);
        for (at, lane) in found.iter().enumerate() {
            let channel = at / plane % channels;
            for (place, found) in lane.iter().enumerate() {
                let [x, y] = [a[at][place], b[at][place]];
                let expected = [1.0 + 0.5 * x + 4.0 * y, -3.0 - 2.0 * x + y][channel];
                assert!((found - expected).abs() < 1e-4, "{at}: {found} {expected}");
            }
        }
    }

    #[test]
    fn without_parts_there_is_the_shift() {
        let mut found = vec![[f32::NAN; LANES]; 6];
        blend(3, &[1.0, 2.0], &[], &mut found);
        assert_eq!(found[..3], [[1.0; LANES]; 3]);
        assert_eq!(found[3..], [[2.0; LANES]; 3]);
    }
}

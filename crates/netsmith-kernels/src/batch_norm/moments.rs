//! Sums over a channel: its mean and its variance.

use super::NormShape;
use crate::processor::{Kernel, Processor};
use crate::{LANES, Lane};

/// Mean and biased variance of one channel.
pub(super) struct Moments<'a> {
    pub(super) shape: NormShape,
    pub(super) channel: usize,
    pub(super) values: &'a [Lane],
}

impl Kernel for Moments<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> [f32; 2] {
        // Each run has its own mean, so that no sum is large beside its
        // terms; the runs' moments are then combined.
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for (run, valid) in self.shape.runs() {
            let size = (valid * run.len() * self.shape.plane) as f64;
            let planes = || {
                let blocks = run.clone();
                blocks.map(|block| self.shape.plane(self.channel, block, self.values))
            };
            let own = total(sum(processor, planes()), valid) / size;
            let around = total(squared_distances(processor, planes(), own as f32), valid);
            // The mean was rounded: its distance to the true one is taken out.
            let rounded = own - f64::from(own as f32);
            let distance = own - mean;
            squares += around - rounded * rounded * size
                + distance * distance * count * size / (count + size);
            count += size;
            mean += distance * size / count;
        }
        [mean as f32, (squares / count).max(0.0) as f32]
    }
}

/// The sum of the first values.
pub(super) fn total(sums: Lane, valid: usize) -> f64 {
    sums[..valid].iter().map(|sum| f64::from(*sum)).sum()
}

/// The sum of each sample's place over some planes.
#[inline(always)]
fn sum<'a, P: Processor>(processor: P, planes: impl Iterator<Item = &'a [Lane]>) -> Lane {
    let one = processor.splat(1.0);
    let mut sums = [processor.splat(0.0); 2];
    for plane in planes {
        for (number, lane) in plane.iter().enumerate() {
            let sums = &mut sums[number % 2];
            *sums = processor.fuse(processor.load(lane), one, *sums);
        }
    }
    joined(processor, sums)
}

/// The sum of squared distances to a value of each sample's place over some planes.
#[inline(always)]
fn squared_distances<'a, P: Processor>(
    processor: P,
    planes: impl Iterator<Item = &'a [Lane]>,
    centre: f32,
) -> Lane {
    let (one, centre) = (processor.splat(1.0), processor.splat(-centre));
    let mut sums = [processor.splat(0.0); 2];
    for plane in planes {
        for (number, lane) in plane.iter().enumerate() {
            let sums = &mut sums[number % 2];
            let distance = processor.fuse(processor.load(lane), one, centre);
            *sums = processor.fuse(distance, distance, *sums);
        }
    }
    joined(processor, sums)
}

/// Two running sums as one.
#[inline(always)]
pub(super) fn joined<P: Processor>(processor: P, sums: [P::Wide; 2]) -> Lane {
    let one = processor.splat(1.0);
    let mut lane = [0.0; LANES];
    processor.store(processor.fuse(sums[1], one, sums[0]), &mut lane);
    lane
}

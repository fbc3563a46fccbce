//! The gradient of the input from that of the output, channel by channel.

use super::moments::{joined, total};
use super::{Line, Norm, NormShape};
use crate::part::Part;
use crate::processor::{Kernel, Processor};
use crate::{LANES, Lane};
use std::ops::Range;

/// The gradients of some channels' input.
pub(super) struct Backward<'a> {
    pub(super) shape: NormShape,
    pub(super) norm: &'a Norm<'a>,
    pub(super) moments: &'a [[f32; 2]],
    pub(super) values: &'a [Lane],
    /// How often the output was taken, and the gradient of what it was taken into;
    /// none: the part holds the gradient of the output.
    pub(super) shared: Option<(f32, &'a [Lane])>,
    pub(super) part: Part<'a>,
}

impl Kernel for Backward<'_> {
    type Output = Vec<[f32; 2]>;

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) -> Vec<[f32; 2]> {
        let mut trained = Vec::with_capacity(self.part.channels);
        for (channel, place) in self.shape.channels_of(&self.part) {
            let line = self.norm.line(channel, self.moments[channel]);
            let sums = self.sums(processor, channel, place.clone(), line);
            let [plain, weighted] = [sums[0], sums[1] * f64::from(line.inverse)];
            let count = self.shape.count();
            let pull = Pull {
                factor: self.shared.map_or(1.0, |(factor, _)| factor) * line.scale,
                constant: (plain / count) as f32,
                slope: (weighted * f64::from(line.inverse) / count) as f32,
                line,
            };
            for (block, target) in self.part.blocks.iter_mut().enumerate() {
                let target = &mut target[place.clone()];
                let values = self.shape.plane(channel, block, self.values);
                match self.shared {
                    None => pull.in_place(values, target),
                    Some((_, gradient)) => {
                        let gradient = self.shape.plane(channel, block, gradient);
                        pull.beside(values, gradient, target);
                    }
                }
                let valid = self.shape.samples.saturating_sub(block * LANES);
                if valid < LANES {
                    target.iter_mut().for_each(|lane| lane[valid..].fill(0.0));
                }
            }
            trained.push([weighted as f32, plain as f32]);
        }
        trained
    }
}

impl Backward<'_> {
    /// The sums of [`slopes`] over one channel.
    #[inline(always)]
    fn sums<P: Processor>(
        &self,
        processor: P,
        channel: usize,
        place: Range<usize>,
        line: Line,
    ) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for (run, valid) in self.shape.runs() {
            let planes = run.map(|block| {
                let gradient = match self.shared {
                    None => &self.part.blocks[block][place.clone()],
                    Some((_, gradient)) => self.shape.plane(channel, block, gradient),
                };
                (self.shape.plane(channel, block, self.values), gradient)
            });
            let own = slopes(processor, line, planes);
            sums[0] += total(own.0, valid);
            sums[1] += total(own.1, valid);
        }
        sums
    }
}

/// What makes the gradient of a channel's input out of that of its output.
#[derive(Clone, Copy)]
struct Pull {
    line: Line,
    /// The line's scale, times how often the output was taken.
    factor: f32,
    /// What is taken from the gradient everywhere.
    constant: f32,
    /// And this times the distance to the mean.
    slope: f32,
}

impl Pull {
    #[inline(always)]
    fn in_place(&self, values: &[Lane], gradient: &mut [Lane]) {
        let shift = self.line.shift();
        let values = values.as_flattened().iter();
        for (value, gradient) in values.zip(gradient.as_flattened_mut()) {
            *gradient = self.one(shift, *value, *gradient);
        }
    }

    #[inline(always)]
    fn beside(&self, values: &[Lane], gradient: &[Lane], target: &mut [Lane]) {
        let shift = self.line.shift();
        let read = values.as_flattened().iter().zip(gradient.as_flattened());
        for ((value, gradient), target) in read.zip(target.as_flattened_mut()) {
            *target = self.one(shift, *value, *gradient);
        }
    }

    #[inline(always)]
    fn one(&self, shift: f32, value: f32, gradient: f32) -> f32 {
        let kept = !self.line.rectified || value * self.line.scale + shift > 0.0;
        let passed = if kept { gradient } else { 0.0 };
        self.factor * (passed - self.constant - (value - self.line.mean) * self.slope)
    }
}

/// The sums of the gradient, and of the gradient times the distance to the mean,
/// of each sample's place over some planes of values and of their gradients.
#[inline(always)]
fn slopes<'a, P: Processor>(
    processor: P,
    line: Line,
    planes: impl Iterator<Item = (&'a [Lane], &'a [Lane])>,
) -> (Lane, Lane) {
    let (one, centre) = (processor.splat(1.0), processor.splat(-line.mean));
    let (mut plain, mut weighted) = ([processor.splat(0.0); 2], [processor.splat(0.0); 2]);
    for (values, gradients) in planes {
        for (number, (value, gradient)) in values.iter().zip(gradients).enumerate() {
            let mut passed = *gradient;
            if line.rectified {
                pass(&line, value, &mut passed);
            }
            let number = number % 2;
            let gradient = processor.load(&passed);
            let distance = processor.fuse(processor.load(value), one, centre);
            plain[number] = processor.fuse(gradient, one, plain[number]);
            weighted[number] = processor.fuse(gradient, distance, weighted[number]);
        }
    }
    (joined(processor, plain), joined(processor, weighted))
}

/// Zero where the rectifier was zero.
#[inline(always)]
fn pass(line: &Line, value: &Lane, gradient: &mut Lane) {
    for lane in 0..LANES {
        let kept = value[lane] * line.scale + line.shift() > 0.0;
        gradient[lane] = if kept { gradient[lane] } else { 0.0 };
    }
}

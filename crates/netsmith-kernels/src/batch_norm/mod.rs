//! Batch normalisation, with the rectifier that often follows.
//!
//! A thread takes whole channels: it sums one up and goes over it again while its
//! values are still in the cache. The rectifier's sign is computed again in the
//! backward pass, so that its output need not be kept.

mod backward;
mod moments;

use crate::part::{Part, parts};
use crate::processor::{Kernel, Processor, dispatch};
use crate::{LANES, Lane};
use backward::Backward;
use moments::Moments;
use rayon::prelude::*;
use std::ops::Range;

/// What a batch normalisation normalises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormShape {
    /// Number of channels.
    pub channels: usize,
    /// Positions of a plane.
    pub plane: usize,
    /// Samples in the batch; those that fill up the last block do not count.
    pub samples: usize,
}

/// Positions of a channel that are summed in 32 bits at the least, where there
/// are as many, before their sums are joined in 64.
const RUN: usize = 64;

impl NormShape {
    /// Runs of whole blocks, each with the number of samples that count in its
    /// blocks: small planes are summed over several blocks.
    #[inline(always)]
    fn runs(self) -> impl Iterator<Item = (Range<usize>, usize)> {
        let full = self.samples / LANES;
        let together = (RUN / self.plane.max(1)).max(1);
        let starts = (0..full).step_by(together);
        let runs = starts.map(move |first| (first..full.min(first + together), LANES));
        let valid = self.samples % LANES;
        runs.chain((valid > 0).then_some((full..full + 1, valid)))
    }

    /// The plane of a channel in a block.
    #[inline(always)]
    fn plane(self, channel: usize, block: usize, lanes: &[Lane]) -> &[Lane] {
        &lanes[(block * self.channels + channel) * self.plane..][..self.plane]
    }

    /// The channels of a part, each with its plane's place in the part's blocks.
    #[inline(always)]
    fn channels_of(self, part: &Part<'_>) -> impl Iterator<Item = (usize, Range<usize>)> + use<> {
        let (first, plane) = (part.first, self.plane);
        (0..part.channels).map(move |own| (first + own, own * plane..(own + 1) * plane))
    }

    /// Channels that a thread takes at the least.
    fn share(self, lanes: &[Lane]) -> usize {
        grain(lanes.len() / self.channels.max(1)).clamp(1, self.channels.max(1))
    }

    /// Values of one channel.
    fn count(self) -> f64 {
        (self.samples * self.plane) as f64
    }
}

/// Lanes that a thread takes at the least: fewer are done before another thread
/// has woken.
const GRAIN: usize = 1 << 11;

/// How many pieces of this many lanes a thread takes at the least.
pub(crate) fn grain(lanes: usize) -> usize {
    GRAIN.div_ceil(lanes.max(1))
}

/// What is trained of a normalisation, and what is fixed.
#[derive(Clone, Copy, Debug)]
pub struct Norm<'a> {
    /// The trained scale of each channel.
    pub weight: &'a [f32],
    /// The trained shift of each channel.
    pub bias: &'a [f32],
    /// Whether a rectifier follows.
    pub rectified: bool,
    /// What is added to the variance.
    pub epsilon: f64,
}

impl Norm<'_> {
    /// The line of a channel with this mean and variance.
    #[inline(always)]
    fn line(&self, channel: usize, [mean, variance]: [f32; 2]) -> Line {
        let inverse = (1.0 / (f64::from(variance) + self.epsilon).sqrt()) as f32;
        Line {
            inverse,
            scale: inverse * self.weight[channel],
            mean,
            bias: self.bias[channel],
            rectified: self.rectified,
        }
    }

    /// Scale and shift of each channel with these means and variances.
    pub fn lines(&self, moments: &[[f32; 2]]) -> [Vec<f32>; 2] {
        let lines = moments.iter().enumerate();
        let lines = lines.map(|(channel, moments)| {
            let line = self.line(channel, *moments);
            (line.scale, line.shift())
        });
        let (scale, shift) = lines.unzip();
        [scale, shift]
    }
}

/// Mean and biased variance of each channel over all samples and positions.
pub fn statistics(shape: &NormShape, values: &[Lane]) -> Vec<[f32; 2]> {
    let channels = (0..shape.channels).into_par_iter();
    channels
        .with_min_len(shape.share(values))
        .map(|channel| {
            dispatch(Moments {
                shape: *shape,
                channel,
                values,
            })
        })
        .collect()
}

/// Normalises by the mean and the biased variance of the batch, which it gives.
pub fn train(
    shape: &NormShape,
    norm: &Norm<'_>,
    source: &[Lane],
    target: &mut [Lane],
) -> Vec<[f32; 2]> {
    normalise(shape, norm, None, source, target)
}

/// Normalises by these means and variances.
pub fn apply(
    shape: &NormShape,
    norm: &Norm<'_>,
    moments: &[[f32; 2]],
    source: &[Lane],
    target: &mut [Lane],
) {
    normalise(shape, norm, Some(moments), source, target);
}

fn normalise(
    shape: &NormShape,
    norm: &Norm<'_>,
    moments: Option<&[[f32; 2]]>,
    source: &[Lane],
    target: &mut [Lane],
) -> Vec<[f32; 2]> {
    let parts = parts(target, shape.channels, shape.share(source), shape.plane);
    let used = parts.into_par_iter().flat_map_iter(|part| {
        dispatch(Normalise {
            shape: *shape,
            norm,
            moments,
            source,
            part,
        })
    });
    used.collect()
}

/// Turns the gradient of the output into that of the input, and gives for each
/// channel the gradients of scale and shift.
pub fn backward(
    shape: &NormShape,
    norm: &Norm<'_>,
    moments: &[[f32; 2]],
    values: &[Lane],
    gradient: &mut [Lane],
) -> Vec<[f32; 2]> {
    pull(shape, norm, moments, values, None, gradient)
}

/// Writes the gradient of the input where the output was taken `factor` times:
/// `gradient` is that of what it was taken into. The gradients of scale and shift
/// that it gives are those of the output itself, without the factor.
pub fn backward_of_share(
    shape: &NormShape,
    norm: &Norm<'_>,
    moments: &[[f32; 2]],
    values: &[Lane],
    (factor, gradient): (f32, &[Lane]),
    target: &mut [Lane],
) -> Vec<[f32; 2]> {
    pull(
        shape,
        norm,
        moments,
        values,
        Some((factor, gradient)),
        target,
    )
}

fn pull(
    shape: &NormShape,
    norm: &Norm<'_>,
    moments: &[[f32; 2]],
    values: &[Lane],
    shared: Option<(f32, &[Lane])>,
    target: &mut [Lane],
) -> Vec<[f32; 2]> {
    let parts = parts(target, shape.channels, shape.share(values), shape.plane);
    let trained = parts.into_par_iter().flat_map_iter(|part| {
        dispatch(Backward {
            shape: *shape,
            norm,
            moments,
            values,
            shared,
            part,
        })
    });
    trained.collect()
}

/// Some channels normalised; it gives the moments by which they were.
struct Normalise<'a> {
    shape: NormShape,
    norm: &'a Norm<'a>,
    /// Those to normalise by; none: the channels' own.
    moments: Option<&'a [[f32; 2]]>,
    source: &'a [Lane],
    part: Part<'a>,
}

impl Kernel for Normalise<'_> {
    type Output = Vec<[f32; 2]>;

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) -> Vec<[f32; 2]> {
        let mut used = Vec::with_capacity(self.part.channels);
        for (channel, place) in self.shape.channels_of(&self.part) {
            let moments = match self.moments {
                Some(moments) => moments[channel],
                None => {
                    let own = Moments {
                        shape: self.shape,
                        channel,
                        values: self.source,
                    };
                    own.run(processor)
                }
            };
            let line = self.norm.line(channel, moments);
            for (block, target) in self.part.blocks.iter_mut().enumerate() {
                let source = self.shape.plane(channel, block, self.source);
                line.apply(source, &mut target[place.clone()]);
            }
            used.push(moments);
        }
        used
    }
}

/// What one channel's values went through: `(x − mean) · scale + bias`.
#[derive(Clone, Copy)]
struct Line {
    /// `1 / √(variance + epsilon)`.
    inverse: f32,
    scale: f32,
    mean: f32,
    bias: f32,
    rectified: bool,
}

impl Line {
    /// The line's shift: `y = x · scale + shift`, computed as in the forward
    /// pass so that the rectifier's sign is the same to the bit.
    #[inline(always)]
    fn shift(&self) -> f32 {
        self.bias - self.mean * self.scale
    }

    #[inline(always)]
    fn apply(&self, source: &[Lane], target: &mut [Lane]) {
        let (scale, shift) = (self.scale, self.shift());
        let pairs = source.as_flattened().iter().zip(target.as_flattened_mut());
        if self.rectified {
            pairs.for_each(|(source, target)| *target = (source * scale + shift).max(0.0));
        } else {
            pairs.for_each(|(source, target)| *target = source * scale + shift);
        }
    }
}

//! Batch normalisation, with the rectifier that often follows.
//!
//! The rectifier's sign is computed again in the backward pass, so that its
//! output need not be kept.

use crate::processor::{Kernel, Processor, dispatch};
use crate::{LANES, Lane};
use rayon::prelude::*;

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
    fn runs<'a>(&self, values: &'a [Lane]) -> impl Iterator<Item = (&'a [Lane], usize)> + use<'a> {
        let size = self.channels * self.plane;
        let (full, rest) = values.split_at(self.samples / LANES * size);
        let together = (RUN / self.plane.max(1)).max(1);
        let runs = full.chunks(together * size).map(|run| (run, LANES));
        let valid = self.samples % LANES;
        runs.chain((valid > 0).then_some((rest, valid)))
    }

    /// The planes of a channel in a run of blocks.
    #[inline(always)]
    fn planes<'a>(
        &self,
        channel: usize,
        run: &'a [Lane],
    ) -> impl Iterator<Item = &'a [Lane]> + use<'a> {
        let plane = self.plane;
        let blocks = run.chunks_exact(self.channels * plane);
        blocks.map(move |block| &block[channel * plane..][..plane])
    }

    /// Values of one channel.
    fn count(&self) -> f64 {
        (self.samples * self.plane) as f64
    }
}

/// Lanes that a thread takes at the least: fewer are done before another thread
/// has woken.
const GRAIN: usize = 1 << 11;

/// How many pieces of this many lanes a thread takes at the least.
fn grain(lanes: usize) -> usize {
    GRAIN.div_ceil(lanes.max(1))
}

/// Mean and biased variance of each channel over all samples and positions.
pub fn statistics(shape: &NormShape, values: &[Lane]) -> (Vec<f32>, Vec<f32>) {
    let channels = (0..shape.channels).into_par_iter();
    channels
        .with_min_len(grain(values.len() / shape.channels))
        .map(|channel| {
            dispatch(Moments {
                shape,
                channel,
                values,
            })
        })
        .unzip()
}

/// `y = x · scale + shift` for each channel, rectified if asked.
pub fn apply(
    shape: &NormShape,
    scale: &[f32],
    shift: &[f32],
    rectified: bool,
    source: &[Lane],
    target: &mut [Lane],
) {
    let size = shape.channels * shape.plane;
    let blocks = source
        .par_chunks_exact(size)
        .zip(target.par_chunks_exact_mut(size))
        .with_min_len(grain(size));
    blocks.for_each(|(source, target)| {
        dispatch(Apply {
            plane: shape.plane,
            scale,
            shift,
            rectified,
            source,
            target,
        });
    });
}

/// What the backward pass of a batch normalisation knows of the forward one.
#[derive(Clone, Copy, Debug)]
pub struct Normalized<'a> {
    /// Mean of each channel in the batch.
    pub mean: &'a [f32],
    /// `1 / √(variance + epsilon)` of each channel.
    pub inverse_deviation: &'a [f32],
    /// The trained scale.
    pub weight: &'a [f32],
    /// The trained shift.
    pub bias: &'a [f32],
    /// Whether a rectifier followed.
    pub rectified: bool,
}

/// Turns the gradient of the output into that of the input, and gives the
/// gradients of scale and shift.
pub fn backward(
    shape: &NormShape,
    norm: &Normalized<'_>,
    values: &[Lane],
    gradient: &mut [Lane],
) -> (Vec<f32>, Vec<f32>) {
    let line = |channel: usize| Line {
        scale: norm.inverse_deviation[channel] * norm.weight[channel],
        mean: norm.mean[channel],
        bias: norm.bias[channel],
        rectified: norm.rectified,
    };
    let sums: Vec<(f64, f64)> = (0..shape.channels)
        .into_par_iter()
        .with_min_len(grain(values.len() / shape.channels))
        .map(|channel| {
            let (plain, weighted) = dispatch(Slopes {
                shape,
                channel,
                line: line(channel),
                values,
                gradient,
            });
            (plain, weighted * f64::from(norm.inverse_deviation[channel]))
        })
        .collect();
    let size = shape.channels * shape.plane;
    let blocks = values
        .par_chunks_exact(size)
        .zip(gradient.par_chunks_exact_mut(size))
        .with_min_len(grain(size));
    let channels = sums.iter().enumerate().map(|(channel, (plain, weighted))| {
        let inverse = f64::from(norm.inverse_deviation[channel]);
        let slope = weighted * inverse / shape.count();
        (line(channel), (plain / shape.count()) as f32, slope as f32)
    });
    let channels: Vec<(Line, f32, f32)> = channels.collect();
    blocks.enumerate().for_each(|(block, (values, gradient))| {
        let valid = shape.samples.saturating_sub(block * LANES).min(LANES);
        dispatch(Backward {
            plane: shape.plane,
            channels: &channels,
            values,
            gradient,
        });
        if valid < LANES {
            gradient.iter_mut().for_each(|lane| lane[valid..].fill(0.0));
        }
    });
    let weight = sums.iter().map(|(_, weighted)| *weighted as f32);
    (
        weight.collect(),
        sums.iter().map(|(plain, _)| *plain as f32).collect(),
    )
}

/// The sum of the first values.
fn total(sums: Lane, valid: usize) -> f64 {
    sums[..valid].iter().map(|sum| f64::from(*sum)).sum()
}

/// Mean and biased variance of one channel.
struct Moments<'a> {
    shape: &'a NormShape,
    channel: usize,
    values: &'a [Lane],
}

impl Kernel for Moments<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> (f32, f32) {
        // Each run has its own mean, so that no sum is large beside its
        // terms; the runs' moments are then combined.
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for (run, valid) in self.shape.runs(self.values) {
            let planes = || self.shape.planes(self.channel, run);
            let size = (valid * run.len() / self.shape.channels) as f64;
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
        (mean as f32, (squares / count).max(0.0) as f32)
    }
}

/// The sum of each sample's place over some planes.
#[inline(always)]
fn sum<'a, P: Processor>(processor: P, planes: impl Iterator<Item = &'a [Lane]>) -> Lane {
    let one = processor.splat(1.0);
    let mut sums = [[processor.splat(0.0); 2]; 2];
    for plane in planes {
        for (number, lane) in plane.iter().enumerate() {
            let sums = &mut sums[number % 2];
            for half in 0..2 {
                sums[half] = processor.fuse(processor.load(lane, half), one, sums[half]);
            }
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
    let mut sums = [[processor.splat(0.0); 2]; 2];
    for plane in planes {
        for (number, lane) in plane.iter().enumerate() {
            let sums = &mut sums[number % 2];
            for half in 0..2 {
                let distance = processor.fuse(processor.load(lane, half), one, centre);
                sums[half] = processor.fuse(distance, distance, sums[half]);
            }
        }
    }
    joined(processor, sums)
}

/// Two running sums as one.
#[inline(always)]
fn joined<P: Processor>(processor: P, sums: [[P::Register; 2]; 2]) -> Lane {
    let one = processor.splat(1.0);
    let mut lane = [0.0; LANES];
    let mut halves = sums[0];
    for half in 0..2 {
        halves[half] = processor.fuse(sums[1][half], one, halves[half]);
    }
    processor.store(halves, &mut lane);
    lane
}

/// A line over each plane of a block.
struct Apply<'a> {
    plane: usize,
    scale: &'a [f32],
    shift: &'a [f32],
    rectified: bool,
    source: &'a [Lane],
    target: &'a mut [Lane],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let planes = self.source.chunks_exact(self.plane);
        let planes = planes.zip(self.target.chunks_exact_mut(self.plane));
        for ((source, target), (scale, shift)) in planes.zip(self.scale.iter().zip(self.shift)) {
            let pairs = source.as_flattened().iter().zip(target.as_flattened_mut());
            if self.rectified {
                pairs.for_each(|(source, target)| *target = (source * scale + shift).max(0.0));
            } else {
                pairs.for_each(|(source, target)| *target = source * scale + shift);
            }
        }
    }
}

/// What one channel's values went through: `(x − mean) · scale + bias`.
#[derive(Clone, Copy)]
struct Line {
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
}

/// The sums over one channel of the gradient, and of the gradient times the
/// distance to the mean.
struct Slopes<'a> {
    shape: &'a NormShape,
    channel: usize,
    line: Line,
    values: &'a [Lane],
    gradient: &'a [Lane],
}

impl Kernel for Slopes<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> (f64, f64) {
        let (mut plain, mut weighted) = (0.0, 0.0);
        let runs = self.shape.runs(self.values);
        for ((values, valid), (gradient, _)) in runs.zip(self.shape.runs(self.gradient)) {
            let values = self.shape.planes(self.channel, values);
            let planes = values.zip(self.shape.planes(self.channel, gradient));
            let sums = slopes(processor, self.line, planes);
            plain += total(sums.0, valid);
            weighted += total(sums.1, valid);
        }
        (plain, weighted)
    }
}

/// What [`Slopes`] sums, of each sample's place over some planes of values and
/// of their gradients.
#[inline(always)]
fn slopes<'a, P: Processor>(
    processor: P,
    line: Line,
    planes: impl Iterator<Item = (&'a [Lane], &'a [Lane])>,
) -> (Lane, Lane) {
    let (one, centre) = (processor.splat(1.0), processor.splat(-line.mean));
    let (mut plain, mut weighted) = (
        [[processor.splat(0.0); 2]; 2],
        [[processor.splat(0.0); 2]; 2],
    );
    for (values, gradients) in planes {
        for (number, (value, gradient)) in values.iter().zip(gradients).enumerate() {
            let mut passed = *gradient;
            if line.rectified {
                pass(&line, value, &mut passed);
            }
            let number = number % 2;
            for half in 0..2 {
                let gradient = processor.load(&passed, half);
                let distance = processor.fuse(processor.load(value, half), one, centre);
                plain[number][half] = processor.fuse(gradient, one, plain[number][half]);
                weighted[number][half] = processor.fuse(gradient, distance, weighted[number][half]);
            }
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

/// One block of the input's gradient.
struct Backward<'a> {
    plane: usize,
    /// For each channel its line, and what is taken from the gradient: a
    /// constant, and a slope over the distance to the mean.
    channels: &'a [(Line, f32, f32)],
    values: &'a [Lane],
    gradient: &'a mut [Lane],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let planes = self.values.chunks_exact(self.plane);
        let planes = planes.zip(self.gradient.chunks_exact_mut(self.plane));
        for ((values, gradient), &(line, constant, slope)) in planes.zip(self.channels) {
            let Line {
                scale,
                mean,
                rectified,
                ..
            } = line;
            let shift = line.shift();
            let pairs = values
                .as_flattened()
                .iter()
                .zip(gradient.as_flattened_mut());
            for (value, gradient) in pairs {
                let kept = !rectified || value * scale + shift > 0.0;
                let passed = if kept { *gradient } else { 0.0 };
                *gradient = scale * (passed - constant - (value - mean) * slope);
            }
        }
    }
}

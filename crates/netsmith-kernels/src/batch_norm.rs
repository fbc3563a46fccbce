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

impl NormShape {
    /// The planes of one channel, each with the number of its samples.
    fn planes<'a>(
        &self,
        channel: usize,
        values: &'a [Lane],
    ) -> impl Iterator<Item = (&'a [Lane], usize)> + use<'a> {
        let (plane, samples) = (self.plane, self.samples);
        let blocks = values.chunks_exact(self.channels * plane).enumerate();
        blocks.map(move |(block, values)| {
            let valid = samples.saturating_sub(block * LANES).min(LANES);
            (&values[channel * plane..][..plane], valid)
        })
    }

    /// Values of one channel.
    fn count(&self) -> f64 {
        (self.samples * self.plane) as f64
    }
}

/// Mean and biased variance of each channel over all samples and positions.
pub fn statistics(shape: &NormShape, values: &[Lane]) -> (Vec<f32>, Vec<f32>) {
    let channels = (0..shape.channels).into_par_iter();
    channels
        .map(|channel| {
            // Each plane has its own mean, so that no sum is large beside its
            // terms; the planes' moments are then combined.
            let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
            for (plane, valid) in shape.planes(channel, values) {
                let size = (valid * plane.len()) as f64;
                let own = total(dispatch(Sum(plane)), valid) / size;
                let around = total(dispatch(Squares(plane, own as f32)), valid);
                // The mean was rounded: its distance to the true one is taken out.
                let rounded = own - f64::from(own as f32);
                let distance = own - mean;
                squares += around - rounded * rounded * size
                    + distance * distance * count * size / (count + size);
                count += size;
                mean += distance * size / count;
            }
            (mean as f32, (squares / count).max(0.0) as f32)
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
        .zip(target.par_chunks_exact_mut(size));
    blocks.for_each(|(source, target)| {
        let planes = source.chunks_exact(shape.plane);
        let planes = planes.zip(target.chunks_exact_mut(shape.plane));
        for (channel, (source, target)) in planes.enumerate() {
            dispatch(Apply {
                scale: scale[channel],
                shift: shift[channel],
                rectified,
                source,
                target,
            });
        }
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
        .map(|channel| {
            let (mut plain, mut weighted) = (0.0, 0.0);
            let gradients = shape.planes(channel, gradient);
            for ((values, valid), (gradient, _)) in shape.planes(channel, values).zip(gradients) {
                let sums = dispatch(Sums(line(channel), values, gradient));
                plain += total(sums.0, valid);
                weighted += total(sums.1, valid);
            }
            (plain, weighted * f64::from(norm.inverse_deviation[channel]))
        })
        .collect();
    let size = shape.channels * shape.plane;
    let blocks = values
        .par_chunks_exact(size)
        .zip(gradient.par_chunks_exact_mut(size));
    blocks.enumerate().for_each(|(block, (values, gradient))| {
        let valid = shape.samples.saturating_sub(block * LANES).min(LANES);
        let planes = values.chunks_exact(shape.plane);
        let planes = planes.zip(gradient.chunks_exact_mut(shape.plane));
        for (channel, (values, gradient)) in planes.enumerate() {
            let (plain, weighted) = sums[channel];
            let inverse = f64::from(norm.inverse_deviation[channel]);
            dispatch(Backward {
                line: line(channel),
                constant: (plain / shape.count()) as f32,
                slope: (weighted * inverse / shape.count()) as f32,
                values,
                gradient,
            });
            if valid < LANES {
                gradient.iter_mut().for_each(|lane| lane[valid..].fill(0.0));
            }
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

/// The sum of each sample over a plane.
struct Sum<'a>(&'a [Lane]);

impl Kernel for Sum<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> Lane {
        let one = processor.splat(1.0);
        let mut sums = [[processor.splat(0.0); 2]; 2];
        for (number, lane) in self.0.iter().enumerate() {
            let sums = &mut sums[number % 2];
            for half in 0..2 {
                sums[half] = processor.fuse(processor.load(lane, half), one, sums[half]);
            }
        }
        joined(processor, sums)
    }
}

/// The sum of squared distances to a value of each sample over a plane.
struct Squares<'a>(&'a [Lane], f32);

impl Kernel for Squares<'_> {
    type Output = Lane;

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> Lane {
        let (one, centre) = (processor.splat(1.0), processor.splat(-self.1));
        let mut sums = [[processor.splat(0.0); 2]; 2];
        for (number, lane) in self.0.iter().enumerate() {
            let sums = &mut sums[number % 2];
            for half in 0..2 {
                let distance = processor.fuse(processor.load(lane, half), one, centre);
                sums[half] = processor.fuse(distance, distance, sums[half]);
            }
        }
        joined(processor, sums)
    }
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

/// A line over one plane.
struct Apply<'a> {
    scale: f32,
    shift: f32,
    rectified: bool,
    source: &'a [Lane],
    target: &'a mut [Lane],
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let (scale, shift) = (self.scale, self.shift);
        let source = self.source.as_flattened().iter();
        let pairs = source.zip(self.target.as_flattened_mut());
        if self.rectified {
            pairs.for_each(|(source, target)| *target = (source * scale + shift).max(0.0));
        } else {
            pairs.for_each(|(source, target)| *target = source * scale + shift);
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

/// The sums of each sample over a plane of the gradient, and of the gradient
/// times the distance to the mean.
struct Sums<'a>(Line, &'a [Lane], &'a [Lane]);

impl Kernel for Sums<'_> {
    type Output = (Lane, Lane);

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) -> (Lane, Lane) {
        let Self(line, values, gradients) = self;
        let (one, centre) = (processor.splat(1.0), processor.splat(-line.mean));
        let (mut plain, mut weighted) = (
            [[processor.splat(0.0); 2]; 2],
            [[processor.splat(0.0); 2]; 2],
        );
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
        (joined(processor, plain), joined(processor, weighted))
    }
}

/// Zero where the rectifier was zero.
#[inline(always)]
fn pass(line: &Line, value: &Lane, gradient: &mut Lane) {
    for lane in 0..LANES {
        let kept = value[lane] * line.scale + line.shift() > 0.0;
        gradient[lane] = if kept { gradient[lane] } else { 0.0 };
    }
}

/// One plane of the input's gradient.
struct Backward<'a> {
    line: Line,
    constant: f32,
    slope: f32,
    values: &'a [Lane],
    gradient: &'a mut [Lane],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let Line {
            scale,
            mean,
            rectified,
            ..
        } = self.line;
        let (constant, slope, shift) = (self.constant, self.slope, self.line.shift());
        let values = self.values.as_flattened().iter();
        for (value, gradient) in values.zip(self.gradient.as_flattened_mut()) {
            let kept = !rectified || value * scale + shift > 0.0;
            let passed = if kept { *gradient } else { 0.0 };
            *gradient = scale * (passed - constant - (value - mean) * slope);
        }
    }
}

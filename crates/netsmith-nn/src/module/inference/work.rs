//! What one step of an inference computes.

use super::super::activation;
use netsmith::network::operation::Activation;
use netsmith_kernels::Window;
use netsmith_kernels::channels_last::{
    Convolution, Octet, average_pool, global_pool, max_pool, octets,
};

/// One step: reads some buffers and writes another.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) sources: Vec<usize>,
    pub(super) target: usize,
}

/// What a step computes.
#[derive(Debug)]
pub(super) enum Work {
    /// A convolution or linear layer, with what is folded into it.
    Convolution(Box<Convolution>),
    /// A batch norm by itself.
    Line {
        scale: Vec<Octet>,
        shift: Vec<Octet>,
        rectified: bool,
    },
    Activation(Activation),
    MaxPool(Window),
    AvgPool(Window),
    GlobalPool,
    Add,
    /// The product; the second source may have one position for all.
    Multiply,
    /// Sources of so many channels behind each other.
    Concat(Vec<usize>),
    Zero,
    /// An image of this height and width moved up and left by one pixel.
    Shift([usize; 2]),
}

impl Step {
    pub(super) fn run(&self, buffers: &[Vec<Octet>], room: &mut Vec<Octet>, target: &mut [Octet]) {
        let source = |at: usize| &buffers[self.sources[at]][..];
        match &self.work {
            Work::Convolution(it) => it.run(source(0), room, target),
            Work::Line {
                scale,
                shift,
                rectified,
            } => line(scale, shift, *rectified, source(0), target),
            Work::Activation(kind) => {
                target.copy_from_slice(source(0));
                activation::apply(*kind, target.as_flattened_mut());
            }
            Work::MaxPool(window) => {
                let octets = source(0).len() / window.input_plane();
                max_pool(window, octets, source(0), target);
            }
            Work::AvgPool(window) => {
                let octets = source(0).len() / window.input_plane();
                average_pool(window, octets, source(0), target);
            }
            Work::GlobalPool => global_pool(source(0), target),
            Work::Add => {
                target.copy_from_slice(source(0));
                for at in 1..self.sources.len() {
                    let pairs = target.as_flattened_mut().iter_mut();
                    pairs
                        .zip(source(at).as_flattened())
                        .for_each(|(sum, value)| *sum += value);
                }
            }
            Work::Multiply => {
                let factors = source(1);
                let values = source(0).chunks_exact(factors.len());
                for (target, values) in target.chunks_exact_mut(factors.len()).zip(values) {
                    let pairs = values.as_flattened().iter().zip(factors.as_flattened());
                    let products = target.as_flattened_mut().iter_mut().zip(pairs);
                    products.for_each(|(target, (a, b))| *target = a * b);
                }
            }
            Work::Concat(channels) => {
                let width = octets(channels.iter().sum());
                let mut first = 0;
                for (at, &channels) in channels.iter().enumerate() {
                    let own = octets(channels);
                    let positions = source(at).chunks_exact(own);
                    for (source, target) in positions.zip(target.chunks_exact_mut(width)) {
                        target.as_flattened_mut()[first..first + channels]
                            .copy_from_slice(&source.as_flattened()[..channels]);
                    }
                    first += channels;
                }
            }
            Work::Zero => target.fill([0.0; 8]),
            Work::Shift([height, width]) => {
                target.fill([0.0; 8]);
                let octets = target.len() / (height * width);
                let row = width * octets;
                let rows = source(0).chunks_exact(row).skip(1);
                for (source, target) in rows.zip(target.chunks_exact_mut(row)) {
                    target[..row - octets].copy_from_slice(&source[octets..]);
                }
            }
        }
    }
}

/// `scale · source + shift` for each channel.
fn line(scale: &[Octet], shift: &[Octet], rectified: bool, source: &[Octet], target: &mut [Octet]) {
    let least = if rectified { 0.0 } else { f32::NEG_INFINITY };
    let positions = source.chunks_exact(scale.len());
    for (source, target) in positions.zip(target.chunks_exact_mut(scale.len())) {
        for (octet, (source, target)) in source.iter().zip(target).enumerate() {
            for lane in 0..8 {
                let value = source[lane] * scale[octet][lane] + shift[octet][lane];
                target[lane] = value.max(least);
            }
        }
    }
}

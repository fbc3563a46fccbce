//! Softmax over the channels of each position, or the positions of each channel.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::activation;
use netsmith::network::operation::Softmax;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::channels_last::{Octet, octets};
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

impl Trainable for Softmax {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [samples, channels, height, width] = x.dims();
        Value::new(match self {
            Self::OverChannels => activation::softmax(x, 1),
            Self::OverPositions => {
                let rows = x.reshape([samples, channels, height * width]);
                activation::softmax(rows, 2).reshape([samples, channels, height, width])
            }
        })
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.reuse(node, pass.first(node));
        value.edit(|values| {
            let groups = Groups::of(*self, pass.shape(node));
            let blocks = values.par_chunks_exact_mut(groups.size());
            blocks.for_each(|block| {
                for first in groups.firsts() {
                    share_out(&groups, first, block);
                }
            });
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, mut gradient: Slot) {
        gradient.edit(|gradient| {
            let groups = Groups::of(*self, pass.shape(node));
            let blocks = gradient.par_chunks_exact_mut(groups.size());
            let blocks = blocks.zip(pass.read(node).par_chunks_exact(groups.size()));
            blocks.for_each(|(gradient, shares)| {
                for first in groups.firsts() {
                    slope(&groups, first, shares, gradient);
                }
            });
        });
        pass.deliver(pass.first(node), gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Output
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(match self {
            Self::OverChannels => Channels::Fixed,
            Self::OverPositions => Channels::Each,
        })
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let channels = compiler.layout(node).channels();
        let softmax = *self;
        Some(compiler.draft(node, Single { softmax, channels }))
    }
}

/// Which values of a sample sum to one.
#[derive(Clone, Copy, Debug)]
struct Groups {
    channels: usize,
    plane: usize,
    softmax: Softmax,
}

impl Groups {
    fn of(softmax: Softmax, shape: Shape) -> Self {
        Self {
            channels: shape.channels(),
            plane: shape.positions().iter().product(),
            softmax,
        }
    }

    /// Values of a sample.
    fn size(&self) -> usize {
        self.channels * self.plane
    }

    /// The first value of each group.
    fn firsts(&self) -> impl Iterator<Item = usize> + use<> {
        match self.softmax {
            Softmax::OverChannels => (0..self.plane).step_by(1),
            Softmax::OverPositions => (0..self.size()).step_by(self.plane),
        }
    }

    /// The places of a group's values.
    fn places(&self, first: usize) -> impl Iterator<Item = usize> + use<> {
        match self.softmax {
            Softmax::OverChannels => (first..self.size()).step_by(self.plane),
            Softmax::OverPositions => (first..first + self.plane).step_by(1),
        }
    }
}

/// The softmax of one group, in place.
fn share_out(groups: &Groups, first: usize, values: &mut [Lane]) {
    let mut most = [f32::NEG_INFINITY; LANES];
    for at in groups.places(first) {
        for lane in 0..LANES {
            most[lane] = most[lane].max(values[at][lane]);
        }
    }
    let mut sums = [0.0; LANES];
    for at in groups.places(first) {
        for lane in 0..LANES {
            values[at][lane] = (values[at][lane] - most[lane]).exp();
            sums[lane] += values[at][lane];
        }
    }
    for at in groups.places(first) {
        for lane in 0..LANES {
            values[at][lane] /= sums[lane];
        }
    }
}

/// Turns the gradient of one group's shares into that of its values.
fn slope(groups: &Groups, first: usize, shares: &[Lane], gradient: &mut [Lane]) {
    let mut mean = [0.0; LANES];
    for at in groups.places(first) {
        for lane in 0..LANES {
            mean[lane] += shares[at][lane] * gradient[at][lane];
        }
    }
    for at in groups.places(first) {
        for lane in 0..LANES {
            gradient[at][lane] = shares[at][lane] * (gradient[at][lane] - mean[lane]);
        }
    }
}

/// The softmax of single samples.
#[derive(Debug)]
struct Single {
    softmax: Softmax,
    channels: usize,
}

impl Work for Single {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        target.copy_from_slice(sources.get(0));
        let width = octets(self.channels) * 8;
        let values = target.as_flattened_mut();
        match self.softmax {
            Softmax::OverChannels => {
                let positions = values.chunks_exact_mut(width);
                positions.for_each(|values| divide(values, 0..self.channels));
            }
            Softmax::OverPositions => {
                let size = values.len();
                for channel in 0..self.channels {
                    divide(values, (channel..size).step_by(width));
                }
            }
        }
    }
}

/// The softmax of the values at some places.
fn divide(values: &mut [f32], places: impl Iterator<Item = usize> + Clone) {
    let most = places
        .clone()
        .fold(f32::NEG_INFINITY, |most, at| most.max(values[at]));
    let mut sum = 0.0;
    for at in places.clone() {
        values[at] = (values[at] - most).exp();
        sum += values[at];
    }
    places.for_each(|at| values[at] /= sum);
}

//! Fully connected layers.
//!
//! A thread computes some channels for all blocks, so that one block is shared
//! among threads too, and a batch that fits into the cache is read from there:
//!
//! ```text
//! forward            y[o] = b[o] + Σ_i w[o, i] · x[i]
//! gradient of input  x'[i] = Σ_o w[o, i] · y'[o]
//! gradient of weight w'[o, i] = Σ_sample y'[o, sample] · x[i, sample]
//! ```
//!
//! The first two sum a tile of six channels of sixteen samples in registers, the
//! last one a tile of sixteen outputs and six features, for which the outputs'
//! gradient is turned so that they lie side by side.

use crate::convolution::tiles;
use crate::part::{Part, parts};
use crate::processor::{Kernel, Processor, dispatch};
use crate::{Buffer, LANES, Lane};
use rayon::prelude::*;

/// The most channels whose sums are held in registers together: each of them reads a
/// row of weights of its own, and a processor has few registers for addresses.
const MOST: usize = 8;

/// The channels of a tile.
const fn tile<P: Processor>() -> usize {
    if P::TILE < MOST { P::TILE } else { MOST }
}

/// Channels that a thread computes at the least.
const SHARE: usize = LANES;

/// Multiplications of lanes that a thread takes at the least: fewer are done
/// before another thread has woken.
const GRAIN: usize = 1 << 15;

/// Features between two looks at the end of a row.
const STRIDE: usize = 4;

/// How many shares of a product of this many lanes a thread takes at the least.
fn least(products: usize) -> usize {
    GRAIN.div_ceil((SHARE * products).max(1))
}

/// `target = weights · source + bias`.
///
/// # Shapes
/// `source` is blocks of `[features]`, `weights` `[out, features]`, `bias`
/// `[out]`, `target` blocks of `[out]`.
pub fn forward(
    [out, features]: [usize; 2],
    source: &[Lane],
    weights: &[f32],
    bias: Option<&[f32]>,
    target: &mut [Lane],
) {
    let shares = parts(target, out, SHARE, 1).into_par_iter();
    let shares = shares.zip(weights.par_chunks(SHARE * features));
    shares
        .with_min_len(least(source.len()))
        .for_each(|(part, weights)| {
            let bias = bias.map(|bias| &bias[part.first..]);
            dispatch(Forward {
                features,
                source,
                weights,
                bias,
                part,
            });
        });
}

/// The gradient of the input from that of the output, `source`.
///
/// # Shapes
/// As in [`forward`], with the output's gradient as `source` and the input's as
/// `target`.
pub fn backward_input(
    [out, features]: [usize; 2],
    source: &[Lane],
    weights: &[f32],
    target: &mut [Lane],
) {
    parts(target, features, SHARE, 1)
        .into_par_iter()
        .with_min_len(least(source.len()))
        .for_each(|part| {
            dispatch(BackwardInput {
                sizes: [out, features],
                source,
                weights,
                part,
            });
        });
}

/// The gradients of the weights and, where it is wanted, of the bias.
///
/// # Shapes
/// `input` is blocks of `[features]`, `gradient` blocks of `[out]`, `weights`
/// `[out, features]`, `bias` `[out]`.
pub fn backward_weights(
    [out, features]: [usize; 2],
    input: &[Lane],
    gradient: &[Lane],
    weights: &mut [f32],
    bias: Option<&mut [f32]>,
) {
    let shares = weights.par_chunks_mut(SHARE * features).enumerate();
    let shares = shares.with_min_len(least(input.len()));
    let product = |number: usize, weights: &mut [f32], bias: Option<&mut [f32]>| {
        dispatch(BackwardWeights {
            sizes: [out, features],
            first: number * SHARE,
            input,
            gradient,
            weights,
            bias,
        });
    };
    match bias {
        Some(bias) => shares
            .zip(bias.par_chunks_mut(SHARE))
            .for_each(|((number, weights), bias)| product(number, weights, Some(bias))),
        None => shares.for_each(|(number, weights)| product(number, weights, None)),
    }
}

/// Some outputs of a layer.
struct Forward<'a> {
    features: usize,
    source: &'a [Lane],
    /// The rows of these outputs.
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    part: Part<'a>,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let sources = self.source.chunks_exact(self.features);
        for (source, target) in sources.zip(self.part.blocks) {
            let mut first = 0;
            for size in tiles(target.len(), tile::<P>()) {
                let rows = &self.weights[first * self.features..];
                let bias = self.bias.map(|bias| &bias[first..]);
                let target = &mut target[first..first + size];
                match size {
                    1 => outputs::<P, 1>(processor, source, rows, bias, target),
                    2 => outputs::<P, 2>(processor, source, rows, bias, target),
                    3 => outputs::<P, 3>(processor, source, rows, bias, target),
                    4 => outputs::<P, 4>(processor, source, rows, bias, target),
                    5 => outputs::<P, 5>(processor, source, rows, bias, target),
                    6 => outputs::<P, 6>(processor, source, rows, bias, target),
                    _ if P::TILE <= 6 => {}
                    7 => outputs::<P, 7>(processor, source, rows, bias, target),
                    _ => outputs::<P, MOST>(processor, source, rows, bias, target),
                }
                first += size;
            }
        }
    }
}

/// `R` outputs of one block.
#[inline(always)]
fn outputs<P: Processor, const R: usize>(
    processor: P,
    source: &[Lane],
    weights: &[f32],
    bias: Option<&[f32]>,
    target: &mut [Lane],
) {
    let mut sums = [processor.splat(0.0); R];
    if let Some(bias) = bias {
        for r in 0..R {
            sums[r] = processor.splat(bias[r]);
        }
    }
    let mut rows: [&[f32]; R] = [&[]; R];
    for r in 0..R {
        rows[r] = &weights[r * source.len()..][..source.len()];
    }
    let (groups, rest) = source.as_chunks::<STRIDE>();
    for (number, group) in groups.iter().enumerate() {
        let mut own = [&[0.0; STRIDE]; R];
        for r in 0..R {
            own[r] = &rows[r].as_chunks().0[number];
        }
        for at in 0..STRIDE {
            let mut weights = [0.0; R];
            for r in 0..R {
                weights[r] = own[r][at];
            }
            add(processor, &group[at], &weights, &mut sums);
        }
    }
    for (number, value) in rest.iter().enumerate() {
        let mut weights = [0.0; R];
        for r in 0..R {
            weights[r] = rows[r][groups.len() * STRIDE + number];
        }
        add(processor, value, &weights, &mut sums);
    }
    for (sums, target) in sums.iter().zip(target) {
        processor.store(*sums, target);
    }
}

/// The gradients of some features.
struct BackwardInput<'a> {
    sizes: [usize; 2],
    source: &'a [Lane],
    weights: &'a [f32],
    part: Part<'a>,
}

impl Kernel for BackwardInput<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) {
        // The weights of a tile, those that one output meets side by side.
        let mut room = vec![0.0; self.sizes[0] * MOST];
        let mut first = 0;
        for size in tiles(self.part.channels, tile::<P>()) {
            match size {
                1 => self.tile::<P, 1>(processor, first, &mut room),
                2 => self.tile::<P, 2>(processor, first, &mut room),
                3 => self.tile::<P, 3>(processor, first, &mut room),
                4 => self.tile::<P, 4>(processor, first, &mut room),
                5 => self.tile::<P, 5>(processor, first, &mut room),
                6 => self.tile::<P, 6>(processor, first, &mut room),
                _ if P::TILE <= 6 => {}
                7 => self.tile::<P, 7>(processor, first, &mut room),
                _ => self.tile::<P, MOST>(processor, first, &mut room),
            }
            first += size;
        }
    }
}

impl BackwardInput<'_> {
    #[inline(always)]
    fn tile<P: Processor, const R: usize>(&mut self, processor: P, first: usize, room: &mut [f32]) {
        let [out, features] = self.sizes;
        let (weights, _) = room.as_chunks_mut::<R>();
        let weights = &mut weights[..out];
        let rows = self.weights.chunks_exact(features);
        for (weights, row) in weights.iter_mut().zip(rows) {
            weights.copy_from_slice(&row[self.part.first + first..][..R]);
        }
        let sources = self.source.chunks_exact(out);
        for (source, target) in sources.zip(&mut self.part.blocks) {
            let mut sums = [processor.splat(0.0); R];
            for (value, weights) in source.iter().zip(&*weights) {
                add(processor, value, weights, &mut sums);
            }
            for (sums, target) in sums.iter().zip(&mut target[first..]) {
                processor.store(*sums, target);
            }
        }
    }
}

/// The gradients of some rows of the weights.
struct BackwardWeights<'a> {
    sizes: [usize; 2],
    /// The first row.
    first: usize,
    input: &'a [Lane],
    gradient: &'a [Lane],
    /// At most [`LANES`] rows.
    weights: &'a mut [f32],
    bias: Option<&'a mut [f32]>,
}

impl Kernel for BackwardWeights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) {
        let turned = self.turned();
        if let Some(bias) = &mut self.bias {
            let mut sums = [0.0; LANES];
            for sample in &*turned {
                for (sum, value) in sums.iter_mut().zip(sample) {
                    *sum += value;
                }
            }
            bias.copy_from_slice(&sums[..bias.len()]);
        }
        let mut first = 0;
        for size in tiles(self.sizes[1], tile::<P>()) {
            match size {
                1 => self.tile::<P, 1>(processor, &turned, first),
                2 => self.tile::<P, 2>(processor, &turned, first),
                3 => self.tile::<P, 3>(processor, &turned, first),
                4 => self.tile::<P, 4>(processor, &turned, first),
                5 => self.tile::<P, 5>(processor, &turned, first),
                6 => self.tile::<P, 6>(processor, &turned, first),
                _ if P::TILE <= 6 => {}
                7 => self.tile::<P, 7>(processor, &turned, first),
                _ => self.tile::<P, MOST>(processor, &turned, first),
            }
            first += size;
        }
    }
}

impl BackwardWeights<'_> {
    /// For each sample the gradients of these outputs, side by side; zeros fill
    /// them up.
    #[inline(always)]
    fn turned(&self) -> Buffer {
        let [out, features] = self.sizes;
        let rows = self.weights.len() / features;
        let mut turned = Buffer::zeroed(self.gradient.len() / out * LANES);
        let blocks = turned.chunks_exact_mut(LANES);
        for (turned, gradient) in blocks.zip(self.gradient.chunks_exact(out)) {
            let gradient = &gradient[self.first..self.first + rows];
            for (row, gradient) in gradient.iter().enumerate() {
                for (turned, value) in turned.iter_mut().zip(gradient) {
                    turned[row] = *value;
                }
            }
        }
        turned
    }

    /// The gradients of `R` features in all rows.
    #[inline(always)]
    fn tile<P: Processor, const R: usize>(&mut self, processor: P, turned: &[Lane], first: usize) {
        let features = self.sizes[1];
        let mut sums = [processor.splat(0.0); R];
        let (blocks, _) = turned.as_chunks::<LANES>();
        for (input, gradients) in self.input.chunks_exact(features).zip(blocks) {
            let mut values = [&[0.0; LANES]; R];
            for r in 0..R {
                values[r] = &input[first + r];
            }
            for sample in 0..LANES {
                let mut own = [0.0; R];
                for r in 0..R {
                    own[r] = values[r][sample];
                }
                add(processor, &gradients[sample], &own, &mut sums);
            }
        }
        let mut columns = [[0.0; LANES]; R];
        for r in 0..R {
            processor.store(sums[r], &mut columns[r]);
        }
        for (row, weights) in self.weights.chunks_exact_mut(features).enumerate() {
            let weights = &mut weights[first..first + R];
            for r in 0..R {
                weights[r] = columns[r][row];
            }
        }
    }
}

/// Adds a lane, weighted, to each sum of a tile.
#[inline(always)]
fn add<P: Processor, const R: usize>(
    processor: P,
    value: &Lane,
    weights: &[f32; R],
    sums: &mut [P::Wide; R],
) {
    let value = processor.load(value);
    for r in 0..R {
        sums[r] = processor.fuse(processor.splat(weights[r]), value, sums[r]);
    }
}

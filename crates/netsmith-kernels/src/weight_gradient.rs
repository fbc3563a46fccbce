//! The gradient of a convolution's weights.
//!
//! `dweight[o, c, tap] = Σ_position gradient[o, position] · input[c, position + tap]`:
//! a matrix product whose long axis is the positions. A tile of output channels
//! and of pairs (input channel, tap) is summed in registers over some rows that
//! stay in the cache meanwhile.

use crate::convolution::ConvolutionShape;
use crate::processor::{Kernel, Processor, dispatch};
use crate::window::Window;
use crate::{LANES, Lane};
use rayon::prelude::*;

/// Output channels of a tile.
const OUT: usize = 4;
/// Pairs of an input channel and a tap in a tile.
const PAIRS: usize = 3;
/// Positions over which a tile is summed before the next: the rows of four
/// output channels then stay in the first cache.
const POSITIONS: usize = 64;
/// What lies outside the input; not a constant, so that it has an address like
/// all other values.
static OUTSIDE: Lane = [0.0; LANES];
/// The gradient of a convolution's weights.
///
/// # Shapes
/// `input` is blocks of `[channels, height, width]`, `gradient` blocks of
/// `[out, height, width]` of the output, `weights` `[out, channels / groups, kernel, kernel]`.
pub fn backward_weights(
    shape: &ConvolutionShape,
    input: &[Lane],
    gradient: &[Lane],
    weights: &mut [f32],
) {
    let columns = shape.channels / shape.groups * shape.window.taps();
    let group_out = shape.out / shape.groups;
    // Each thread sums some output channels over all blocks, in the same order
    // however many threads there are.
    let share = shape.out.div_ceil(rayon::current_num_threads());
    let parts = weights.par_chunks_mut(share.next_multiple_of(OUT) * columns);
    parts.enumerate().for_each(|(number, weights)| {
        weights.fill(0.0);
        let first = number * share.next_multiple_of(OUT);
        let end = first + weights.len() / columns;
        for group in first / group_out..end.div_ceil(group_out) {
            let outs = first.max(group * group_out)..end.min((group + 1) * group_out);
            let weights =
                &mut weights[(outs.start - first) * columns..(outs.end - first) * columns];
            product(shape, group, outs, input, gradient, weights);
        }
    });
}

/// Some output channels of one group, summed over all blocks.
fn product(
    shape: &ConvolutionShape,
    group: usize,
    outs: std::ops::Range<usize>,
    input: &[Lane],
    gradient: &[Lane],
    weights: &mut [f32],
) {
    let window = &shape.window;
    let (read, written) = (window.input_plane(), window.output_plane());
    let channels = shape.channels / shape.groups;
    let pairs = pairs(channels, window);
    let inputs = input.chunks_exact(shape.channels * read);
    let gradients = gradient.chunks_exact(shape.out * written);
    for (input, gradient) in inputs.zip(gradients) {
        dispatch(Product {
            window,
            pairs: &pairs,
            out: outs.len(),
            input: &input[group * channels * read..][..channels * read],
            gradient: &gradient[outs.start * written..outs.end * written],
            weights,
        });
    }
}

/// All pairs in the order of the weights.
fn pairs(channels: usize, window: &Window) -> Vec<Pair> {
    let [height, width] = window.kernel;
    let mut pairs = Vec::with_capacity(channels * height * width);
    for channel in 0..channels {
        for ky in 0..height {
            pairs.extend((0..width).map(|kx| Pair { channel, ky, kx }));
        }
    }
    pairs
}

/// One group of one block.
struct Product<'a> {
    window: &'a Window,
    pairs: &'a [Pair],
    out: usize,
    input: &'a [Lane],
    gradient: &'a [Lane],
    weights: &'a mut [f32],
}

/// A pair of an input channel and a tap.
#[derive(Clone, Copy)]
struct Pair {
    channel: usize,
    ky: usize,
    kx: usize,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) {
        let [height, width] = self.window.output;
        let rows = (POSITIONS / width).max(1);
        for first in (0..height).step_by(rows) {
            let rows = first..(first + rows).min(height);
            let mut out = 0;
            while out < self.out {
                let size = (self.out - out).min(OUT);
                for (number, tile) in self.pairs.chunks(PAIRS).enumerate() {
                    let at = (out, number * PAIRS);
                    match (size, tile.len()) {
                        (4, 3) => self.tile::<P, 4, 3>(processor, rows.clone(), tile, at),
                        (4, 2) => self.tile::<P, 4, 2>(processor, rows.clone(), tile, at),
                        (4, _) => self.tile::<P, 4, 1>(processor, rows.clone(), tile, at),
                        (3, 3) => self.tile::<P, 3, 3>(processor, rows.clone(), tile, at),
                        (3, 2) => self.tile::<P, 3, 2>(processor, rows.clone(), tile, at),
                        (3, _) => self.tile::<P, 3, 1>(processor, rows.clone(), tile, at),
                        (2, 3) => self.tile::<P, 2, 3>(processor, rows.clone(), tile, at),
                        (2, 2) => self.tile::<P, 2, 2>(processor, rows.clone(), tile, at),
                        (2, _) => self.tile::<P, 2, 1>(processor, rows.clone(), tile, at),
                        (_, 3) => self.tile::<P, 1, 3>(processor, rows.clone(), tile, at),
                        (_, 2) => self.tile::<P, 1, 2>(processor, rows.clone(), tile, at),
                        (_, _) => self.tile::<P, 1, 1>(processor, rows.clone(), tile, at),
                    }
                }
                out += size;
            }
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn tile<P: Processor, const R: usize, const T: usize>(
        &mut self,
        processor: P,
        rows: std::ops::Range<usize>,
        pairs: &[Pair],
        (out, first): (usize, usize),
    ) {
        let window = self.window;
        let [_, width] = window.output;
        let plane = window.output_plane();
        // Positions before the first column wrap to numbers that no row has.
        let mut shift = [0; T];
        for (shift, pair) in shift.iter_mut().zip(pairs) {
            *shift = (pair.kx * window.dilation).wrapping_sub(window.before[1]);
        }
        let mut sums = [[processor.splat(0.0); T]; R];
        for y in rows {
            let mut sources: [&[Lane]; T] = [&[]; T];
            for (source, pair) in sources.iter_mut().zip(pairs) {
                *source = self.row(*pair, y);
            }
            let mut gradients: [&[Lane]; R] = [&[]; R];
            for (r, gradient) in gradients.iter_mut().enumerate() {
                *gradient = &self.gradient[(out + r) * plane + y * width..][..width];
            }
            // Where every tap meets the input nothing need be asked of a column.
            let inside = self.inside(pairs, &sources);
            for x in (0..inside.start).chain(inside.end..width) {
                let column = x * window.stride[1];
                let mut values = [&OUTSIDE; T];
                for t in 0..T {
                    if let Some(value) = sources[t].get(column.wrapping_add(shift[t])) {
                        values[t] = value;
                    }
                }
                let gradients = gradients.map(|gradient| &gradient[x]);
                add(processor, values, gradients, &mut sums);
            }
            if inside.is_empty() {
                continue;
            }
            for t in 0..T {
                sources[t] = &sources[t][inside.start.wrapping_add(shift[t])..][..inside.len()];
            }
            for gradient in &mut gradients {
                *gradient = &gradient[inside.clone()];
            }
            for x in 0..inside.len() {
                let values = sources.map(|source| &source[x]);
                add(
                    processor,
                    values,
                    gradients.map(|gradient| &gradient[x]),
                    &mut sums,
                );
            }
        }
        let columns = self.pairs.len();
        for r in 0..R {
            for t in 0..T {
                self.weights[(out + r) * columns + first + t] += processor.total(sums[r][t]);
            }
        }
    }

    /// The columns of the output, side by side in the input too, in which all
    /// pairs read an element of their rows.
    #[inline(always)]
    fn inside(&self, pairs: &[Pair], sources: &[&[Lane]]) -> std::ops::Range<usize> {
        let window = self.window;
        if window.stride[1] != 1 || sources.iter().any(|source| source.is_empty()) {
            return 0..0;
        }
        let (mut start, mut end) = (0, window.output[1]);
        for pair in pairs {
            let shift = pair.kx * window.dilation;
            start = start.max(window.before[1].saturating_sub(shift));
            end = end.min((window.input[1] + window.before[1]).saturating_sub(shift));
        }
        start.min(end)..end
    }

    /// The input row that a pair reads for row `y` of the output; empty outside.
    #[inline(always)]
    fn row(&self, pair: Pair, y: usize) -> &[Lane] {
        let [height, width] = self.window.input;
        let row = (y * self.window.stride[0] + pair.ky * self.window.dilation)
            .wrapping_sub(self.window.before[0]);
        if row < height {
            &self.input[(pair.channel * height + row) * width..][..width]
        } else {
            &[]
        }
    }
}

/// Adds the products of some gradients with some values.
#[inline(always)]
fn add<P: Processor, const R: usize, const T: usize>(
    processor: P,
    values: [&Lane; T],
    gradients: [&Lane; R],
    sums: &mut [[P::Register; T]; R],
) {
    for half in 0..2 {
        let mut taken = [processor.splat(0.0); T];
        for t in 0..T {
            taken[t] = processor.load(values[t], half);
        }
        for r in 0..R {
            let gradient = processor.load(gradients[r], half);
            for t in 0..T {
                sums[r][t] = processor.fuse(gradient, taken[t], sums[r][t]);
            }
        }
    }
}

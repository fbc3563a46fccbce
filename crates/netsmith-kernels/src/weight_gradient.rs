//! The gradient of a convolution's weights.
//!
//! `dweight[o, c, tap] = Σ_position gradient[o, position] · input[c, position + tap]`:
//! a matrix product whose long axis is the positions. A tile of output channels
//! and of pairs (input channel, tap) is summed in registers over some rows that
//! stay in the cache meanwhile:
//!
//! ```text
//! for each part of the batch, some rows or some blocks
//!     copied <- the input of these rows with its padding, where it has one, so that
//!               nothing is asked of a position
//!               the gradient, the channels of a tile side by side, where it has some
//!     for each tile of channels, for each tile of pairs
//!         weights += Σ over the part of gradient · input
//! ```

use crate::convolution::ConvolutionShape;
use crate::processor::{Kernel, Processor, dispatch, total};
use crate::window::Window;
use crate::{Buffer, LANES, Lane};
use rayon::prelude::*;
use std::ops::Range;

/// Output channels of a tile.
const OUT: usize = 4;
/// Positions over which a tile is summed before the next: the gradients of a tile then
/// stay in the first cache.
const POSITIONS: usize = 128;

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
            dispatch(Product {
                shape,
                group,
                outs,
                input,
                gradient,
                weights,
            });
        }
    });
}

/// Some output channels of one group, summed over all blocks.
struct Product<'a> {
    shape: &'a ConvolutionShape,
    group: usize,
    outs: Range<usize>,
    input: &'a [Lane],
    gradient: &'a [Lane],
    weights: &'a mut [f32],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let window = &self.shape.window;
        let channels = self.shape.channels / self.shape.groups;
        let plane = window.output_plane();
        let all = self.gradient.len() / (self.shape.out * plane);
        let [height, width] = window.output;
        let rows = (POSITIONS / width).clamp(1, height);
        let together = (POSITIONS / plane).clamp(1, all.max(1));
        let inside = (0..2).all(|axis| {
            window.before[axis] == 0
                && reach(window, axis, window.output[axis]) <= window.input[axis]
        });
        let mut part = Sums::new(self.shape, channels, self.outs.len(), inside, rows);
        let alone = self.outs.len() == 1;
        let mut input = Buffer::zeroed(if inside {
            0
        } else {
            together * part.input.block
        });
        let mut gradient = Buffer::zeroed(if alone {
            0
        } else {
            together * rows * width * part.outs
        });
        for first in (0..all).step_by(together) {
            let blocks = first..(first + together).min(all);
            for top in (0..height).step_by(rows) {
                part.blocks = blocks.len();
                part.rows = rows.min(height - top);
                let place = |block: usize| {
                    let input = (block * self.shape.channels + self.group * channels)
                        * window.input_plane();
                    let gradient = (block * self.shape.out + self.outs.start) * plane;
                    (
                        &self.input[input..],
                        &self.gradient[gradient + top * width..],
                    )
                };
                for (at, block) in blocks.clone().enumerate() {
                    let (source, arriving) = place(block);
                    if !inside {
                        part.pad(source, top, &mut input[at * part.input.block..]);
                    }
                    if !alone {
                        part.turn(at, arriving, plane, &mut gradient);
                    }
                }
                let (source, arriving) = place(blocks.start);
                let input = match inside {
                    true => &source[top * window.stride[0] * window.input[1]..],
                    false => &input,
                };
                let gradient = if alone { arriving } else { &gradient };
                part.add(processor, input, gradient, self.weights);
            }
        }
    }
}

/// How much of the input so many windows reach along an axis.
fn reach(window: &Window, axis: usize, positions: usize) -> usize {
    (positions - 1) * window.stride[axis] + (window.kernel[axis] - 1) * window.dilation + 1
}

/// Distances in the input as it is read.
struct Steps {
    block: usize,
    row: usize,
}

/// The sums over rows of some blocks.
struct Sums<'a> {
    window: &'a Window,
    channels: usize,
    outs: usize,
    /// Blocks at hand.
    blocks: usize,
    /// Rows of the output at hand.
    rows: usize,
    input: Steps,
    /// From block to block of the gradient, where it is read as it is.
    gradient: usize,
    /// For each pair of an input channel and a tap the distance from the first value.
    pairs: Vec<usize>,
}

impl<'a> Sums<'a> {
    /// Sums of at most so many rows, the input as it is or with its padding.
    fn new(
        shape: &'a ConvolutionShape,
        channels: usize,
        outs: usize,
        inside: bool,
        rows: usize,
    ) -> Self {
        let window = &shape.window;
        let padded = [reach(window, 0, rows), reach(window, 1, window.output[1])];
        let [height, width] = if inside { window.input } else { padded };
        let of_block = if inside { shape.channels } else { channels };
        let mut pairs = Vec::with_capacity(channels * window.taps());
        for channel in 0..channels {
            for ky in 0..window.kernel[0] {
                let row = channel * height + ky * window.dilation;
                let taps = 0..window.kernel[1];
                pairs.extend(taps.map(|kx| row * width + kx * window.dilation));
            }
        }
        Self {
            window,
            channels,
            outs,
            blocks: 0,
            rows,
            input: Steps {
                block: of_block * height * width,
                row: width,
            },
            gradient: shape.out * window.output_plane(),
            pairs,
        }
    }

    /// Copies what the rows from `top` on read of one block, `[channels, rows, width]`
    /// with zeros outside of the input.
    #[inline(always)]
    fn pad(&self, source: &[Lane], top: usize, target: &mut [Lane]) {
        let window = self.window;
        let [height, width] = window.input;
        let before = window.before[1];
        let count = width.min(self.input.row.saturating_sub(before));
        let planes = target[..self.input.block].chunks_exact_mut(self.input.block / self.channels);
        for (source, plane) in source.chunks_exact(height * width).zip(planes) {
            for (row, target) in plane.chunks_exact_mut(self.input.row).enumerate() {
                let y = (top * window.stride[0] + row).wrapping_sub(window.before[0]);
                if y < height {
                    let source = &source[y * width..][..count];
                    target[before..][..count].copy_from_slice(source);
                } else {
                    // Another part may have left something there.
                    target.fill([0.0; LANES]);
                }
            }
        }
    }

    /// Copies rows of one block's gradient: for each tile of channels `[blocks, rows,
    /// width, channels of the tile]`.
    #[inline(always)]
    fn turn(&self, at: usize, source: &[Lane], plane: usize, target: &mut [Lane]) {
        let count = self.rows * self.window.output[1];
        for out in 0..self.outs {
            let tile = out / OUT * OUT;
            let size = OUT.min(self.outs - tile);
            let first = (tile * self.blocks + at * size) * count + out % OUT;
            let targets = target[first..].iter_mut().step_by(size);
            for (target, value) in targets.zip(&source[out * plane..][..count]) {
                *target = *value;
            }
        }
    }

    /// Adds the products of all tiles.
    #[inline(always)]
    fn add<P: Processor>(
        &self,
        processor: P,
        input: &[Lane],
        gradient: &[Lane],
        weights: &mut [f32],
    ) {
        let count = self.rows * self.window.output[1];
        for out in (0..self.outs).step_by(OUT) {
            let size = OUT.min(self.outs - out);
            let (gradient, step) = match self.outs {
                1 => (gradient, self.gradient),
                _ => (&gradient[out * self.blocks * count..], count * size),
            };
            let weights = &mut weights[out * self.pairs.len()..][..size * self.pairs.len()];
            let mut first = 0;
            while first < self.pairs.len() {
                let left = self.pairs.len() - first;
                let most = if size == 1 { P::PAIRS[0] } else { P::PAIRS[1] };
                let taken = match left.min(most) {
                    taken @ (1..=3 | 6 | 9) => taken,
                    4 | 5 => 3,
                    _ => 6,
                };
                let read = (input, gradient, step);
                match (size, taken) {
                    (1, 9) => self.tile::<P, 1, 9>(processor, read, first, weights),
                    (1, 6) => self.tile::<P, 1, 6>(processor, read, first, weights),
                    (1, 3) => self.tile::<P, 1, 3>(processor, read, first, weights),
                    (1, 2) => self.tile::<P, 1, 2>(processor, read, first, weights),
                    (1, _) => self.tile::<P, 1, 1>(processor, read, first, weights),
                    (2, 6) => self.tile::<P, 2, 6>(processor, read, first, weights),
                    (2, 3) => self.tile::<P, 2, 3>(processor, read, first, weights),
                    (2, 2) => self.tile::<P, 2, 2>(processor, read, first, weights),
                    (2, _) => self.tile::<P, 2, 1>(processor, read, first, weights),
                    (3, 6) => self.tile::<P, 3, 6>(processor, read, first, weights),
                    (3, 3) => self.tile::<P, 3, 3>(processor, read, first, weights),
                    (3, 2) => self.tile::<P, 3, 2>(processor, read, first, weights),
                    (3, _) => self.tile::<P, 3, 1>(processor, read, first, weights),
                    (_, 6) => self.tile::<P, 4, 6>(processor, read, first, weights),
                    (_, 3) => self.tile::<P, 4, 3>(processor, read, first, weights),
                    (_, 2) => self.tile::<P, 4, 2>(processor, read, first, weights),
                    (_, _) => self.tile::<P, 4, 1>(processor, read, first, weights),
                }
                first += taken;
            }
        }
    }

    /// `R` output channels by `T` pairs.
    #[inline(always)]
    fn tile<P: Processor, const R: usize, const T: usize>(
        &self,
        processor: P,
        (input, gradient, step): (&[Lane], &[Lane], usize),
        first: usize,
        weights: &mut [f32],
    ) {
        let [stride_y, stride_x] = self.window.stride;
        let width = self.window.output[1];
        let reach = (width - 1) * stride_x + 1;
        let mut pairs = [0; T];
        pairs.copy_from_slice(&self.pairs[first..first + T]);
        let mut sums = [[processor.zero_part(); T]; R];
        for block in 0..self.blocks {
            for y in 0..self.rows {
                let top = block * self.input.block + y * stride_y * self.input.row;
                let mut sources: [&[Lane]; T] = [&[]; T];
                for t in 0..T {
                    sources[t] = &input[top + pairs[t]..][..reach];
                }
                let line = &gradient[block * step + y * width * R..][..width * R];
                let (line, _) = line.as_chunks::<R>();
                if stride_x == 1 {
                    // Where all are known to be as long nothing is asked of a place.
                    for source in &mut sources {
                        *source = &source[..width];
                    }
                    let line = &line[..width];
                    for x in 0..width {
                        add(processor, &sources, x, &line[x], &mut sums);
                    }
                } else {
                    for (x, gradients) in line.iter().enumerate() {
                        add(processor, &sources, x * stride_x, gradients, &mut sums);
                    }
                }
            }
        }
        // Written down first: what is indexed by a variable stays in no register.
        let mut lanes = [[[0.0; LANES]; T]; R];
        for r in 0..R {
            for t in 0..T {
                processor.store_part(sums[r][t], &mut lanes[r][t]);
            }
        }
        for (r, lanes) in lanes.iter().enumerate() {
            let weights = &mut weights[r * self.pairs.len() + first..];
            for (weight, lane) in weights.iter_mut().zip(lanes) {
                *weight += total(*lane);
            }
        }
    }
}

/// Adds the products of some gradients with the values at a place of some rows.
#[inline(always)]
fn add<P: Processor, const R: usize, const T: usize>(
    processor: P,
    values: &[&[Lane]; T],
    at: usize,
    gradients: &[Lane; R],
    sums: &mut [[P::Part; T]; R],
) {
    for part in 0..P::PARTS {
        let mut taken = [processor.zero_part(); T];
        for t in 0..T {
            taken[t] = processor.load_part(&values[t][at], part);
        }
        for r in 0..R {
            let gradient = processor.load_part(&gradients[r], part);
            for t in 0..T {
                sums[r][t] = processor.fuse_part(gradient, taken[t], sums[r][t]);
            }
        }
    }
}

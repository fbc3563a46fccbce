//! Convolutions: forward, and the gradients of input and weights.

use crate::Lane;
use crate::processor::{Kernel, Processor, dispatch};
use crate::window::{Direction, Term, Window};
use rayon::prelude::*;

/// What a convolution convolves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvolutionShape {
    /// The window's geometry.
    pub window: Window,
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub out: usize,
    /// Into how many groups both are divided.
    pub groups: usize,
}

impl ConvolutionShape {
    /// Input channels that one output channel reads.
    fn group_channels(&self) -> usize {
        self.channels / self.groups
    }

    /// Output channels of one group.
    fn group_out(&self) -> usize {
        self.out / self.groups
    }
}

/// The most output channels that are computed together: their sums fill the
/// registers of a processor with sixteen.
const TILE: usize = 6;

/// Multiplications of lanes that a thread takes at the least: fewer are done
/// before another thread has woken.
const GRAIN: usize = 1 << 15;

/// Sizes of the tiles that `count` channels are computed in: as equal as can be.
pub(crate) fn tiles(count: usize) -> impl Iterator<Item = usize> {
    let number = count.div_ceil(TILE);
    (0..number).map(move |index| count / number + usize::from(index < count % number))
}

/// Weights in the order in which the kernel reads them: for each group and
/// tile of written channels, for each read channel and tap, one weight for each
/// channel of the tile.
fn arranged(weights: &[f32], shape: &ConvolutionShape, direction: Direction) -> Vec<f32> {
    let (inputs, outputs) = (shape.group_channels(), shape.group_out());
    let taps = shape.window.taps();
    let (read, written) = match direction {
        Direction::Forward => (inputs, outputs),
        Direction::Backward => (outputs, inputs),
    };
    let mut arranged = vec![0.0; weights.len()];
    let mut rest = &mut arranged[..];
    for group in weights.chunks_exact(inputs * outputs * taps) {
        let mut first = 0;
        for size in tiles(written) {
            let tile;
            (tile, rest) = rest.split_at_mut(read * taps * size);
            for target in 0..size {
                // The weights of one output lie together, those that one input
                // meets lie apart.
                match direction {
                    Direction::Forward => {
                        let row = &group[(first + target) * inputs * taps..][..inputs * taps];
                        spread(row, size, &mut tile[target..]);
                    }
                    Direction::Backward => {
                        for source in 0..read {
                            let row = &group[(source * inputs + first + target) * taps..][..taps];
                            spread(row, size, &mut tile[source * taps * size + target..]);
                        }
                    }
                }
            }
            first += size;
        }
    }
    arranged
}

/// Writes values a number of places apart.
fn spread(values: &[f32], apart: usize, target: &mut [f32]) {
    for (value, target) in values.iter().zip(target.iter_mut().step_by(apart)) {
        *target = *value;
    }
}

/// `target = convolution of source`, block by block.
///
/// # Shapes
/// `source` is blocks of `[channels, height, width]`, `weights`
/// `[out, channels / groups, kernel, kernel]`, `bias` `[out]`, `target` blocks
/// of `[out, height, width]` of the output.
pub fn forward(
    shape: &ConvolutionShape,
    source: &[Lane],
    weights: &[f32],
    bias: Option<&[f32]>,
    target: &mut [Lane],
) {
    gather(shape, Direction::Forward, source, weights, bias, target);
}

/// The gradient of a convolution's input from that of its output.
///
/// # Shapes
/// As in [`forward`], with the output's gradient as `source` and the input's as
/// `target`.
pub fn backward_input(
    shape: &ConvolutionShape,
    source: &[Lane],
    weights: &[f32],
    target: &mut [Lane],
) {
    gather(shape, Direction::Backward, source, weights, None, target);
}

fn gather(
    shape: &ConvolutionShape,
    direction: Direction,
    source: &[Lane],
    weights: &[f32],
    bias: Option<&[f32]>,
    target: &mut [Lane],
) {
    let weights = arranged(weights, shape, direction);
    let window = &shape.window;
    let plane = |[height, width]: [usize; 2]| height * width;
    let (reads, writes) = match direction {
        Direction::Forward => (shape.channels, shape.out),
        Direction::Backward => (shape.out, shape.channels),
    };
    let read_plane = plane(window.source(direction));
    let write_plane = plane(window.target(direction));
    let rows = window.axis(0, direction);
    let columns = window.axis(1, direction);
    let blocks = source
        .par_chunks_exact(reads * read_plane)
        .zip(target.par_chunks_exact_mut(writes * write_plane))
        .with_min_len(GRAIN.div_ceil(write_plane * weights.len().max(1)));
    blocks.for_each(|(source, target)| {
        dispatch(Gather {
            window,
            groups: shape.groups,
            read_plane,
            write_plane,
            width: window.source(direction)[1],
            rows: &rows,
            columns: &columns,
            source,
            weights: &weights,
            bias,
            target,
        });
    });
}

/// One block of a convolution, in either direction.
struct Gather<'a> {
    window: &'a Window,
    groups: usize,
    read_plane: usize,
    write_plane: usize,
    width: usize,
    rows: &'a [Vec<(usize, usize)>],
    columns: &'a [Vec<(usize, usize)>],
    source: &'a [Lane],
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    target: &'a mut [Lane],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let group_read = self.source.len() / self.groups;
        let group_written = self.target.len() / self.groups;
        let (mut weights, mut channel) = (self.weights, 0);
        let groups = self.source.chunks_exact(group_read);
        for (source, mut target) in groups.zip(self.target.chunks_exact_mut(group_written)) {
            for size in tiles(group_written / self.write_plane) {
                let own;
                (own, weights) =
                    weights.split_at(group_read / self.read_plane * self.window.taps() * size);
                let written;
                (written, target) = target.split_at_mut(size * self.write_plane);
                let bias = self.bias.map(|bias| &bias[channel..channel + size]);
                let tile = Tile {
                    window: self.window,
                    plane: self.read_plane,
                    width: self.width,
                    rows: self.rows,
                    columns: self.columns,
                    source,
                    weights: own,
                    bias,
                };
                match size {
                    1 if source.len() == self.read_plane => tile.alone(processor, written),
                    1 => tile.run::<P, 1>(processor, written),
                    2 => tile.run::<P, 2>(processor, written),
                    3 => tile.run::<P, 3>(processor, written),
                    4 => tile.run::<P, 4>(processor, written),
                    5 => tile.run::<P, 5>(processor, written),
                    _ => tile.run::<P, TILE>(processor, written),
                }
                channel += size;
            }
        }
    }
}

/// Some channels of one block that are computed together.
struct Tile<'a> {
    window: &'a Window,
    plane: usize,
    width: usize,
    rows: &'a [Vec<(usize, usize)>],
    columns: &'a [Vec<(usize, usize)>],
    source: &'a [Lane],
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
}

/// Positions that are computed together where one channel reads one channel.
const POSITIONS: usize = 6;

impl Tile<'_> {
    /// One channel that reads one channel: the sums of a few positions side by
    /// side fill the registers, and share the weights.
    #[inline(always)]
    fn alone<P: Processor>(&self, processor: P, target: &mut [Lane]) {
        let bias = self.bias.map_or(0.0, |bias| bias[0]);
        let (inside, step) = self.inside();
        for (row, target) in self
            .rows
            .iter()
            .zip(target.chunks_exact_mut(self.columns.len()))
        {
            let mut x = 0;
            while x < self.columns.len() {
                if inside.contains(&x) && x + POSITIONS <= inside.end {
                    let mut sums = [[processor.splat(bias); 2]; POSITIONS];
                    for &(ky, y) in row {
                        let weights = &self.weights[ky * self.window.kernel[1]..];
                        let source = &self.source[y * self.width..][..self.width];
                        for &(kx, first) in &self.columns[x] {
                            let weight = processor.splat(weights[kx]);
                            let source = &source[first..=first + step * (POSITIONS - 1)];
                            for at in 0..POSITIONS {
                                for half in 0..2 {
                                    let value = processor.load(&source[at * step], half);
                                    sums[at][half] = processor.fuse(weight, value, sums[at][half]);
                                }
                            }
                        }
                    }
                    for (sums, target) in sums.iter().zip(&mut target[x..]) {
                        processor.store(*sums, target);
                    }
                    x += POSITIONS;
                } else {
                    let mut sums = [[processor.splat(bias); 2]];
                    for &(ky, y) in row {
                        let weights = &self.weights[ky * self.window.kernel[1]..];
                        let source = &self.source[y * self.width..][..self.width];
                        for &(kx, x) in &self.columns[x] {
                            add(processor, &source[x], &[weights[kx]], &mut sums);
                        }
                    }
                    processor.store(sums[0], &mut target[x]);
                    x += 1;
                }
            }
        }
    }

    /// The columns that all taps reach, each tap the same step further in what
    /// is read than in the column before; and that step.
    #[inline(always)]
    fn inside(&self) -> (std::ops::Range<usize>, usize) {
        let taps = self.window.kernel[1];
        let full = |column: &Vec<(usize, usize)>| column.len() == taps;
        let Some(start) = self.columns.iter().position(full) else {
            return (0..0, 1);
        };
        let rest = &self.columns[start..];
        let length = rest.iter().take_while(|column| full(column)).count();
        let step = if length > 1 {
            rest[1][0].1 - rest[0][0].1
        } else {
            1
        };
        (start..start + length, step)
    }

    #[inline(always)]
    fn run<P: Processor, const M: usize>(&self, processor: P, target: &mut [Lane]) {
        let taps = self.window.taps();
        let (weights, _) = self.weights.as_chunks::<M>();
        let mut terms: Vec<Term> = Vec::with_capacity(taps);
        let mut start = [[processor.splat(0.0); 2]; M];
        if let Some(bias) = self.bias {
            for (start, &bias) in start.iter_mut().zip(bias) {
                *start = [processor.splat(bias); 2];
            }
        }
        let plane = self.rows.len() * self.columns.len();
        for (y, row) in self.rows.iter().enumerate() {
            for (x, column) in self.columns.iter().enumerate() {
                self.window.terms(row, column, self.width, &mut terms);
                let mut sums = start;
                let channels = self.source.chunks_exact(self.plane);
                for (source, weights) in channels.zip(weights.chunks_exact(taps)) {
                    for term in &terms {
                        let value = &source[term.source as usize];
                        add(processor, value, &weights[term.tap as usize], &mut sums);
                    }
                }
                for m in 0..M {
                    let target = &mut target[m * plane + y * self.columns.len() + x];
                    processor.store(sums[m], target);
                }
            }
        }
    }
}

/// Adds one value, weighted, to each channel of a tile.
#[inline(always)]
fn add<P: Processor, const M: usize>(
    processor: P,
    value: &Lane,
    weights: &[f32; M],
    sums: &mut [[P::Register; 2]; M],
) {
    let value = [processor.load(value, 0), processor.load(value, 1)];
    for m in 0..M {
        let weight = processor.splat(weights[m]);
        for half in 0..2 {
            sums[m][half] = processor.fuse(weight, value[half], sums[m][half]);
        }
    }
}

//! Convolutions: forward, and the gradient of the input.
//!
//! The rows that a row of the result reads are copied so that the channels of a
//! position lie side by side. Planes whose size is a power of two would else fall
//! into a few sets of the cache, and a sum would jump from channel to channel:
//!
//! ```text
//! for each row y of the result
//!     copied <- the rows of the source that meet a tap, those not yet there
//!     for each tile of written channels, for each x
//!         sums <- bias
//!         for each row of taps, for each run of taps that meet neighbours
//!             for each (neighbour, channel): sums += weights · copied
//! ```

use crate::processor::{Kernel, Processor, dispatch, tile};
use crate::window::{Direction, Window};
use crate::{Buffer, Lane};
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

/// Multiplications of lanes that a thread takes at the least: fewer are done
/// before another thread has woken.
const GRAIN: usize = 1 << 15;

/// Sizes of the tiles of at most so many channels that `count` channels are computed
/// in: as equal as can be.
pub(crate) fn tiles(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let number = count.div_ceil(most);
    (0..number).map(move |index| count / number + usize::from(index < count % number))
}

/// Weights in the order in which the kernel reads them: for each group and
/// tile of written channels, for each tap and read channel, one weight for each
/// channel of the tile.
fn arranged(weights: &[f32], shape: &ConvolutionShape, direction: Direction) -> Vec<f32> {
    let (inputs, outputs) = (shape.group_channels(), shape.group_out());
    let taps = shape.window.taps();
    let (read, written) = match direction {
        Direction::Forward => (inputs, outputs),
        Direction::Backward => (outputs, inputs),
    };
    let most = tile();
    let mut arranged = Vec::with_capacity(weights.len());
    for group in weights.chunks_exact(inputs * outputs * taps) {
        let mut first = 0;
        for size in tiles(written, most) {
            for tap in 0..taps {
                for source in 0..read {
                    let targets = first..first + size;
                    arranged.extend(targets.map(|target| match direction {
                        Direction::Forward => group[(target * inputs + source) * taps + tap],
                        Direction::Backward => {
                            group[(source * inputs + target) * taps + taps - 1 - tap]
                        }
                    }));
                }
            }
            first += size;
        }
    }
    arranged
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
    let [rows, columns] = [0, 1].map(|axis| window.axis(axis, direction));
    let runs: Vec<Vec<Run>> = columns.iter().map(|column| Run::all(column)).collect();
    let width = window.source(direction)[1];
    let channels = reads / shape.groups;
    let copied = rows_at_once(&rows);
    let blocks = source
        .par_chunks_exact(reads * read_plane)
        .zip(target.par_chunks_exact_mut(writes * write_plane))
        .with_min_len(GRAIN.div_ceil(write_plane * weights.len().max(1)));
    let room = || Buffer::zeroed(copied * width * channels);
    blocks.for_each_init(room, |room, (source, target)| {
        dispatch(Gather {
            groups: shape.groups,
            plane: read_plane,
            row: Row {
                columns: &columns,
                runs: &runs,
                taps: window.kernel,
                channels,
                width,
            },
            rows: &rows,
            source,
            weights: &weights,
            bias,
            room,
            target,
        });
    });
}

/// How many rows of the source a row of the result reads at most, gaps included.
fn rows_at_once(rows: &[Vec<(usize, usize)>]) -> usize {
    let reach = |row: &Vec<(usize, usize)>| match (row.first(), row.last()) {
        (Some((_, first)), Some((_, last))) => last - first + 1,
        _ => 0,
    };
    rows.iter().map(reach).max().unwrap_or(0).max(1)
}

/// Taps side by side that meet positions side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    tap: usize,
    position: usize,
    length: usize,
}

impl Run {
    /// Pairs of a tap and the position that it meets as runs.
    fn all(pairs: &[(usize, usize)]) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for &(tap, position) in pairs {
            match runs.last_mut() {
                Some(run)
                    if (run.tap + run.length, run.position + run.length) == (tap, position) =>
                {
                    run.length += 1;
                }
                _ => runs.push(Self {
                    tap,
                    position,
                    length: 1,
                }),
            }
        }
        runs
    }
}

/// One block of a convolution, in either direction.
struct Gather<'a> {
    groups: usize,
    /// Positions of a channel of the source.
    plane: usize,
    row: Row<'a>,
    /// For each row of the result the taps and the rows of the source that they meet.
    rows: &'a [Vec<(usize, usize)>],
    source: &'a [Lane],
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Where rows of the source are copied to.
    room: &'a mut [Lane],
    target: &'a mut [Lane],
}

impl Kernel for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, processor: P) {
        let row = &self.row;
        let group_read = row.channels * self.plane;
        let group_written = self.target.len() / self.groups;
        let written = group_written / (self.rows.len() * row.columns.len()).max(1);
        let slot = row.width * row.channels;
        let slots = self.room.len() / slot.max(1);
        let mut held = Vec::new();
        let groups = self.source.chunks_exact(group_read);
        let targets = self.target.chunks_exact_mut(group_written);
        let weights = self.weights.chunks_exact(self.weights.len() / self.groups);
        for (group, ((source, target), weights)) in groups.zip(targets).zip(weights).enumerate() {
            let bias = self.bias.map(|bias| &bias[group * written..][..written]);
            if row.channels == 1 && written == 1 {
                row.alone(processor, self.rows, source, weights, bias, target);
                continue;
            }
            held.clear();
            held.resize(slots, usize::MAX);
            for (y, pairs) in self.rows.iter().enumerate() {
                for &(_, from) in pairs {
                    let at = from % slots;
                    if !row.is_pointwise() && held[at] != from {
                        held[at] = from;
                        row.copy(source, from, &mut self.room[at * slot..][..slot]);
                    }
                }
                let read = Read {
                    y,
                    pairs,
                    source,
                    room: self.room,
                    slots,
                };
                let (mut first, mut weights) = (0, weights);
                for size in tiles(written, P::TILE) {
                    let own;
                    (own, weights) = weights.split_at(weights.len() / (written - first) * size);
                    let bias = bias.map(|bias| &bias[first..first + size]);
                    let tile = Tile {
                        weights: own,
                        bias,
                        target: &mut target[first * self.rows.len() * row.columns.len()..],
                        rows: self.rows.len(),
                    };
                    match size {
                        1 => row.run::<P, 1>(processor, read, tile),
                        2 => row.run::<P, 2>(processor, read, tile),
                        3 => row.run::<P, 3>(processor, read, tile),
                        4 => row.run::<P, 4>(processor, read, tile),
                        5 => row.run::<P, 5>(processor, read, tile),
                        6 => row.run::<P, 6>(processor, read, tile),
                        _ if P::TILE <= 6 => {}
                        7 => row.run::<P, 7>(processor, read, tile),
                        8 => row.run::<P, 8>(processor, read, tile),
                        9 => row.run::<P, 9>(processor, read, tile),
                        10 => row.run::<P, 10>(processor, read, tile),
                        11 => row.run::<P, 11>(processor, read, tile),
                        12 => row.run::<P, 12>(processor, read, tile),
                        13 => row.run::<P, 13>(processor, read, tile),
                        14 => row.run::<P, 14>(processor, read, tile),
                        15 => row.run::<P, 15>(processor, read, tile),
                        _ => row.run::<P, 16>(processor, read, tile),
                    }
                    first += size;
                }
            }
        }
    }
}

/// Some channels of the result that are computed together.
struct Tile<'a> {
    weights: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Their planes.
    target: &'a mut [Lane],
    /// Rows of a plane.
    rows: usize,
}

/// The rows of the source that a row of the result reads.
#[derive(Clone, Copy)]
struct Read<'a> {
    /// The row of the result.
    y: usize,
    /// Taps and rows.
    pairs: &'a [(usize, usize)],
    source: &'a [Lane],
    /// The copied rows, `[slots, width, channels]`; row y in slot y mod slots.
    room: &'a [Lane],
    slots: usize,
}

/// What is the same for every row of a group.
struct Row<'a> {
    /// For each position of a row of the result the taps and the positions of the
    /// source that they meet.
    columns: &'a [Vec<(usize, usize)>],
    /// The same as runs.
    runs: &'a [Vec<Run>],
    /// Rows and columns of taps.
    taps: [usize; 2],
    /// Channels of the source.
    channels: usize,
    /// Positions of a row of the source.
    width: usize,
}

/// Positions that are computed together where one channel reads one channel.
const POSITIONS: usize = 6;

impl Row<'_> {
    /// Copies a row of all channels, `[width, channels]`.
    #[inline(always)]
    fn copy(&self, source: &[Lane], row: usize, target: &mut [Lane]) {
        let plane = source.len() / self.channels;
        for (channel, source) in source.chunks_exact(plane).enumerate() {
            let source = &source[row * self.width..][..self.width];
            let targets = target[channel..].iter_mut().step_by(self.channels);
            for (target, value) in targets.zip(source) {
                *target = *value;
            }
        }
    }

    /// Whether there is one tap: then a value is read once for a tile, and copying it
    /// would gain nothing.
    #[inline(always)]
    fn is_pointwise(&self) -> bool {
        self.taps == [1, 1]
    }

    /// A row of `M` channels.
    #[inline(always)]
    fn run<P: Processor, const M: usize>(&self, processor: P, read: Read<'_>, tile: Tile<'_>) {
        let (weights, _) = tile.weights.as_chunks::<M>();
        let mut start = [processor.splat(0.0); M];
        if let Some(bias) = tile.bias {
            for (start, &bias) in start.iter_mut().zip(bias) {
                *start = processor.splat(bias);
            }
        }
        let width = self.columns.len();
        let slot = self.width * self.channels;
        let plane = read.source.len() / self.channels;
        for (x, runs) in self.runs.iter().enumerate() {
            let mut sums = start;
            if self.is_pointwise() {
                if let (Some((_, row)), Some(run)) = (read.pairs.first(), runs.first()) {
                    let values = &read.source[row * self.width + run.position..];
                    for (value, weights) in values.iter().step_by(plane).zip(weights) {
                        add(processor, value, weights, &mut sums);
                    }
                }
            } else {
                for &(tap, row) in read.pairs {
                    let values = &read.room[row % read.slots * slot..][..slot];
                    let weights = &weights[tap * self.taps[1] * self.channels..];
                    for run in runs {
                        let length = run.length * self.channels;
                        let values = &values[run.position * self.channels..][..length];
                        let weights = &weights[run.tap * self.channels..][..length];
                        for (value, weights) in values.iter().zip(weights) {
                            add(processor, value, weights, &mut sums);
                        }
                    }
                }
            }
            for m in 0..M {
                let target = &mut tile.target[(m * tile.rows + read.y) * width + x];
                processor.store(sums[m], target);
            }
        }
    }

    /// One channel that reads one channel: the sums of a few positions side by
    /// side fill the registers, and share the weights.
    #[inline(always)]
    fn alone<P: Processor>(
        &self,
        processor: P,
        rows: &[Vec<(usize, usize)>],
        source: &[Lane],
        weights: &[f32],
        bias: Option<&[f32]>,
        target: &mut [Lane],
    ) {
        let bias = bias.map_or(0.0, |bias| bias[0]);
        let (inside, step) = self.inside();
        let targets = target.chunks_exact_mut(self.columns.len());
        for (row, target) in rows.iter().zip(targets) {
            let mut x = 0;
            while x < self.columns.len() {
                if inside.contains(&x) && x + POSITIONS <= inside.end {
                    let mut sums = [processor.splat(bias); POSITIONS];
                    for &(ky, y) in row {
                        let weights = &weights[ky * self.taps[1]..];
                        let source = &source[y * self.width..][..self.width];
                        for &(kx, first) in &self.columns[x] {
                            let weight = processor.splat(weights[kx]);
                            let source = &source[first..=first + step * (POSITIONS - 1)];
                            for at in 0..POSITIONS {
                                let value = processor.load(&source[at * step]);
                                sums[at] = processor.fuse(weight, value, sums[at]);
                            }
                        }
                    }
                    for (sums, target) in sums.iter().zip(&mut target[x..]) {
                        processor.store(*sums, target);
                    }
                    x += POSITIONS;
                } else {
                    let mut sums = [processor.splat(bias)];
                    for &(ky, y) in row {
                        let weights = &weights[ky * self.taps[1]..];
                        let source = &source[y * self.width..][..self.width];
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
        let full = |column: &Vec<(usize, usize)>| column.len() == self.taps[1];
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
}

/// Adds one value, weighted, to each channel of a tile.
#[inline(always)]
fn add<P: Processor, const M: usize>(
    processor: P,
    value: &Lane,
    weights: &[f32; M],
    sums: &mut [P::Wide; M],
) {
    let value = processor.load(value);
    for m in 0..M {
        sums[m] = processor.fuse(processor.splat(weights[m]), value, sums[m]);
    }
}

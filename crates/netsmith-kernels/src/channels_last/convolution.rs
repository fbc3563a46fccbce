//! Convolutions of single samples.
//!
//! A tile of positions and of sixteen output channels is summed in registers:
//! each weight is loaded once for the tile, each value spread over a register.

use super::{Octet, octets};
use crate::convolution::{ConvolutionShape, tiles};
use crate::processor::{Kernel, Processor, dispatch};
use rayon::prelude::*;

/// The most positions of a tile: the sums of two octets at each fill the registers of
/// a processor with sixteen.
const TILE: usize = 6;

/// Multiplications below which one thread does it all: a second thread costs
/// some microseconds to call.
const ALONE: usize = 200_000;

/// A convolution with its weights in the order in which they are read.
#[derive(Clone, Debug)]
pub struct Convolution {
    shape: ConvolutionShape,
    /// For each pair of octets of the output, for each tap and input channel,
    /// the weights of these octets; for depthwise ones, for each tap, an octet
    /// for each octet.
    weights: Vec<Octet>,
    /// What the sums begin with.
    bias: Vec<Octet>,
    /// Height and width of the input with its padding.
    padded: [usize; 2],
    rectifies_input: bool,
    rectifies_output: bool,
}

impl Convolution {
    /// Whether such a convolution is known here: one group, or one for each
    /// channel.
    pub fn takes(shape: &ConvolutionShape) -> bool {
        shape.groups == 1 || (shape.groups == shape.channels && shape.out == shape.channels)
    }

    /// Arranges the weights of a convolution.
    ///
    /// # Shapes
    /// `weights` is `[out, channels / groups, kernel, kernel]`, `bias` `[out]`.
    ///
    /// # Panics
    /// When it is none of those that it [takes](Self::takes).
    pub fn new(
        shape: &ConvolutionShape,
        weights: &[f32],
        bias: &[f32],
        [rectifies_input, rectifies_output]: [bool; 2],
    ) -> Self {
        assert!(Self::takes(shape), "{shape:?}: has other groups");
        let window = &shape.window;
        let extent = |axis: usize| {
            let last = window.output[axis].saturating_sub(1) * window.stride[axis];
            let reach = last + (window.kernel[axis] - 1) * window.dilation + 1;
            reach.max(window.before[axis] + window.input[axis])
        };
        Self {
            shape: *shape,
            weights: match shape.groups {
                1 => dense(shape, weights),
                _ => depthwise(shape, weights),
            },
            bias: side_by_side(bias, octets(shape.out)),
            padded: [extent(0), extent(1)],
            rectifies_input,
            rectifies_output,
        }
    }

    /// Octets of the output.
    fn written(&self) -> usize {
        octets(self.shape.out)
    }

    /// Whether the input must be copied before it is read.
    fn copies(&self) -> bool {
        self.rectifies_input || self.padded != self.shape.window.input
    }

    /// Convolves one sample. `room` is memory that the call may use.
    pub fn run(&self, source: &[Octet], room: &mut Vec<Octet>, target: &mut [Octet]) {
        let source = if self.copies() {
            self.pad(source, room);
            &room[..]
        } else {
            source
        };
        let positions = self.shape.window.output_plane();
        let group = self.shape.channels / self.shape.groups;
        let work = positions * self.shape.out * group * self.shape.window.taps();
        let threads = if work < ALONE {
            1
        } else {
            rayon::current_num_threads()
        };
        let share = positions.div_ceil(threads).max(1);
        let part = |(number, target): (usize, &mut [Octet])| {
            dispatch(Part {
                it: self,
                source: source.as_flattened(),
                first: number * share,
                target,
            });
        };
        if threads == 1 {
            part((0, target));
        } else {
            let parts = target.par_chunks_mut(share * self.written());
            parts.enumerate().for_each(part);
        }
    }

    /// The input with zeros around it, rectified if asked.
    fn pad(&self, source: &[Octet], room: &mut Vec<Octet>) {
        let [height, width] = self.padded;
        let window = &self.shape.window;
        let octets = octets(self.shape.channels);
        room.resize(height * width * octets, [0.0; 8]);
        let row = width * octets;
        let (before, inner) = (window.before[1] * octets, window.input[1] * octets);
        for (y, target) in room.chunks_exact_mut(row).enumerate() {
            let inside = y.wrapping_sub(window.before[0]) < window.input[0];
            if !inside {
                target.fill([0.0; 8]);
                continue;
            }
            let source = &source[(y - window.before[0]) * inner..][..inner];
            let (start, rest) = target.split_at_mut(before);
            let (middle, end) = rest.split_at_mut(inner);
            start.fill([0.0; 8]);
            end.fill([0.0; 8]);
            if self.rectifies_input {
                let pairs = middle.as_flattened_mut().iter_mut();
                pairs
                    .zip(source.as_flattened())
                    .for_each(|(target, value)| *target = value.max(0.0));
            } else {
                middle.copy_from_slice(source);
            }
        }
    }
}

/// Weights of a convolution of one group; see [`Convolution`].
fn dense(shape: &ConvolutionShape, weights: &[f32]) -> Vec<Octet> {
    let (taps, channels) = (shape.window.taps(), shape.channels);
    let mut arranged = Vec::with_capacity(octets(shape.out) * taps * channels);
    let all: Vec<usize> = (0..octets(shape.out)).collect();
    for pair in all.chunks(2) {
        for tap in 0..taps {
            for channel in 0..channels {
                arranged.extend(pair.iter().map(|octet| {
                    let mut weight = [0.0; 8];
                    for (lane, weight) in weight.iter_mut().enumerate() {
                        let at = ((octet * 8 + lane) * channels + channel) * taps + tap;
                        *weight = weights.get(at).copied().unwrap_or(0.0);
                    }
                    weight
                }));
            }
        }
    }
    arranged
}

/// Weights of a depthwise convolution.
fn depthwise(shape: &ConvolutionShape, weights: &[f32]) -> Vec<Octet> {
    let taps = shape.window.taps();
    let of_tap = |tap: usize| {
        let weights: Vec<f32> = weights.iter().skip(tap).step_by(taps).copied().collect();
        side_by_side(&weights, octets(shape.out))
    };
    (0..taps).flat_map(of_tap).collect()
}

/// One value for each channel.
fn side_by_side(values: &[f32], octets: usize) -> Vec<Octet> {
    let mut target = vec![[0.0; 8]; octets];
    let lanes = target.as_flattened_mut().iter_mut().zip(values);
    lanes.for_each(|(target, value)| *target = *value);
    target
}

/// Some positions of the output.
struct Part<'a> {
    it: &'a Convolution,
    source: &'a [f32],
    first: usize,
    target: &'a mut [Octet],
}

impl Kernel for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) {
        let written = self.it.written();
        let positions = self.target.len() / written;
        let single = self.it.shape.groups == 1;
        let mut octet = 0;
        while octet < written {
            let pair = single && octet + 1 < written;
            let mut at = 0;
            for size in tiles(positions, TILE) {
                match (single, pair, size) {
                    (true, true, 1) => self.tile::<P, 1, 2>(processor, at, octet),
                    (true, true, 2) => self.tile::<P, 2, 2>(processor, at, octet),
                    (true, true, 3) => self.tile::<P, 3, 2>(processor, at, octet),
                    (true, true, 4) => self.tile::<P, 4, 2>(processor, at, octet),
                    (true, true, 5) => self.tile::<P, 5, 2>(processor, at, octet),
                    (true, true, _) => self.tile::<P, 6, 2>(processor, at, octet),
                    (true, false, 1) => self.tile::<P, 1, 1>(processor, at, octet),
                    (true, false, 2) => self.tile::<P, 2, 1>(processor, at, octet),
                    (true, false, 3) => self.tile::<P, 3, 1>(processor, at, octet),
                    (true, false, 4) => self.tile::<P, 4, 1>(processor, at, octet),
                    (true, false, 5) => self.tile::<P, 5, 1>(processor, at, octet),
                    (true, false, _) => self.tile::<P, 6, 1>(processor, at, octet),
                    (false, _, 1) => self.apart::<P, 1>(processor, at, octet),
                    (false, _, 2) => self.apart::<P, 2>(processor, at, octet),
                    (false, _, 3) => self.apart::<P, 3>(processor, at, octet),
                    (false, _, 4) => self.apart::<P, 4>(processor, at, octet),
                    (false, _, 5) => self.apart::<P, 5>(processor, at, octet),
                    (false, _, _) => self.apart::<P, 6>(processor, at, octet),
                }
                at += size;
            }
            octet += 1 + usize::from(pair);
        }
    }
}

impl Part<'_> {
    /// Where in the padded input the windows of these positions begin.
    #[inline(always)]
    fn starts<const M: usize>(&self, at: usize) -> [usize; M] {
        let window = &self.it.shape.window;
        let mut starts = [0; M];
        for (m, start) in starts.iter_mut().enumerate() {
            let position = self.first + at + m;
            let [y, x] = [position / window.output[1], position % window.output[1]];
            *start = self.offset(y * window.stride[0], x * window.stride[1]);
        }
        starts
    }

    #[inline(always)]
    fn offset(&self, y: usize, x: usize) -> usize {
        (y * self.it.padded[1] + x) * octets(self.it.shape.channels) * 8
    }

    /// `M` positions of `N` octets, summed over all channels and taps.
    #[inline(always)]
    fn tile<P: Processor, const M: usize, const N: usize>(
        &mut self,
        processor: P,
        at: usize,
        octet: usize,
    ) {
        let window = &self.it.shape.window;
        let channels = self.it.shape.channels;
        let starts = self.starts::<M>(at);
        let before = octet * window.taps() * channels;
        let (weights, _) = self.it.weights[before..].as_chunks::<N>();
        let mut weights = weights.chunks_exact(channels);
        let mut sums = [[processor.splat_octet(0.0); N]; M];
        for m in 0..M {
            for n in 0..N {
                sums[m][n] = processor.load_octet(&self.it.bias[octet + n]);
            }
        }
        for ky in 0..window.kernel[0] {
            for kx in 0..window.kernel[1] {
                let tap = self.offset(ky * window.dilation, kx * window.dilation);
                let mut rows: [&[f32]; M] = [&[]; M];
                for m in 0..M {
                    rows[m] = &self.source[starts[m] + tap..][..channels];
                }
                let Some(weights) = weights.next() else {
                    return;
                };
                for (channel, weights) in weights.iter().enumerate() {
                    let mut taken = [processor.splat_octet(0.0); N];
                    for n in 0..N {
                        taken[n] = processor.load_octet(&weights[n]);
                    }
                    for m in 0..M {
                        let value = processor.splat_octet(value(rows[m], channel));
                        for n in 0..N {
                            sums[m][n] = processor.fuse_octet(value, taken[n], sums[m][n]);
                        }
                    }
                }
            }
        }
        for m in 0..M {
            self.write(processor, at + m, octet, &sums[m]);
        }
    }

    /// `M` positions of one octet, each channel by itself.
    #[inline(always)]
    fn apart<P: Processor, const M: usize>(&mut self, processor: P, at: usize, octet: usize) {
        let window = &self.it.shape.window;
        let starts = self.starts::<M>(at);
        let (octet_values, _) = self.source.as_chunks::<8>();
        let mut sums = [[processor.load_octet(&self.it.bias[octet])]; M];
        for ky in 0..window.kernel[0] {
            for kx in 0..window.kernel[1] {
                let tap = self.offset(ky * window.dilation, kx * window.dilation);
                let number = ky * window.kernel[1] + kx;
                let weight = &self.it.weights[number * self.it.written() + octet];
                let weight = processor.load_octet(weight);
                for m in 0..M {
                    let value = &octet_values[(starts[m] + tap) / 8 + octet];
                    sums[m][0] =
                        processor.fuse_octet(processor.load_octet(value), weight, sums[m][0]);
                }
            }
        }
        for m in 0..M {
            self.write(processor, at + m, octet, &sums[m]);
        }
    }

    #[inline(always)]
    fn write<P: Processor, const N: usize>(
        &mut self,
        processor: P,
        at: usize,
        octet: usize,
        sums: &[P::Narrow; N],
    ) {
        let written = self.it.written();
        for n in 0..N {
            let target = &mut self.target[at * written + octet + n];
            processor.store_octet(sums[n], target);
            if self.it.rectifies_output {
                for value in target {
                    *value = value.max(0.0);
                }
            }
        }
    }
}

/// The value of a channel, of which a row has as many as there are channels.
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "a test of every index halves the speed of the innermost loop"
)]
fn value(row: &[f32], channel: usize) -> f32 {
    debug_assert!(channel < row.len());
    // SAFETY: `Part::tile` cuts each row to the number of channels, and counts
    // channels by the weights of a tap, of which there are as many.
    unsafe { *row.get_unchecked(channel) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Window;
    use crate::channels_last::{interleave, separate};
    use crate::processor::portable;

    fn numbers(count: usize, salt: usize) -> Vec<f32> {
        let number = |index| ((index * 7919 + salt) * 104_729 % 2003) as f32 / 1000.0 - 1.0;
        (0..count).map(number).collect()
    }

    fn naive(shape: &ConvolutionShape, source: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
        let w = &shape.window;
        let group = shape.channels / shape.groups;
        let mut target = Vec::new();
        for out in 0..shape.out {
            for position in 0..w.output_plane() {
                let mut sum = bias[out];
                for input in 0..group {
                    for tap in 0..w.taps() {
                        let y =
                            position / w.output[1] * w.stride[0] + tap / w.kernel[1] * w.dilation;
                        let x =
                            position % w.output[1] * w.stride[1] + tap % w.kernel[1] * w.dilation;
                        let y = y.wrapping_sub(w.before[0]);
                        let x = x.wrapping_sub(w.before[1]);
                        if y < w.input[0] && x < w.input[1] {
                            let channel = out / (shape.out / shape.groups) * group + input;
                            sum += weights[(out * group + input) * w.taps() + tap]
                                * source[(channel * w.input[0] + y) * w.input[1] + x];
                        }
                    }
                }
                target.push(sum);
            }
        }
        target
    }

    fn check(shape: &ConvolutionShape, rectified: [bool; 2]) {
        let group = shape.channels / shape.groups;
        let source = numbers(shape.channels * shape.window.input_plane(), 1);
        let weights = numbers(shape.out * group * shape.window.taps(), 2);
        let bias = numbers(shape.out, 3);
        let rectify = |values: &mut Vec<f32>, on: bool| {
            values
                .iter_mut()
                .for_each(|v| *v = if on { v.max(0.0) } else { *v });
        };
        let mut read = source.clone();
        rectify(&mut read, rectified[0]);
        let mut expected = naive(shape, &read, &weights, &bias);
        rectify(&mut expected, rectified[1]);
        let it = Convolution::new(shape, &weights, &bias, rectified);
        let mut input = vec![[9.0; 8]; shape.window.input_plane() * octets(shape.channels)];
        interleave(&source, shape.channels, &mut input);
        let size = shape.window.output_plane() * octets(shape.out);
        let (mut room, mut target) = (vec![[7.0; 8]; 3], vec![[7.0; 8]; size]);
        it.run(&input, &mut room, &mut target);
        let mut plain = target.clone();
        let read = if it.copies() { &room[..] } else { &input[..] };
        portable(Part {
            it: &it,
            source: read.as_flattened(),
            first: 0,
            target: &mut plain,
        });
        for found in [target, plain] {
            for (found, expected) in separate(&found, shape.out).iter().zip(&expected) {
                let apart = (found - expected).abs();
                assert!(
                    apart < 1e-4 * expected.abs().max(1.0),
                    "{shape:?}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn every_geometry_agrees_with_the_formula() {
        for (kernel, stride, dilation) in [
            ([3_usize, 3], [1_usize, 1], 1),
            ([3, 3], [2, 2], 1),
            ([5, 5], [1, 1], 2),
            ([1, 1], [1, 1], 1),
            ([1, 1], [2, 2], 1),
            ([1, 7], [1, 3], 1),
            ([2, 4], [2, 1], 1),
        ] {
            for input in [[7_usize, 6], [1, 9], [13, 4]] {
                let before: [usize; 2] =
                    std::array::from_fn(|axis| (kernel[axis] - 1) * dilation / 2);
                let output = std::array::from_fn(|axis: usize| input[axis].div_ceil(stride[axis]));
                let window = Window {
                    kernel,
                    stride,
                    dilation,
                    before,
                    input,
                    output,
                };
                for (channels, out, groups) in [
                    (3, 16, 1),
                    (8, 24, 1),
                    (17, 9, 1),
                    (1, 1, 1),
                    (8, 8, 8),
                    (13, 13, 13),
                ] {
                    let shape = ConvolutionShape {
                        window,
                        channels,
                        out,
                        groups,
                    };
                    check(&shape, [channels % 2 == 0, out % 3 == 0]);
                }
            }
        }
    }

    #[test]
    fn threads_change_no_bit() {
        let window = Window {
            kernel: [3, 3],
            stride: [1, 1],
            dilation: 1,
            before: [1, 1],
            input: [17, 19],
            output: [17, 19],
        };
        let shape = ConvolutionShape {
            window,
            channels: 20,
            out: 40,
            groups: 1,
        };
        let it = Convolution::new(&shape, &numbers(20 * 40 * 9, 5), &[0.5; 40], [true, false]);
        let mut input = vec![[0.0; 8]; 17 * 19 * 3];
        interleave(&numbers(20 * 17 * 19, 6), 20, &mut input);
        let answers = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let mut target = vec![[0.0; 8]; 17 * 19 * 5];
            pool.unwrap()
                .install(|| it.run(&input, &mut Vec::new(), &mut target));
            target
        });
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0], answers[2]);
    }
}

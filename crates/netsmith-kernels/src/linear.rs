//! Fully connected layers.

use crate::convolution::{self, ConvolutionShape};
use crate::processor::{Kernel, Processor, dispatch};
use crate::{Buffer, LANES, Lane, Window};
use rayon::prelude::*;

/// Rows of the weights' gradient that are summed together: with two registers of
/// features each they fill those of a processor with sixteen.
const TILE: usize = 6;

/// Multiplications of lanes that a thread takes at the least.
const GRAIN: usize = 1 << 15;

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
    convolution::forward(&shape(out, features), source, weights, bias, target);
}

/// The gradient of the input from that of the output, `source`.
pub fn backward_input(
    [out, features]: [usize; 2],
    source: &[Lane],
    weights: &[f32],
    target: &mut [Lane],
) {
    convolution::backward_input(&shape(out, features), source, weights, target);
}

/// A layer is a convolution at one position.
fn shape(out: usize, channels: usize) -> ConvolutionShape {
    let one = [1; 2];
    let window = Window {
        kernel: one,
        stride: one,
        dilation: 1,
        before: [0; 2],
        input: one,
        output: one,
    };
    ConvolutionShape {
        window,
        channels,
        out,
        groups: 1,
    }
}

/// The gradient of the weights.
///
/// The input is turned so that its features lie side by side: the sum over the
/// samples then fills whole registers, and none must be summed up across.
pub fn backward_weights(
    [out, features]: [usize; 2],
    input: &[Lane],
    gradient: &[Lane],
    weights: &mut [f32],
) {
    let turned = turned(features, input);
    let least = GRAIN.div_ceil((TILE * turned.len()).max(1));
    let rows = weights.par_chunks_mut(TILE * features).enumerate();
    rows.with_min_len(least).for_each(|(number, weights)| {
        dispatch(Rows {
            out,
            features,
            first: number * TILE,
            input: &turned,
            gradient,
            weights,
        });
    });
}

/// Blocks of `[features]` as `[samples, features]`, the features in lanes of
/// which the last is filled up with zeros.
fn turned(features: usize, input: &[Lane]) -> Buffer {
    let width = features.div_ceil(LANES);
    let mut turned = Buffer::zeroed(input.len() / features * LANES * width);
    let blocks = turned.chunks_exact_mut(LANES * width);
    for (block, turned) in input.chunks_exact(features).zip(blocks) {
        for (part, values) in block.chunks(LANES).enumerate() {
            for (feature, value) in values.iter().enumerate() {
                for sample in 0..LANES {
                    turned[sample * width + part][feature] = value[sample];
                }
            }
        }
    }
    turned
}

/// Some rows of the weights' gradient.
struct Rows<'a> {
    out: usize,
    features: usize,
    first: usize,
    /// `[samples, features]`.
    input: &'a [Lane],
    gradient: &'a [Lane],
    weights: &'a mut [f32],
}

impl Kernel for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(mut self, processor: P) {
        match self.weights.len() / self.features {
            1 => self.rows::<P, 1>(processor),
            2 => self.rows::<P, 2>(processor),
            3 => self.rows::<P, 3>(processor),
            4 => self.rows::<P, 4>(processor),
            5 => self.rows::<P, 5>(processor),
            _ => self.rows::<P, TILE>(processor),
        }
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn rows<P: Processor, const R: usize>(&mut self, processor: P) {
        let width = self.features.div_ceil(LANES);
        for part in 0..width {
            let mut sums = [[processor.splat(0.0); 2]; R];
            let gradients = self.gradient.chunks_exact(self.out);
            for (samples, gradient) in self.input.chunks_exact(LANES * width).zip(gradients) {
                let gradient = &gradient[self.first..self.first + R];
                for sample in 0..LANES {
                    let values = &samples[sample * width + part];
                    let values = [processor.load(values, 0), processor.load(values, 1)];
                    for r in 0..R {
                        let gradient = processor.splat(gradient[r][sample]);
                        for half in 0..2 {
                            sums[r][half] = processor.fuse(gradient, values[half], sums[r][half]);
                        }
                    }
                }
            }
            let first = part * LANES;
            let size = LANES.min(self.features - first);
            for r in 0..R {
                let mut lane = [0.0; LANES];
                processor.store(sums[r], &mut lane);
                let row = &mut self.weights[r * self.features + first..][..size];
                row.copy_from_slice(&lane[..size]);
            }
        }
    }
}

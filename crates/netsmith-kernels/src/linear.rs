//! Fully connected layers.

use crate::convolution::{self, ConvolutionShape};
use crate::processor::{Kernel, Processor, dispatch};
use crate::{Lane, Window};
use rayon::prelude::*;

/// Features of the output and of the input in one tile of the weights' gradient.
const TILE: usize = 3;

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
pub fn backward_weights(
    [out, features]: [usize; 2],
    input: &[Lane],
    gradient: &[Lane],
    weights: &mut [f32],
) {
    let rows = weights.par_chunks_mut(TILE * features).enumerate();
    rows.for_each(|(number, weights)| {
        dispatch(Rows {
            out,
            features,
            first: number * TILE,
            input,
            gradient,
            weights,
        });
    });
}

/// Some rows of the weights' gradient.
struct Rows<'a> {
    out: usize,
    features: usize,
    first: usize,
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
            _ => self.rows::<P, TILE>(processor),
        }
    }
}

impl Rows<'_> {
    #[inline(always)]
    fn rows<P: Processor, const R: usize>(&mut self, processor: P) {
        let mut feature = 0;
        while feature + TILE <= self.features {
            self.tile::<P, R, TILE>(processor, feature);
            feature += TILE;
        }
        while feature < self.features {
            self.tile::<P, R, 1>(processor, feature);
            feature += 1;
        }
    }

    #[inline(always)]
    fn tile<P: Processor, const R: usize, const T: usize>(&mut self, processor: P, feature: usize) {
        let mut sums = [[processor.splat(0.0); T]; R];
        let gradients = self.gradient.chunks_exact(self.out);
        for (input, gradient) in self.input.chunks_exact(self.features).zip(gradients) {
            let input = &input[feature..feature + T];
            let gradient = &gradient[self.first..self.first + R];
            for half in 0..2 {
                for r in 0..R {
                    let gradient = processor.load(&gradient[r], half);
                    for t in 0..T {
                        let value = processor.load(&input[t], half);
                        sums[r][t] = processor.fuse(gradient, value, sums[r][t]);
                    }
                }
            }
        }
        for r in 0..R {
            for t in 0..T {
                self.weights[r * self.features + feature + t] = processor.total(sums[r][t]);
            }
        }
    }
}

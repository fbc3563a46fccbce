//! Transposed convolution: what a convolution's backward pass does to its gradient.
//!
//! On our own kernels it is exactly that: the convolution leads from its output to
//! its input, and the kernels of its two passes change places.

use super::composed::Composition;
use super::convolution::kernel_window;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance, Zeros};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::module::conv_transpose2d;
use burn::tensor::ops::ConvTransposeOptions;
use netsmith::network::operation::TransposedConvolution;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::convolution::ConvolutionShape;
use netsmith_kernels::{Lane, convolution, weight_gradient};
use rayon::prelude::*;

impl Trainable for TransposedConvolution {
    /// All windows whole first; then what the padding leaves of them.
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [_, channels, height, width] = x.dims();
        let window = &self.window;
        let size = site.node.shape.positions();
        let [[top, _], [left, _]] = window.pads(size);
        let (from, end) = ([height, width], [top + size[0], left + size[1]]);
        let more = [0, 1].map(|axis| {
            let span = window.dilation * (window.kernel[axis] - 1) + 1;
            let whole = (from[axis] - 1) * window.stride[axis] + span;
            end[axis].saturating_sub(whole)
        });
        let dilation = [window.dilation; 2];
        let options = ConvTransposeOptions::new(window.stride, [0, 0], more, dilation, 1);
        let dims = [channels, self.out, window.kernel[0], window.kernel[1]];
        let weight = site.weights[0].clone().reshape(dims);
        let bias = site.weights.get(1).cloned();
        let y = conv_transpose2d(x, weight, bias, options);
        Value::new(y.narrow(2, top, size[0]).narrow(3, left, size[1]))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let geometry = back(self, pass.from(node), pass.shape(node));
        let (kernel, bias) = (pass.kernel(node), pass.weight(node, 1));
        let plane = pass.shape(node).positions().iter().product();
        let mut value = pass.take(node);
        value.edit(|output| {
            let input = pass.read(pass.first(node));
            convolution::backward_input(&geometry, input, kernel, output);
            if let Some(bias) = bias {
                add_bias(bias, plane, output);
            }
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let first = pass.first(node);
        let geometry = back(self, pass.from(node), pass.shape(node));
        if pass.trains() {
            pass.train_with(node, 0..1, |pass, sums| {
                let (input, gradient) = (pass.read(first), gradient.lanes());
                weight_gradient::backward_weights(&geometry, gradient, input, &mut sums[0]);
            });
            pass.train_bias(node, &gradient);
        }
        if pass.needs(first) {
            let kernel = pass.kernel(node);
            let mut target = pass.take(first);
            target.edit(|target| {
                convolution::forward(&geometry, gradient.lanes(), kernel, None, target);
            });
            pass.deliver(first, target);
        }
        pass.give(gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Fixed).with_zeros(Zeros::OfWeights)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// The convolution from the output back to the input.
fn back(it: &TransposedConvolution, input: Shape, output: Shape) -> ConvolutionShape {
    ConvolutionShape {
        window: kernel_window(&it.window, output, input),
        channels: it.out,
        out: input.channels(),
        groups: 1,
    }
}

/// Adds one number to all positions of each channel.
fn add_bias(bias: &[f32], plane: usize, output: &mut [Lane]) {
    let channels = output.par_chunks_exact_mut(plane).enumerate();
    channels.for_each(|(at, values)| {
        let term = bias[at % bias.len()];
        let values = values.as_flattened_mut().iter_mut();
        values.for_each(|value| *value += term);
    });
}

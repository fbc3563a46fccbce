//! Convolution.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::Inheritance;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use netsmith::network::operation::{Convolution, Window};
use netsmith::network::{Saved, Shape};
use netsmith_kernels::convolution::ConvolutionShape;
use netsmith_kernels::{channels_last, convolution, weight_gradient};

impl Trainable for Convolution {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let input = site.first();
        let [_, channels, height, width] = input.tensor.dims();
        let window = &self.window;
        let groups = self.group_count(channels);
        let [rows, columns] = window.kernel;
        let [top_bottom, left_right] = window.pads([height, width]);
        let mut options = ConvOptions::new(window.stride, [0, 0], [window.dilation; 2], groups);
        options.padding = [top_bottom, left_right].map(|[before, behind]| (before, behind));
        let dims = [self.out, channels / groups, rows, columns];
        let weight = site.weights[0].clone().reshape(dims);
        let bias = site.weights.get(1).cloned();
        Value::new(conv2d(input.tensor.clone(), weight, bias, options))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let geometry = shape(self, pass.from(node), pass.shape(node));
        let (kernel, bias) = (pass.kernel(node), pass.weight(node, 1));
        let mut value = pass.take(node);
        value.edit(|output| {
            let input = pass.read(pass.first(node));
            convolution::forward(&geometry, input, kernel, bias, output);
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let first = pass.first(node);
        let geometry = shape(self, pass.from(node), pass.shape(node));
        if pass.trains() {
            pass.recall(first);
            pass.train_with(node, 0..1, |pass, sums| {
                let (input, gradient) = (pass.read(first), gradient.lanes());
                weight_gradient::backward_weights(&geometry, input, gradient, &mut sums[0]);
            });
            pass.train_bias(node, &gradient);
        }
        if pass.needs(first) {
            let kernel = pass.kernel(node);
            let mut target = pass.take(first);
            target.edit(|target| {
                convolution::backward_input(&geometry, gradient.lanes(), kernel, target);
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
        Inheritance::of_kernel(Some(self.clone()))
    }

    /// Together with a rectifier before it, where it reads values several times,
    /// and the norm and the rectifier behind it.
    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        let first = compiler.in_order(node)?;
        let geometry = shape(self, compiler.layout(first), compiler.layout(node));
        if !channels_last::Convolution::takes(&geometry) {
            return None;
        }
        let pads = geometry.window.taps() > 1;
        let before = compiler.rectifier_before(first).filter(|_| pads);
        let work = compiler.layer(node, &geometry, before.is_some());
        let mut draft = compiler.draft(node, work);
        if let Some(input) = before {
            draft.reads = vec![compiler.holder(input)];
        }
        Some(draft)
    }
}

/// The shape that the kernels need.
fn shape(convolution: &Convolution, input: Shape, output: Shape) -> ConvolutionShape {
    ConvolutionShape {
        window: kernel_window(&convolution.window, input, output),
        channels: input.channels(),
        out: convolution.out,
        groups: convolution.group_count(input.channels()),
    }
}

/// The geometry that the kernels need.
pub(super) fn kernel_window(
    window: &Window,
    input: Shape,
    output: Shape,
) -> netsmith_kernels::Window {
    let size = input.positions();
    netsmith_kernels::Window {
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        before: window.pads(size).map(|[before, _]| before),
        input: size,
        output: output.positions(),
    }
}

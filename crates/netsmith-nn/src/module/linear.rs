//! Fully connected layer.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::Inheritance;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;
use netsmith::network::operation::Linear;
use netsmith_kernels::convolution::ConvolutionShape;
use netsmith_kernels::{Window, linear};

impl Trainable for Linear {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let rows = site.first().rows();
        let [_, features] = rows.dims();
        let weight = site.weights[0].clone().reshape([self.out, features]);
        let mut output = rows.matmul(weight.transpose());
        if let Some(bias) = site.weights.get(1) {
            output = output + bias.clone().reshape([1, self.out]);
        }
        Value::from_rows(output)
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let sizes = [self.out, pass.from(node).channels()];
        let (kernel, bias) = (pass.kernel(node), pass.weight(node, 1));
        let mut value = pass.take(node);
        value.edit(|output| {
            let input = pass.read(pass.first(node));
            linear::forward(sizes, input, kernel, bias, output);
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let first = pass.first(node);
        let sizes = [self.out, pass.from(node).channels()];
        let tensors = pass.node(node).weights.len();
        pass.train_with(node, 0..tensors, |pass, sums| {
            let Some((kernel, bias)) = sums.split_first_mut() else {
                return;
            };
            let bias = bias.first_mut().map(|bias| &mut bias[..]);
            let (input, gradient) = (pass.read(first), gradient.lanes());
            linear::backward_weights(sizes, input, gradient, kernel, bias);
        });
        if pass.needs(first) {
            let kernel = pass.kernel(node);
            let mut target = pass.take(first);
            target.edit(|target| {
                linear::backward_input(sizes, gradient.lanes(), kernel, target);
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
        Inheritance::of_kernel(None)
    }

    /// A convolution over all that it reads, in the order in which it lies.
    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        let from = compiler.layout(compiler.first(node));
        let size = from.positions();
        let window = Window {
            kernel: size,
            stride: [1; 2],
            dilation: 1,
            before: [0; 2],
            input: size,
            output: [1; 2],
        };
        let shape = ConvolutionShape {
            window,
            channels: from.channels(),
            out: self.out,
            groups: 1,
        };
        let work = compiler.layer(node, &shape, false);
        Some(compiler.draft(node, work))
    }
}

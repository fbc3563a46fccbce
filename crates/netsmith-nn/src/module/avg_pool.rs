//! The mean of each window.

use super::composed::Composition;
use super::convolution::kernel_window;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance, Range, Zeros};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use super::windows::{Windows, padding};
use burn::tensor::module::avg_pool2d;
use burn::tensor::ops::AvgPoolOptions;
use netsmith::network::Saved;
use netsmith::network::operation::Pool;
use netsmith_kernels::Window;
use netsmith_kernels::channels_last::{Octet, average_pool};

/// The mean of each window.
#[derive(Debug)]
pub(super) struct AvgPool(pub(super) Pool);

impl Trainable for AvgPool {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [_, _, height, width] = x.dims();
        let mut options = AvgPoolOptions::new(self.0.window.kernel);
        options.stride = self.0.window.stride;
        options.padding = padding(&self.0, [height, width]);
        options.count_include_pad = false;
        Value::new(avg_pool2d(x, options))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.take(node);
        value.edit(|output| {
            let windows = Windows::of(&self.0, pass.from(node), pass.shape(node));
            windows.average(pass.read(pass.first(node)), output);
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let (from, to) = (pass.from(node), pass.shape(node));
        pass.deliver_moved(pass.first(node), gradient, |gradient, target| {
            Windows::of(&self.0, from, to).average_backward(gradient, target);
        });
    }

    /// The mean passes gradients on whatever the values were.
    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each)
            .with_zeros(Zeros::OfInput)
            .with_range(Range::OfInputs)
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        let from = compiler.layout(compiler.in_order(node)?);
        let window = kernel_window(&self.0.window, from, compiler.layout(node));
        Some(compiler.draft(node, Means(window)))
    }
}

/// The mean of each window of single samples.
#[derive(Debug)]
struct Means(Window);

impl Work for Means {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let octets = sources.get(0).len() / self.0.input_plane();
        average_pool(&self.0, octets, sources.get(0), target);
    }
}

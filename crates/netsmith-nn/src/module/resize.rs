//! Nearest neighbour up, maximum down, to a given height and width.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance, Range};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use super::windows::Windows;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use netsmith::network::operation::Resize;
use netsmith::network::{Saved, Shape};

impl Trainable for Resize {
    /// First down, then up.
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let mut x = site.first().tensor.clone();
        let [samples, channels, height, width] = x.dims();
        let [rows, columns] = site.node.shape.positions();
        let down = [(height / rows).max(1), (width / columns).max(1)];
        let up = [(rows / height).max(1), (columns / width).max(1)];
        if down != [1, 1] {
            let mut options = MaxPoolOptions::new(down);
            options.stride = down;
            x = max_pool2d(x, options);
        }
        if up != [1, 1] {
            let [_, _, height, width] = x.dims();
            let apart: Tensor<6> = x.reshape([samples, channels, height, 1, width, 1]);
            let spread: Tensor<6> = apart.expand([samples, channels, height, up[0], width, up[1]]);
            x = spread.reshape([samples, channels, rows, columns]);
        }
        Value::new(x)
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let (from, to) = (pass.from(node), pass.shape(node));
        let mut value = pass.take(node);
        value.edit(|output| windows(from, to).max(pass.read(pass.first(node)), output));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let (from, to) = (pass.from(node), pass.shape(node));
        pass.deliver_from_value(pass.first(node), gradient, |input, gradient, target| {
            windows(from, to).max_backward(input, gradient, target);
        });
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each).with_range(Range::OfInputs)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// The windows over which resizing takes the maximum: one position where it
/// goes up.
fn windows(input: Shape, output: Shape) -> Windows {
    let (input, output) = (input.positions(), output.positions());
    let axis = |axis: usize| {
        let (from, to) = (input[axis], output[axis]);
        let run = |position: usize| match from >= to {
            true => position * (from / to)..(position + 1) * (from / to),
            false => position / (to / from)..position / (to / from) + 1,
        };
        (0..to).map(run).collect()
    };
    Windows {
        input,
        rows: axis(0),
        columns: axis(1),
    }
}

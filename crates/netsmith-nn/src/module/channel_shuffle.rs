//! Channels of several groups interleaved.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::moves::{self, Moves};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::Tensor;
use netsmith::network::operation::ChannelShuffle;
use netsmith::network::{Saved, Shape};

impl Trainable for ChannelShuffle {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [samples, channels, height, width] = x.dims();
        let groups = [samples, self.groups, channels / self.groups, height * width];
        let x: Tensor<4> = x.reshape(groups);
        Value::new(
            x.swap_dims(1, 2)
                .reshape([samples, channels, height, width]),
        )
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let from = pass.from(node);
        moves::value(pass, node, || moves(self, from))
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let from = pass.from(node);
        moves::pull(pass, node, gradient, || moves(self, from));
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Fixed)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

fn moves(shuffle: &ChannelShuffle, shape: Shape) -> Moves {
    let [height, width] = shape.positions();
    let (plane, groups) = (height * width, shuffle.groups);
    let each = shape.channels() / groups;
    let from = (0..shape.elements()).map(|at| {
        let (channel, position) = (at / plane, at % plane);
        Some((channel % groups * each + channel / groups) * plane + position)
    });
    Moves::new(shape.elements(), from)
}

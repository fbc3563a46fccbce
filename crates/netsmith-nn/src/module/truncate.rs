//! Channels that follow each other, such as the first.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::moves::{self, Moves};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::operation::Truncate;
use netsmith::network::{Saved, Shape};

impl Trainable for Truncate {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        Value::new(x.narrow(1, self.from, self.channels))
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

fn moves(truncate: &Truncate, input: Shape) -> Moves {
    let output = input.with_channels(truncate.channels);
    let [height, width] = input.positions();
    let start = truncate.from * height * width;
    let from = (0..output.elements()).map(|at| Some(start + at));
    Moves::new(input.elements(), from)
}

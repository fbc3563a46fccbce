//! One position of a sequence as a vector.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::moves::{self, Moves};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::operation::Slice;
use netsmith::network::{Saved, Shape};

impl Trainable for Slice {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        Value::new(site.first().tensor.clone().narrow(3, self.position, 1))
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

fn moves(slice: &Slice, input: Shape) -> Moves {
    let [_, length] = input.positions();
    let from = (0..input.channels()).map(|channel| Some(channel * length + slice.position));
    Moves::new(input.elements(), from)
}

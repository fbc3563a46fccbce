//! Where samples enter.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Reach, Sharing, Trainable};
use super::value::Value;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::pack;

/// Samples of this shape.
#[derive(Debug)]
pub(super) struct Input(pub(super) Shape);

impl Trainable for Input {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        site.enter(self.0)
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.take(node);
        value.edit(|output| pack(pass.entering(node), self.0.elements(), output));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, _node: usize, gradient: Slot) {
        pass.give(gradient);
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

    /// Nothing: the samples are there when the steps begin.
    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }

    fn reach(&self) -> Reach {
        Reach::OnRequest
    }
}

//! The input itself.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::Inheritance;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;

/// The input itself.
#[derive(Debug)]
pub(super) struct Identity;

impl Trainable for Identity {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        site.first().clone()
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        pass.reuse(node, pass.first(node))
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        pass.deliver(pass.first(node), gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Always
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::passed()
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

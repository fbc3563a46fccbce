//! An image as a vector: the same values in the same order.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance, Range};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;

/// An image as a vector.
#[derive(Debug)]
pub(super) struct Flatten;

impl Trainable for Flatten {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [samples, channels, height, width] = x.dims();
        Value::new(x.reshape([samples, channels * height * width, 1, 1]))
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
        Inheritance::new(Channels::Unfolded).with_range(Range::OfInputs)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

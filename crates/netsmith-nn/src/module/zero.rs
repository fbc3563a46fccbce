//! Zeros: no information passes.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Reach, Sharing, Trainable};
use super::value::Value;
use netsmith::network::operation::Zero;
use netsmith::network::{Operation, Saved};
use netsmith_kernels::channels_last::Octet;

/// Whether an operation gives nothing but zeros.
pub(crate) fn is_zero(operation: &Operation) -> bool {
    matches!(operation, Operation::Zero(_))
}

impl Trainable for Zero {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let zeros = site.zeros().tensor;
        Value::new(zeros.cast(site.first().tensor.dtype()))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.take(node);
        value.edit(|output| output.as_flattened_mut().fill(0.0));
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

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        let mut draft = compiler.draft(node, Zeros);
        draft.reads.clear();
        Some(draft)
    }

    fn reach(&self) -> Reach {
        Reach::Never
    }
}

/// Zeros of single samples.
#[derive(Debug)]
struct Zeros;

impl Work for Zeros {
    fn run(&self, _sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        target.fill([0.0; 8]);
    }
}

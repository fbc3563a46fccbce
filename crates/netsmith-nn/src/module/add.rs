//! The sum of all inputs.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Identity, Inheritance, Range};
use super::lanes;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use netsmith::network::Saved;
use netsmith_kernels::channels_last::Octet;

/// The sum of all inputs.
#[derive(Debug)]
pub(super) struct Add;

impl Trainable for Add {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let tensors = site.inputs().map(|value| value.tensor.clone());
        let sum = tensors.reduce(|sum, tensor| sum + tensor);
        Value::new(sum.expect("a sum has an input — this is a bug in netsmith"))
    }

    /// Adds to the buffer of an input where one may be overwritten.
    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let inputs = &pass.node(node).inputs;
        let holder = |input: usize| pass.plan.holder[input];
        let overwritten = |&&input: &&usize| {
            let same = inputs.iter().filter(|&&o| holder(o) == holder(input));
            same.count() == 1 && pass.may_overwrite(node, input)
        };
        if let Some(&input) = inputs.iter().find(overwritten) {
            let mut value = pass.reuse(node, input);
            value.edit(|value| {
                for &other in inputs.iter().filter(|&&other| other != input) {
                    lanes::add(pass.read(other), value);
                }
            });
            return value;
        }
        let mut value = pass.take(node);
        value.edit(|value| match inputs[..] {
            [only] => lanes::copy(pass.read(only), value),
            [a, b, ref rest @ ..] => {
                lanes::sum(pass.read(a), pass.read(b), value);
                for &other in rest {
                    lanes::add(pass.read(other), value);
                }
            }
            [] => {}
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        match pass.node(node).inputs.split_last() {
            Some((&last, others)) => {
                for &input in others {
                    pass.deliver_copy(input, &gradient);
                }
                pass.deliver(last, gradient);
            }
            None => pass.give(gradient),
        }
    }

    fn saved(&self) -> Saved {
        Saved::Nothing
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Each)
            .with_identity(Identity::Sum)
            .with_range(Range::PositiveOfInputs)
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        let layout = compiler.layout(node);
        let mut inputs = compiler.node(node).inputs.iter();
        let alike = inputs.all(|&input| compiler.layout(input) == layout);
        alike.then(|| compiler.draft(node, Sum))
    }

    fn is_elementwise(&self) -> bool {
        true
    }
}

/// The sum of single samples.
#[derive(Debug)]
struct Sum;

impl Work for Sum {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        target.copy_from_slice(sources.get(0));
        for at in 1..sources.len() {
            let pairs = target.as_flattened_mut().iter_mut();
            pairs
                .zip(sources.get(at).as_flattened())
                .for_each(|(sum, value)| *sum += value);
        }
    }
}

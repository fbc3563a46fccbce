//! A mix of a supernet: the weighted sum of its inputs.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance};
use super::lanes;
use super::trainable::{Reach, Sharing, Trainable};
use super::value::Value;
use netsmith::network::{Network, Operation, Saved};
use netsmith_kernels::mix::{self, Part};

/// The weighted sum of all inputs that count.
#[derive(Debug)]
pub(super) struct Mix {
    /// Number of the decision that the weights belong to.
    pub(super) decision: usize,
}

/// The number of the decision that a mix belongs to; `None` for other
/// operations.
pub(crate) fn decision(operation: &Operation) -> Option<usize> {
    if let Operation::Mix { decision } = operation {
        Some(*decision)
    } else {
        None
    }
}

impl Trainable for Mix {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        site.mixed(self.decision)
    }

    #[expect(clippy::float_cmp, reason = "a hard choice counts exactly one")]
    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mixed = self.counted(pass, node);
        if let [(_, input, weight)] = mixed[..]
            && weight == 1.0
            && pass.plan.norms[input].is_none()
        {
            return pass.reuse(node, input);
        }
        let mut value = pass.take(node);
        let shape = pass.shape(node);
        value.edit(|value| {
            let mut shift = vec![0.0; shape.channels()];
            let parts = mixed.iter().map(|&(_, input, weight)| {
                let norm = pass.plan.norms[input].and(pass.norms[input].as_ref());
                let Some(memory) = norm else {
                    return Part {
                        scale: vec![weight; shift.len()],
                        source: pass.read(input),
                    };
                };
                let [mut scale, terms] = memory.lines();
                scale.iter_mut().for_each(|scale| *scale *= weight);
                let sums = shift.iter_mut().zip(terms);
                sums.for_each(|(sum, term)| *sum += weight * term);
                Part {
                    scale,
                    source: pass.read(pass.first(input)),
                }
            });
            let parts: Vec<Part<'_>> = parts.collect();
            mix::blend(shape.positions().iter().product(), &shift, &parts, value);
        });
        value
    }

    #[expect(clippy::float_cmp, reason = "a hard choice counts exactly one")]
    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let mixed = self.counted(pass, node);
        if pass.mixes() && !pass.counts_only() {
            self.learn_weights(pass, &mixed, &gradient);
        }
        if let [(_, input, weight)] = mixed[..]
            && weight == 1.0
        {
            return pass.deliver(input, gradient);
        }
        let mut norms = 0;
        for &(_, input, weight) in &mixed {
            if pass.plan.norms[input].is_some() {
                norms += 1;
            } else if pass.needs(input) {
                pass.deliver_scaled(input, weight, &gradient);
            }
        }
        lend(pass, node, gradient, norms);
    }

    /// The gradients of the weights read the inputs: the plan marks these apart.
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

    fn reach(&self) -> Reach {
        Reach::Always
    }
}

impl Mix {
    /// The inputs that count, with their places and weights.
    fn counted(&self, pass: &Pass<'_>, node: usize) -> Vec<(usize, usize, f32)> {
        let inputs = pass.node(node).inputs.iter().enumerate();
        match &pass.mixture {
            None => inputs.map(|(at, &input)| (at, input, 1.0)).collect(),
            Some((mixture, _)) => inputs
                .filter(|&(at, _)| mixture.reads(pass.network, node, at))
                .map(|(at, &input)| (at, input, mixture.weight(self.decision, at)))
                .collect(),
        }
    }

    /// The slopes of the weights of the inputs that have values; where one input
    /// counts, also that of an input of ones.
    fn learn_weights(&self, pass: &mut Pass<'_>, mixed: &[(usize, usize, f32)], gradient: &Slot) {
        if mixed.len() <= 1 {
            if pass.ones.len() <= self.decision {
                pass.ones.resize(self.decision + 1, 0.0);
            }
            pass.ones[self.decision] += lanes::total(gradient.lanes());
        }
        for &(at, input, _) in mixed {
            if pass.plan.norms[input].is_none() {
                let slope = lanes::dot(pass.read(input), gradient.lanes());
                learn(pass, self.decision, at, slope);
            }
        }
    }
}

/// Keeps the gradient of a mix for the norms that still read it.
fn lend(pass: &mut Pass<'_>, mix: usize, gradient: Slot, norms: usize) {
    if norms == 0 {
        pass.give(gradient);
    } else {
        pass.lent.insert(mix, (gradient, norms));
    }
}

/// Adds to the gradient of a mix's weight.
fn learn(pass: &mut Pass<'_>, decision: usize, at: usize, gradient: f64) {
    if pass.mixing.len() <= decision {
        pass.mixing.resize(decision + 1, Vec::new());
    }
    let weights = &mut pass.mixing[decision];
    if weights.len() <= at {
        weights.resize(at + 1, 0.0);
    }
    weights[at] += gradient;
}

/// The same by what a norm that the mix applies tells of it.
pub(super) fn learn_from_norm(pass: &mut Pass<'_>, mix: usize, at: usize, slope: f64) {
    if let Some(decision) = decision(&pass.node(mix).operation)
        && pass.mixes()
    {
        learn(pass, decision, at, slope);
    }
}

/// Takes the gradient of a mix through a norm that it applies. The normalised
/// values times that gradient, summed up, are the slope of the weight with which
/// it does.
pub(super) fn pull_share(pass: &mut Pass<'_>, norm: usize, mix: usize, at: usize) {
    let Some((gradient, norms)) = pass.lent.remove(&mix) else {
        return;
    };
    let weight = match (&pass.mixture, decision(&pass.node(mix).operation)) {
        (Some((mixture, _)), Some(decision)) => mixture.weight(decision, at),
        (None, _) | (_, None) => 1.0,
    };
    let first = pass.first(norm);
    let mut target = pass.take(first);
    if let Some(memory) = pass.norms[norm].take() {
        let mut slope = 0.0;
        target.edit(|target| {
            let input = pass.read(first);
            slope = memory.backward_of_share(weight, input, gradient.lanes(), target);
        });
        learn_from_norm(pass, mix, at, slope);
    }
    pass.deliver(first, target);
    lend(pass, mix, gradient, norms - 1);
}

/// For each node, where it is a normalisation without scale whose value only
/// one mix reads, that mix and the place among its inputs.
///
/// The mix normalises while it adds up, and the normalisation takes its gradient
/// from that of the mix: neither is written down. The gradient of the weight
/// falls out of the normalisation's own backward pass.
pub(super) fn norms_of_mixes(
    network: &Network,
    operations: &[Box<dyn Trainable>],
) -> Vec<Option<(usize, usize)>> {
    let mut readers: Vec<Vec<(usize, usize)>> = vec![Vec::new(); network.nodes().len()];
    for (index, node) in network.nodes().iter().enumerate() {
        for (at, &input) in node.inputs.iter().enumerate() {
            readers[input].push((index, at));
        }
    }
    let of = |(index, readers): (usize, Vec<(usize, usize)>)| {
        let [(mix, at)] = readers[..] else {
            return None;
        };
        let norm = operations[index].norm().is_some_and(|norm| !norm.affine);
        let mixes = decision(&network.nodes()[mix].operation).is_some();
        (norm && mixes).then_some((mix, at))
    };
    readers.into_iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::{Goal, Kernels, Mixture, Module, Weights};
    use netsmith::network::operation::{Activation, BatchNorm, Linear};
    use netsmith::network::{Builder, Shape};
    use netsmith::random::Seed;

    /// Options that read the samples themselves, with nothing trained before them.
    #[test]
    fn a_mix_at_the_samples_learns() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(3));
        let mut add =
            |name: &str, operation, inputs: &[usize]| builder.add(name, operation, inputs).unwrap();
        let relu = add("relu", Operation::Activation(Activation::Relu), &[x]);
        let tanh = add("tanh", Operation::Activation(Activation::Tanh), &[x]);
        let norm = BatchNorm { affine: false };
        let norm = add("norm", Operation::BatchNorm(norm), &[tanh]);
        let mix = add("mix", Operation::Mix { decision: 0 }, &[x, relu, norm]);
        let head = add("head", Operation::Linear(Linear::new(1_usize)), &[mix]);
        let network = builder.finish(&[head]);
        let mut module = Module::supernet(&network, Kernels::Fused).unwrap();
        let weights = Weights::init(&network, &Seed::new(1));
        let inputs: Vec<f32> = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
        let mut pass = |mixed: &[f32], goal| {
            let mixture = Mixture(vec![mixed.to_vec()]);
            module.mixed_step(&weights, &mixture, &inputs, goal, |answers, gradient| {
                gradient.copy_from_slice(answers);
                answers.iter().map(|a| f64::from(a * a) / 2.0).sum()
            })
        };
        let mixed = [0.2, 0.5, 0.3];
        let found = pass(&mixed, Some(Goal::Mixture)).mixing.remove(0);
        for (option, found) in found.iter().enumerate() {
            let mut at = |sign: f32| {
                let mut moved = mixed;
                moved[option] += sign * 1e-2;
                pass(&moved, None).loss
            };
            // The loss is a square, so the difference is exact but for rounding.
            let slope = (at(1.0) - at(-1.0)) / 2e-2;
            let off = (found - slope).abs();
            assert!(
                off < 1e-3 * (1.0 + slope.abs()),
                "{option}: {found} {slope}"
            );
        }
    }
}

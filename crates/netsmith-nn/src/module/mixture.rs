//! Mixes of a supernet: how much each option counts, and what then need not run.

use netsmith::network::{Network, Operation};
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// Lanes of one piece of work: as much as stays in the first cache.
const PIECE: usize = 512;

/// How much each input of every mix counts, by the number of the decision.
///
/// An input that counts nothing is not computed, and neither is what only it
/// reads. Mixes of a decision without weights here are sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mixture(pub Vec<Vec<f32>>);

impl Mixture {
    /// The weight of the input `at` of the mixes of a decision.
    pub(super) fn weight(&self, decision: usize, at: usize) -> f32 {
        let weights = self.0.get(decision).map_or(&[][..], |weights| weights);
        weights.get(at).copied().unwrap_or(1.0)
    }

    /// For each node whether the network's outputs depend on it.
    pub(crate) fn needed(&self, network: &Network) -> Vec<bool> {
        let nodes = network.nodes();
        let mut needed = vec![false; nodes.len()];
        for &output in network.outputs() {
            needed[output] = true;
        }
        for (index, node) in nodes.iter().enumerate().rev() {
            if !needed[index] {
                continue;
            }
            for (at, &input) in node.inputs.iter().enumerate() {
                needed[input] |= self.reads(network, index, at);
            }
        }
        // A sample enters whether or not something reads it.
        for (index, node) in nodes.iter().enumerate() {
            needed[index] |= matches!(node.operation, Operation::Input(_));
        }
        needed
    }

    /// Whether a node reads its input `at`: a mix reads no zeros and nothing
    /// that does not count.
    pub(crate) fn reads(&self, network: &Network, node: usize, at: usize) -> bool {
        let Operation::Mix { decision } = network.nodes()[node].operation else {
            return true;
        };
        let input = network.nodes()[node].inputs[at];
        let zero = matches!(network.nodes()[input].operation, Operation::Zero(_));
        !zero && self.weight(decision, at) != 0.0
    }
}

/// For each node, where it is a normalisation without scale whose value only
/// one mix reads, that mix and the place among its inputs.
///
/// The mix normalises while it adds up, and the normalisation takes its gradient
/// from that of the mix: neither is written down. The gradient of the weight
/// falls out of the normalisation's own backward pass.
pub(super) fn norms_of_mixes(network: &Network) -> Vec<Option<(usize, usize)>> {
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
        let norm = match &network.nodes()[index].operation {
            Operation::BatchNorm(norm) => !norm.affine,
            _ => false,
        };
        let mixes = matches!(network.nodes()[mix].operation, Operation::Mix { .. });
        (norm && mixes).then_some((mix, at))
    };
    readers.into_iter().enumerate().map(of).collect()
}

/// `target = weight · source`.
pub(super) fn scaled(weight: f32, source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        for (target, source) in target.iter_mut().zip(source) {
            for lane in 0..LANES {
                target[lane] = weight * source[lane];
            }
        }
    });
}

/// `target += weight · source`.
pub(super) fn add_scaled(weight: f32, source: &[Lane], target: &mut [Lane]) {
    let pieces = target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE));
    pieces.for_each(|(target, source)| {
        for (target, source) in target.iter_mut().zip(source) {
            for lane in 0..LANES {
                target[lane] += weight * source[lane];
            }
        }
    });
}

/// `Σ a` over all values, in a fixed order.
pub(super) fn total(a: &[Lane]) -> f64 {
    let sums: Vec<f64> = a
        .par_chunks(PIECE)
        .map(|a| {
            let mut sums = [0.0_f32; LANES];
            for a in a {
                for lane in 0..LANES {
                    sums[lane] += a[lane];
                }
            }
            sums.iter().map(|sum| f64::from(*sum)).sum()
        })
        .collect();
    sums.iter().sum()
}

/// `Σ a · b` over all values, in a fixed order.
pub(super) fn dot(a: &[Lane], b: &[Lane]) -> f64 {
    let pieces = a.par_chunks(PIECE).zip(b.par_chunks(PIECE));
    let sums: Vec<f64> = pieces
        .map(|(a, b)| {
            let mut sums = [0.0_f32; LANES];
            for (a, b) in a.iter().zip(b) {
                for lane in 0..LANES {
                    sums[lane] += a[lane] * b[lane];
                }
            }
            sums.iter().map(|sum| f64::from(*sum)).sum()
        })
        .collect();
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::{Goal, Kernels, Module, Weights};
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

//! Network morphisms: a child that starts from its parent's weights.
//!
//! ```text
//! each node of the child, in order, carries the value of a node of the parent
//! under a map g of its channels, is zero, or starts afresh:
//!   the same node on the same inputs   takes the parent's weights
//!     wider                            g(j) = j, then a random channel again; what
//!                                      reads a channel that is there c times takes
//!                                      1/c of its weight                 (Net2Wider)
//!     larger kernel                    zeros around the parent's
//!   a new layer                        the identity                     (Net2Deeper)
//!   a new branch beside a shortcut     its last layer gives zero
//! ```
//!
//! Where the answer carries the parent's answer, the child computes the same
//! function. Everything else that has the name of a parent's tensor starts from
//! what the two have in common, and the rest is drawn.
//!
//! # Paper
//! Chen et al. 2016, arXiv:1511.05641 (Net2Net); Wei et al. 2016,
//! arXiv:1603.01670. Deviations: the map of a pair of widths is the same
//! everywhere in a network, so that sums of widened branches stay sums.

mod carry;
mod copy;
mod fresh;

use crate::module::{Channels, Inheritance, Weights, inheritance, normal};
use carry::{Carry, State};
use netsmith::network::{Network, Role};
use netsmith::random::Seed;
use std::collections::BTreeMap;

/// The weights with which a child starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Inherited {
    /// All weights and running statistics of the child.
    pub weights: Weights,
    /// Whether the child then gives the parent's answers, with running
    /// statistics and up to rounding.
    pub preserves: bool,
}

/// The child's first weights, made of its parent's.
///
/// What is not inherited is drawn as in [`Weights::init`]. Channels that were
/// copied are told apart by relative Gaussian noise of this deviation, without
/// which they would stay equal for ever; with `noise` zero nothing is added.
///
/// # Panics
/// The weights are not those of the parent.
///
/// # Example
/// ```
/// use netsmith::network::{Builder, Network, Operation, Shape, ShapeError};
/// use netsmith::network::operation::{Activation, Linear};
/// use netsmith::random::Seed;
/// use netsmith_nn::module::{Kernels, Module, Weights};
/// use netsmith_nn::morphism::inherit;
///
/// fn mlp(width: usize) -> Result<Network, ShapeError> {
///     let mut builder = Builder::new();
///     let x = builder.input("x", Shape::vector(3));
///     let x = builder.add("hidden", Operation::Linear(Linear::new(width)), &[x])?;
///     let x = builder.add("relu", Operation::Activation(Activation::Relu), &[x])?;
///     let x = builder.add("head", Operation::Linear(Linear::new(2_usize)), &[x])?;
///     Ok(builder.finish(&[x]))
/// }
///
/// let (parent, child) = (mlp(4)?, mlp(7)?);
/// let weights = Weights::init(&parent, &Seed::new(1));
/// let inherited = inherit(&parent, &weights, &child, &Seed::new(2), 0.0);
/// assert!(inherited.preserves);
/// let sample = [0.5, -1.0, 2.0];
/// let before = Module::new(&parent, Kernels::Fused)?.infer(&weights, &sample);
/// let after = Module::new(&child, Kernels::Fused)?.infer(&inherited.weights, &sample);
/// assert!(before.iter().zip(&after).all(|(a, b)| (a - b).abs() < 1e-5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn inherit(
    parent: &Network,
    weights: &Weights,
    child: &Network,
    seed: &Seed,
    noise: f32,
) -> Inherited {
    weights.check(parent);
    let initial = Weights::init(child, &seed.child("weights"));
    let names = parent.nodes().iter().enumerate();
    let mut morphism = Morphism {
        parent,
        old: weights,
        child,
        names: names.map(|(at, node)| (node.name.as_str(), at)).collect(),
        seed: seed.child("channels"),
        noise,
        new: initial.clone(),
        initial,
        states: Vec::new(),
    };
    for node in 0..child.nodes().len() {
        let state = morphism.state_of(node);
        morphism.states.push(state);
    }
    let preserves = morphism.keeps_the_answer();
    Inherited {
        weights: morphism.new,
        preserves,
    }
}

/// A child under way.
struct Morphism<'a> {
    parent: &'a Network,
    old: &'a Weights,
    child: &'a Network,
    /// The parent's nodes by name.
    names: BTreeMap<&'a str, usize>,
    seed: Seed,
    noise: f32,
    initial: Weights,
    new: Weights,
    /// What each node of the child gives, so far.
    states: Vec<State>,
}

impl Morphism<'_> {
    fn state_of(&mut self, node: usize) -> State {
        let it = &self.child.nodes()[node];
        if it.inputs.is_empty() {
            return self.entering(node);
        }
        if self.of_child(node).channels == Channels::Passed {
            return self.states[it.inputs[0]].clone();
        }
        let named = self.names.get(it.name.as_str()).copied();
        if let Some(old) = named {
            if let Some(carry) = self.follow(node, old) {
                return State::Carries(carry);
            }
            self.take_common(node, old);
            if it
                .weights
                .iter()
                .any(|&w| self.new.0[w] != self.initial.0[w])
            {
                return State::Fresh;
            }
        }
        self.make_identity(node)
    }

    /// A sample, where the parent takes the same.
    fn entering(&self, node: usize) -> State {
        let it = &self.child.nodes()[node];
        let same = |old: &&usize| self.parent.nodes()[**old].operation == it.operation;
        match self.names.get(it.name.as_str()).filter(same) {
            Some(&old) => State::Carries(Carry {
                node: old,
                map: (0..it.shape.channels()).collect(),
            }),
            None => State::Fresh,
        }
    }

    /// The node of the parent whose value this one passes on.
    fn holder(&self, mut old: usize) -> usize {
        while self.of_parent(old).channels == Channels::Passed {
            old = self.parent.nodes()[old].inputs[0];
        }
        old
    }

    fn keeps_the_answer(&self) -> bool {
        let last = |network: &Network| network.outputs().last().copied();
        let (Some(new), Some(old)) = (last(self.child), last(self.parent)) else {
            return false;
        };
        let State::Carries(carry) = &self.states[new] else {
            return false;
        };
        let shape = self.parent.nodes()[old].shape;
        let in_order = carry.map.iter().copied().eq(0..shape.channels());
        carry.node == self.holder(old) && in_order && self.child.nodes()[new].shape == shape
    }

    /// The map from `new` channels to at most as many `old` ones, the same for
    /// every pair of widths.
    fn spread(&self, old: usize, new: usize) -> Option<Vec<usize>> {
        use rand::RngExt;
        if new < old || old == 0 {
            return None;
        }
        let seed = self.seed.child(&format!("{old} to {new}"));
        let mut random = seed.stream();
        let again = (old..new).map(|_| random.random_range(0..old));
        Some((0..old).chain(again).collect())
    }

    /// Relative noise for one row of a kernel.
    fn factors(&self, weight: usize, row: usize, size: usize) -> Vec<f32> {
        if self.noise == 0.0 {
            return vec![1.0; size];
        }
        let seed = self.seed.child(&self.child.weights()[weight].name);
        let draws = normal(&mut seed.nth(row as u64).stream(), size);
        draws.into_iter().map(|z| 1.0 + self.noise * z).collect()
    }

    /// What may be done with a node of the child.
    fn of_child(&self, node: usize) -> Inheritance {
        inheritance(&self.child.nodes()[node].operation)
    }

    /// What may be done with a node of the parent.
    fn of_parent(&self, node: usize) -> Inheritance {
        inheritance(&self.parent.nodes()[node].operation)
    }

    fn role(&self, weight: usize) -> Role {
        self.child.weights()[weight].shape.role
    }
}

#[cfg(test)]
mod tests;

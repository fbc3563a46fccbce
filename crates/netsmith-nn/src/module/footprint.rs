//! How much memory the activations of a step take, found without running it.
//!
//! The buffers that a pass takes and gives back follow from the network, its
//! plan and the mixture alone. Here the same pass is made with sizes instead of
//! buffers; a test holds it against what the arena has really taken.

use super::answer;
use super::mixture::Mixture;
use super::plan::Plan;
use netsmith::network::{Network, Node, Operation};
use netsmith_kernels::{LANES, blocks};
use std::collections::BTreeMap;

/// Bytes of activations and their gradients that a training step on so many
/// samples takes at most: by plan, the same to the byte as what the fused
/// kernels take. A supernet is run with a mixture.
pub fn activation_bytes(network: &Network, samples: usize, mixture: Option<&Mixture>) -> u64 {
    let plan = Plan::new(network);
    let nodes = network.nodes().len();
    let mut walk = Walk {
        network,
        plan: &plan,
        mixture: mixture.map(|mixture| (mixture, mixture.needed(network))),
        blocks: blocks(samples),
        values: vec![None; nodes],
        gradients: vec![None; nodes],
        lent: BTreeMap::new(),
        counts: BTreeMap::new(),
    };
    walk.forward();
    walk.backward();
    let lanes = walk.counts.iter();
    let lanes = lanes.map(|(size, counts)| (*size as u64).saturating_mul(counts.most));
    let lanes = lanes.fold(0, u64::saturating_add);
    lanes.saturating_mul((LANES * size_of::<f32>()) as u64)
}

/// Buffers of one size.
#[derive(Default)]
struct Counts {
    taken: u64,
    most: u64,
}

/// A pass with the sizes of buffers in the place of buffers.
struct Walk<'a> {
    network: &'a Network,
    plan: &'a Plan,
    mixture: Option<(&'a Mixture, Vec<bool>)>,
    blocks: usize,
    values: Vec<Option<usize>>,
    gradients: Vec<Option<usize>>,
    lent: BTreeMap<usize, (usize, usize)>,
    counts: BTreeMap<usize, Counts>,
}

impl Walk<'_> {
    fn take(&mut self, size: usize) -> usize {
        let counts = self.counts.entry(size).or_default();
        counts.taken += 1;
        counts.most = counts.most.max(counts.taken);
        size
    }

    fn give(&mut self, size: usize) {
        self.counts.entry(size).or_default().taken -= 1;
    }

    fn size(&self, node: usize) -> usize {
        let elements = self.network.nodes()[node].shape.elements();
        self.blocks.saturating_mul(elements)
    }

    fn runs(&self, index: usize) -> bool {
        let mixture = self.mixture.as_ref();
        mixture.is_none_or(|(_, needed)| needed[index])
    }

    fn is_kept(&self, buffer: usize) -> bool {
        self.plan.saved[buffer] || self.mixture.is_some() && self.plan.mixed[buffer]
    }

    fn may_overwrite(&self, node: usize, input: usize) -> bool {
        let buffer = self.plan.holder[input];
        self.plan.last[buffer] == node && !self.is_kept(buffer)
    }

    fn forward(&mut self) {
        for (index, node) in self.network.nodes().iter().enumerate() {
            let holds = self.plan.holder[index] == index && self.plan.norms[index].is_none();
            if self.runs(index) && holds {
                self.values[index] = Some(self.value(index, node));
            }
            for &read in node.inputs.iter().chain([&index]) {
                let buffer = self.plan.holder[read];
                if self.plan.last[buffer] == index
                    && !self.is_kept(buffer)
                    && let Some(size) = self.values[buffer].take()
                {
                    self.give(size);
                }
            }
        }
    }

    fn value(&mut self, index: usize, node: &Node) -> usize {
        let own = match &node.operation {
            Operation::Activation(_) | Operation::Dropout(_) | Operation::DropPath => {
                node.inputs.first().copied()
            }
            Operation::Mix { decision } => {
                let only = self.only(index, *decision);
                only.filter(|&input| self.plan.norms[input].is_none())
            }
            Operation::Add => {
                let own = |&&input: &&usize| {
                    let holder = &self.plan.holder;
                    let same = |other: &&usize| holder[**other] == holder[input];
                    node.inputs.iter().filter(same).count() == 1 && self.may_overwrite(index, input)
                };
                node.inputs.iter().find(own).copied()
            }
            _ => None,
        };
        let own = own.filter(|&input| self.may_overwrite(index, input));
        let own = own.and_then(|input| self.values[self.plan.holder[input]].take());
        own.unwrap_or_else(|| self.take(self.size(index)))
    }

    /// The places of the inputs of a mix that count, and their weights.
    fn mixed(&self, index: usize, decision: usize) -> Vec<(usize, f32)> {
        let inputs = self.network.nodes()[index].inputs.iter().enumerate();
        let weight = |(at, &input)| match &self.mixture {
            None => Some((input, 1.0)),
            Some((mixture, _)) => {
                let reads = mixture.reads(self.network, index, at);
                reads.then(|| (input, mixture.weight(decision, at)))
            }
        };
        inputs.filter_map(weight).collect()
    }

    /// The only input of a mix, if it counts as it is.
    fn only(&self, index: usize, decision: usize) -> Option<usize> {
        match self.mixed(index, decision)[..] {
            [(input, 1.0)] => Some(input),
            _ => None,
        }
    }

    fn backward(&mut self) {
        let answer = answer(self.network);
        self.gradients[answer] = Some(self.take(self.size(answer)));
        for (index, node) in self.network.nodes().iter().enumerate().rev() {
            if let Some(gradient) = self.gradients[index].take() {
                self.pull(index, node, gradient);
            } else if let Some((mix, _)) = self.plan.norms[index]
                && self.runs(index)
            {
                self.pull_share(mix, node.inputs[0]);
            }
            if self.plan.holder[index] == index
                && let Some(size) = self.values[index].take()
            {
                self.give(size);
            }
        }
    }

    /// Takes a gradient to the inputs as the pass itself does.
    fn pull(&mut self, index: usize, node: &Node, gradient: usize) {
        let first = node.inputs.first().copied().unwrap_or(index);
        match &node.operation {
            Operation::Input(_) | Operation::Zero(_) => self.give(gradient),
            Operation::Identity
            | Operation::Flatten
            | Operation::Activation(_)
            | Operation::BatchNorm(_)
            | Operation::LayerNorm(_)
            | Operation::Dropout(_)
            | Operation::DropPath => self.deliver(first, gradient),
            Operation::Convolution(_)
            | Operation::Linear(_)
            | Operation::MaxPool(_)
            | Operation::Resize(_) => {
                self.recall(first);
                if self.plan.needs[first] {
                    self.deliver_new(first);
                }
                self.give(gradient);
            }
            Operation::AvgPool(_)
            | Operation::GlobalPool
            | Operation::Shift
            | Operation::ChannelShuffle(_)
            | Operation::Slice(_)
            | Operation::Truncate(_)
            | Operation::Pad(_) => {
                let target = self.take(self.size(first));
                self.give(gradient);
                self.deliver(first, target);
            }
            Operation::Mix { decision } => match self.only(index, *decision) {
                Some(input) => self.deliver(input, gradient),
                None => {
                    let mut norms = 0;
                    for (input, _) in self.mixed(index, *decision) {
                        match self.plan.norms[input] {
                            Some(_) => norms += 1,
                            None => self.deliver_copy(input),
                        }
                    }
                    match norms {
                        0 => self.give(gradient),
                        _ => _ = self.lent.insert(index, (gradient, norms)),
                    }
                }
            },
            Operation::Add => {
                let Some((last, others)) = node.inputs.split_last() else {
                    return;
                };
                for &input in others {
                    self.deliver_copy(input);
                }
                self.deliver(*last, gradient);
            }
            Operation::Multiply => {
                self.deliver_new(node.inputs[1]);
                self.deliver_new(first);
                self.give(gradient);
            }
            Operation::Concat | Operation::Stack => {
                for &input in &node.inputs {
                    self.deliver_new(input);
                }
                self.give(gradient);
            }
        }
    }

    fn pull_share(&mut self, mix: usize, input: usize) {
        let Some((gradient, norms)) = self.lent.remove(&mix) else {
            return;
        };
        self.deliver_new(input);
        match norms {
            1 => self.give(gradient),
            _ => _ = self.lent.insert(mix, (gradient, norms - 1)),
        }
    }

    fn recall(&mut self, node: usize) {
        let buffer = self.plan.holder[node];
        if self.plan.recomputed[buffer] && self.values[buffer].is_none() {
            self.values[buffer] = Some(self.take(self.size(buffer)));
        }
    }

    fn deliver(&mut self, node: usize, gradient: usize) {
        if self.plan.needs[node] && self.gradients[node].is_none() {
            self.gradients[node] = Some(gradient);
        } else {
            self.give(gradient);
        }
    }

    fn deliver_new(&mut self, node: usize) {
        let gradient = self.take(self.size(node));
        self.deliver(node, gradient);
    }

    fn deliver_copy(&mut self, node: usize) {
        if self.plan.needs[node] && self.gradients[node].is_none() {
            self.gradients[node] = Some(self.take(self.size(node)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fused::Fused;
    use crate::module::{Goal, Noise, Weights};
    use crate::supernet::Supernet;
    use netsmith::catalogue::Settings;
    use netsmith::network::Shape;
    use netsmith::random::Seed;
    use netsmith::space::{CATALOGUE, Limits, Space, Task};

    fn space(name: &str, input: Shape, set: &[(&str, &str)]) -> Space {
        let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
        let set = set
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        let settings = Settings::new(entry.parameters, &set.collect()).unwrap();
        (entry.build)(&Task::vector(input, 10), &settings).unwrap()
    }

    #[test]
    fn networks_take_what_was_planned() {
        for (name, shape) in [
            ("nas-bench-201", Shape::image(3, 16, 16)),
            ("darts", Shape::image(1, 16, 16)),
            ("chain", Shape::image(1, 16, 16)),
            ("mlp", Shape::vector(9)),
        ] {
            let space = space(name, shape, &[]);
            let mut random = Seed::new(4).stream();
            for _ in 0..3 {
                let architecture = space.sample(&Limits::default(), &mut random).unwrap();
                let network = space.network(&architecture).unwrap();
                let samples = 20;
                let weights = Weights::init(&network, &Seed::new(1));
                let inputs = vec![0.5; samples * shape.elements()];
                let mut fused = Fused::new(&network);
                let planned = activation_bytes(&network, samples, None);
                // The second step takes nothing more.
                for _ in 0..2 {
                    let noise = Noise::new(Seed::new(2), 0.3);
                    let loss = |_: &[f32], gradient: &mut [f32]| {
                        gradient.fill(0.1);
                        0.0
                    };
                    fused.step(&network, &weights, &inputs, samples, &noise, loss);
                    assert_eq!(fused.arena_bytes(), planned, "{name}");
                }
            }
        }
    }

    #[test]
    fn supernets_take_what_was_planned() {
        for (name, set) in [
            ("nas-bench-201", &[("channels", "4"), ("cells", "1")]),
            ("darts", &[("channels", "4"), ("cells", "3")]),
            ("chain", &[("widths", "4,8,12"), ("depths", "1,2")]),
            ("mlp", &[("widths", "4,8,12"), ("depths", "0,1,2")]),
        ] {
            let shape = Shape::image(3, 16, 16);
            let supernet = Supernet::of(&space(name, shape, set)).unwrap();
            let network = &supernet.network;
            let weights = Weights::init(network, &Seed::new(1));
            let inputs = vec![0.5; 17 * shape.elements()];
            let sites = supernet.sites.iter().map(|site| site.zero.len());
            let even = sites.clone().map(|n| vec![1.0 / n as f64; n]);
            let hard = sites.map(|n| (0..n).map(move |k| f64::from(u8::from(k + 2 == n))));
            for mixture in [
                even.collect::<Vec<_>>(),
                hard.map(Iterator::collect).collect(),
            ] {
                let mixture = supernet.mixture(&mixture);
                let planned = activation_bytes(network, 17, Some(&mixture));
                let mut fused = Fused::new(network);
                let mut loss = |_: &[f32], gradient: &mut [f32]| {
                    gradient.fill(0.1);
                    0.0
                };
                let goal = Some(Goal::Both);
                fused.mixed(network, &weights, &mixture, &inputs, 17, goal, &mut loss);
                assert_eq!(fused.arena_bytes(), planned, "{name}");
            }
        }
    }
}

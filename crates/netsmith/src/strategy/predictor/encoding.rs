//! Architectures as vectors of features.

use crate::network::Network;
use crate::space::nas_bench_201::{EDGES, OPERATIONS};
use crate::space::{Architecture, Decision, DecisionKind, Space};
use crate::strategy::Scorer;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What becomes of an architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One number for each option of a choice, for each candidate of a select
    /// and for each size.
    Decisions,
    /// One number for each path of operations through a cell of NAS-Bench-201;
    /// in other spaces, whose cells have no such list, [`Encoding::Decisions`].
    Paths,
    /// The decisions, how often each operation is chosen, and what the network
    /// is like: parameters, MACs, and how deep its paths are.
    Structure,
}

/// Encodes the architectures of one space, each once.
///
/// Features of a decision that is not active are zero.
#[derive(Clone, Debug)]
pub struct Encoder {
    encoding: Encoding,
    scorer: Option<Arc<dyn Scorer>>,
    known: BTreeMap<Architecture, Arc<[f64]>>,
}

/// So many architectures are remembered with their features; then all are forgotten.
const MOST_KNOWN: usize = 20_000;

impl Encoder {
    /// An encoder that has seen nothing.
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            scorer: None,
            known: BTreeMap::new(),
        }
    }

    /// Appends what a scorer says to the features; those that were given before
    /// are forgotten.
    pub fn assist(&mut self, scorer: Arc<dyn Scorer>) {
        self.known.clear();
        self.scorer = Some(scorer);
    }

    /// The features of an architecture, as many for each of a space.
    pub fn encode(&mut self, space: &Space, architecture: &Architecture) -> Arc<[f64]> {
        if let Some(known) = self.known.get(architecture) {
            return Arc::clone(known);
        }
        let mut features = match self.encoding {
            Encoding::Decisions => decisions(space, architecture),
            Encoding::Paths => {
                paths(space, architecture).unwrap_or_else(|| decisions(space, architecture))
            }
            Encoding::Structure => {
                let mut features = decisions(space, architecture);
                features.extend(counts(space, architecture));
                match space.network(architecture) {
                    Ok(network) => features.extend(structure(&network)),
                    Err(_) => features.extend([0.0; STRUCTURE]),
                }
                features
            }
        };
        if let Some(scorer) = &self.scorer {
            features.extend(scorer.scores(space, architecture));
        }
        let features: Arc<[f64]> = features.into();
        if self.known.len() >= MOST_KNOWN {
            self.known.clear();
        }
        self.known
            .insert(architecture.clone(), Arc::clone(&features));
        features
    }
}

fn decisions(space: &Space, architecture: &Architecture) -> Vec<f64> {
    let mut features = Vec::new();
    for (decision, option) in space.decisions().iter().zip(architecture.options()) {
        match &decision.kind {
            DecisionKind::Choice(options) => {
                let one = |at: usize| f64::from(u8::from(option == Some(at as u32)));
                features.extend((0..options.len()).map(one));
            }
            DecisionKind::Value(values) => {
                let size = |option: u32| f64::from(option + 1) / values.len() as f64;
                features.push(option.map_or(0.0, size));
            }
            DecisionKind::Select { candidates, .. } => {
                let members = option.map_or_else(Vec::new, |option| decision.members(option));
                let times = |candidate| {
                    members
                        .iter()
                        .filter(|member| **member == candidate)
                        .count() as f64
                };
                features.extend((0..*candidates).map(times));
            }
        }
    }
    features
}

/// How often each option is taken, over all decisions with the same options.
fn counts(space: &Space, architecture: &Architecture) -> Vec<f64> {
    let mut kinds: Vec<(&Decision, Vec<f64>)> = Vec::new();
    for (decision, option) in space.decisions().iter().zip(architecture.options()) {
        let DecisionKind::Choice(options) = &decision.kind else {
            continue;
        };
        let known = kinds
            .iter()
            .position(|(other, _)| other.kind == decision.kind);
        let at = known.unwrap_or_else(|| {
            kinds.push((decision, vec![0.0; options.len()]));
            kinds.len() - 1
        });
        if let Some(option) = option {
            kinds[at].1[option as usize] += 1.0;
        }
    }
    kinds.into_iter().flat_map(|(_, counts)| counts).collect()
}

/// How many features [`structure`] gives.
const STRUCTURE: usize = 6;

/// Logarithms of parameters and MACs, of the network as written and as pruned,
/// and the longest path and the mean of all paths, in layers that multiply
/// matrices.
fn structure(network: &Network) -> [f64; STRUCTURE] {
    let log = |count: u64| ((count + 1) as f64).ln();
    let pruned = network.pruned();
    let mut longest = vec![0.0_f64; pruned.nodes().len()];
    let mut mean = vec![0.0_f64; pruned.nodes().len()];
    for (index, node) in pruned.nodes().iter().enumerate() {
        let own = f64::from(u8::from(pruned.node_macs(index) > 0));
        let inputs = || node.inputs.iter();
        let above = inputs().map(|&input| longest[input]).fold(0.0, f64::max);
        let sum: f64 = inputs().map(|&input| mean[input]).sum();
        longest[index] = own + above;
        mean[index] = own + sum / node.inputs.len().max(1) as f64;
    }
    let last = pruned.outputs().last().copied().unwrap_or(0);
    [
        log(network.parameters()),
        log(network.macs()),
        log(pruned.parameters()),
        log(pruned.macs()),
        longest[last],
        mean[last],
    ]
}

/// The paths through a cell of NAS-Bench-201: each sequence of operations from
/// the input to the output has a number, that of a path of length `L` being the
/// offset of its length and its operations as digits to the base of 5. `none` is an
/// operation like the others.
///
/// # Paper
/// White et al. 2021, arXiv:1910.11858, section 4, with the labels of its code.
fn paths(space: &Space, architecture: &Architecture) -> Option<Vec<f64>> {
    /// The edges of each path, as positions in [`EDGES`].
    const PATHS: [&[usize]; 4] = [&[3], &[0, 4], &[1, 5], &[0, 2, 5]];
    const BASE: usize = OPERATIONS.len();
    if space.name() != crate::space::nas_bench_201::ENTRY.name {
        return None;
    }
    let options: Option<Vec<u32>> = architecture.options().collect();
    let options = options.filter(|options| options.len() == EDGES.len())?;
    let mut features = vec![0.0; BASE + BASE * BASE + BASE * BASE * BASE];
    for path in PATHS {
        let offset = [0, 0, BASE, BASE + BASE * BASE][path.len()];
        let digits = path.iter().rev();
        let number = digits.fold(0, |number, &edge| number * BASE + options[edge] as usize);
        features[offset + number] = 1.0;
    }
    Some(features)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Settings;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::{self, Limits, Task};

    fn space(name: &str) -> Space {
        let entry = space::CATALOGUE.iter().find(|entry| entry.name == name);
        let entry = entry.unwrap();
        let input = match name {
            "mlp" => Shape::vector(20),
            _ => Shape::image(3, 32, 32),
        };
        let task = Task::vector(input, 10);
        (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap()
    }

    #[test]
    fn a_cell_has_155_path_bits_of_which_three_or_four_are_set() {
        let space = space("nas-bench-201");
        let mut encoder = Encoder::new(Encoding::Paths);
        let mut random = Seed::new(1).stream();
        let mut set = [0; 5];
        for _ in 0..500 {
            let drawn = space.sample(&Limits::default(), &mut random).unwrap();
            let features = encoder.encode(&space, &drawn);
            assert_eq!(features.len(), 155);
            set[features.iter().sum::<f64>() as usize] += 1;
        }
        assert_eq!(set[..3], [0; 3]);
        assert!(set[3] > 5 && set[4] > 400, "{set:?}");
    }

    #[test]
    fn decisions_of_a_cell_are_30_bits() {
        let space = space("nas-bench-201");
        let mut encoder = Encoder::new(Encoding::Decisions);
        let mut random = Seed::new(1).stream();
        let drawn = space.sample(&Limits::default(), &mut random).unwrap();
        let features = encoder.encode(&space, &drawn);
        assert_eq!(features.len(), 30);
        assert!((features.iter().sum::<f64>() - 6.0).abs() < 1e-12);
    }

    /// Whatever the architecture, a space has as many features, and all are finite.
    #[test]
    fn vectors_of_a_space_are_of_one_length() {
        for name in ["nas-bench-201", "darts", "chain", "mlp"] {
            let space = space(name);
            for encoding in [Encoding::Decisions, Encoding::Paths, Encoding::Structure] {
                let mut encoder = Encoder::new(encoding);
                let mut random = Seed::new(2).stream();
                let mut lengths: Vec<usize> = (0..10)
                    .map(|_| {
                        let drawn = space.sample(&Limits::default(), &mut random).unwrap();
                        let features = encoder.encode(&space, &drawn);
                        assert!(features.iter().all(|value| value.is_finite()));
                        features.len()
                    })
                    .collect();
                lengths.dedup();
                assert_eq!(lengths.len(), 1, "{name} {encoding:?}");
            }
        }
    }

    /// A longer path and a dead edge show.
    #[test]
    fn the_structure_is_of_the_pruned_network() {
        let space = space("nas-bench-201");
        let of = |text: &str| structure(&space.network(&space.parse(text).unwrap()).unwrap());
        let deep = of("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|nor_conv_3x3~2|");
        let dead = of("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|");
        // Stem, head, two convolutions of each of two reductions, and 15 cells.
        assert!((deep[4] - (2.0 + 4.0 + 45.0)).abs() < 1e-12, "{deep:?}");
        assert!((dead[4] - 6.0).abs() < 1e-12, "{dead:?}");
        assert!(dead[2] < dead[0]);
    }
}

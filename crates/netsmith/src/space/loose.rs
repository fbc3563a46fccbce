//! Loose ends: which of the candidates something else reads.

use super::graph::{Graph, GraphNode, Kind, Merge, Port};
use super::{Architecture, Decision, DecisionId, DecisionKind, Space};

/// Who reads a candidate of a search for loose ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Something that reads it under every option: it is no loose end.
    Certain,
    /// Selects that may pick it, perhaps none: it is a loose end where none does.
    Selects(Vec<Reader>),
}

/// A select that may pick a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    decision: DecisionId,
    candidate: usize,
    /// Whether the candidate enters where the select picks none.
    falls_back: bool,
}

impl Reader {
    /// The chance that it does not read its candidate.
    fn leaves(&self, chance: &impl Fn(DecisionId, usize) -> f64) -> f64 {
        1.0 - chance(self.decision, self.candidate)
    }
}

/// Who reads this node of a graph, other searches for loose ends apart.
pub(super) fn readers(graph: &Graph, port: Port) -> Readers {
    let mut selects = Vec::new();
    for node in &graph.nodes {
        let always = match &node.kind {
            Kind::Loose(loose) => &node.inputs[..loose.fixed],
            Kind::Select(select) => {
                let (fixed, candidates) = node.inputs.split_at(select.fixed);
                for (candidate, _) in candidates.iter().enumerate().filter(|(_, p)| **p == port) {
                    selects.push(Reader {
                        decision: select.decision,
                        candidate,
                        falls_back: select.fixed == 0 && candidate == select.fallback,
                    });
                }
                fixed
            }
            _ => &node.inputs[..],
        };
        if always.contains(&port) {
            return Readers::Certain;
        }
    }
    Readers::Selects(selects)
}

/// How many of these nodes the selects that are undecided read at most.
pub(super) fn most_read(
    graph: &Graph,
    ports: &[Port],
    decisions: &[Decision],
    option: impl Fn(DecisionId) -> Option<u32>,
) -> usize {
    let most = |node: &GraphNode| {
        let Kind::Select(select) = &node.kind else {
            return 0;
        };
        let mut reads = node.inputs[select.fixed..].iter();
        let DecisionKind::Select { candidates, pick } = decisions[select.decision.0].kind else {
            return 0;
        };
        match option(select.decision) {
            // Where none is picked, a fallback may enter.
            None if reads.any(|port| ports.contains(port)) => {
                pick.members_range(candidates).1.max(1)
            }
            _ => 0,
        }
    };
    graph.nodes.iter().map(most).sum()
}

impl Readers {
    /// Whether something reads the candidate; nothing where that is still open.
    pub(super) fn read(
        &self,
        decisions: &[Decision],
        option: impl Fn(DecisionId) -> Option<u32>,
    ) -> Option<bool> {
        let Self::Selects(selects) = self else {
            return Some(true);
        };
        let mut open = false;
        for reader in selects {
            match option(reader.decision) {
                None => open = true,
                Some(option) => {
                    let members = decisions[reader.decision.0].members(option);
                    let falls_back = reader.falls_back && members.is_empty();
                    if falls_back || members.contains(&reader.candidate) {
                        return Some(true);
                    }
                }
            }
        }
        if open { None } else { Some(false) }
    }
}

/// Loose ends that a supernet sums up in a mix: what its inputs count depends on
/// all decisions that may read them.
#[derive(Clone, Debug, PartialEq)]
pub struct RelaxedLoose {
    /// What its mixes name in place of a decision: a number beyond those of all
    /// decisions.
    pub mix: usize,
    candidates: Vec<Readers>,
}

impl RelaxedLoose {
    /// How much each input of the mixes counts under an architecture: 1 where it
    /// is a loose end, otherwise 0.
    pub fn weights(&self, space: &Space, architecture: &Architecture) -> Vec<f32> {
        let option = |id| architecture.option(id);
        let read = |readers: &Readers| readers.read(space.decisions(), option);
        let weight = |readers| {
            if read(readers) == Some(false) {
                1.0
            } else {
                0.0
            }
        };
        self.candidates.iter().map(weight).collect()
    }

    /// The chance that each input of the mixes is a loose end, where `chance` is
    /// that with which a decision picks a candidate and each decides on its own:
    /// the product, over all that may read it, of one less their chances. With
    /// chances of 0 and 1 these are the [`weights`](Self::weights), but for what
    /// enters where an empty subset is picked.
    pub fn chances(&self, chance: &impl Fn(DecisionId, usize) -> f64) -> Vec<f64> {
        let left = |readers: &Readers| match readers {
            Readers::Certain => 0.0,
            Readers::Selects(selects) => selects.iter().map(|s| s.leaves(chance)).product(),
        };
        self.candidates.iter().map(left).collect()
    }

    /// How a loss changes with the chances of the decisions, from how it changes
    /// with those of the loose ends (`slopes`): for each reader its decision, its
    /// candidate and the slope, in a fixed order.
    pub fn slopes(
        &self,
        slopes: &[f64],
        chance: &impl Fn(DecisionId, usize) -> f64,
    ) -> Vec<(DecisionId, usize, f64)> {
        let mut found = Vec::new();
        for (readers, slope) in self.candidates.iter().zip(slopes) {
            let Readers::Selects(selects) = readers else {
                continue;
            };
            for (place, reader) in selects.iter().enumerate() {
                let others = selects.iter().enumerate().filter(|(at, _)| *at != place);
                let rest: f64 = others.map(|(_, other)| other.leaves(chance)).product();
                found.push((reader.decision, reader.candidate, -slope * rest));
            }
        }
        found
    }

    /// Number of inputs of its mixes.
    pub fn inputs(&self) -> usize {
        self.candidates.len()
    }
}

/// The candidates that may be loose ends, each with its readers.
pub(super) fn candidates(graph: &Graph, candidates: &[Port]) -> Vec<(usize, Readers)> {
    let found = candidates.iter().enumerate();
    let found = found.map(|(index, &port)| (index, readers(graph, port)));
    found
        .filter(|(_, readers)| *readers != Readers::Certain)
        .collect()
}

/// All loose ends that the supernet of a graph sums up, those with equal readers
/// once; `decisions` is how many decisions the space has.
pub(super) fn relaxed(graph: &Graph, decisions: usize) -> Vec<RelaxedLoose> {
    let mut found: Vec<RelaxedLoose> = Vec::new();
    collect(graph, decisions, &mut found);
    found
}

fn collect(graph: &Graph, decisions: usize, found: &mut Vec<RelaxedLoose>) {
    for node in &graph.nodes {
        if let Kind::Loose(loose) = &node.kind
            && loose.merge == Merge::Sum
            && !loose.same_positions
        {
            let open = candidates(graph, &node.inputs[loose.fixed..]);
            let readers: Vec<Readers> = open.into_iter().map(|(_, readers)| readers).collect();
            if !found.iter().any(|known| known.candidates == readers) {
                found.push(RelaxedLoose {
                    mix: decisions + found.len(),
                    candidates: readers,
                });
            }
        }
    }
    for inner in graph.subgraphs() {
        collect(inner, decisions, found);
    }
}

/// The number that the mix of these loose ends names.
pub(super) fn mix_of(found: &[RelaxedLoose], open: &[(usize, Readers)]) -> Option<usize> {
    let same = |known: &&RelaxedLoose| {
        let own = open.iter().map(|(_, readers)| readers);
        known.candidates.iter().eq(own)
    };
    found.iter().find(same).map(|known| known.mix)
}

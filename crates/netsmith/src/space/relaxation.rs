//! What a supernet leaves open, and how its mixes belong to the decisions.

use super::graph::{Graph, Kind, Through};
use super::loose::{self, RelaxedLoose};
use super::{DecisionId, DecisionKind, Pick, Space, skip};
use std::collections::BTreeMap;

/// Decisions that a supernet cannot leave open, and what they decide.
pub type Refused = Vec<(DecisionId, &'static str)>;

/// What a supernet leaves open: its mixes, by the decision that they relax.
///
/// Every [`Mix`](crate::network::Operation::Mix) of the supernet names a
/// decision. That decision is among the choices or among the selects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relaxation {
    /// Decisions whose options are mixed, in the order of their numbers; those of
    /// several sizes too, whose options weigh masks, kernels and lengths.
    pub choices: Vec<RelaxedChoice>,
    /// Decisions whose candidates are weighted, in the order of their numbers.
    pub selects: Vec<RelaxedSelect>,
    /// Decisions that set a size and nothing else; those of several values are
    /// among the choices as well.
    pub sizes: Vec<DecisionId>,
    /// Decisions that select, but in a way that no mix expresses: operations on
    /// several slots, a concatenation, or a whole that is derived from them.
    pub fixed: Vec<DecisionId>,
    /// Loose ends, which follow from the decisions that may read them.
    pub loose: Vec<RelaxedLoose>,
}

/// A decision whose options are the inputs of mixes.
#[derive(Clone, Debug, PartialEq)]
pub struct RelaxedChoice {
    /// The decision.
    pub decision: DecisionId,
    /// For each input of its mixes the option; none: an option that only the
    /// supernet has.
    pub options: Vec<Option<u32>>,
    /// For each of these whether it is a skip connection: whether it passes its input
    /// on, wherever the decision stands, where another option computes something.
    pub skips: Vec<bool>,
}

impl RelaxedChoice {
    /// One without skip connections.
    fn plain(decision: DecisionId, options: Vec<Option<u32>>) -> Self {
        Self {
            decision,
            skips: vec![false; options.len()],
            options,
        }
    }
}

/// A decision whose candidates are the inputs of mixes, and which picks several
/// or is told by what hangs on them. One that picks a single candidate of several
/// without a choice of their own is a [`RelaxedChoice`] among the candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct RelaxedSelect {
    /// The decision.
    pub decision: DecisionId,
    /// How it picks.
    pub pick: Pick,
    /// For each candidate the choices that hang on its edge.
    pub edges: Vec<Vec<DecisionId>>,
}

impl Space {
    /// What its supernet leaves open.
    pub fn relaxation(&self) -> Relaxation {
        let mut walk = Walk {
            space: self,
            choices: BTreeMap::new(),
            selects: BTreeMap::new(),
            fixed: Vec::new(),
        };
        walk.graph(&self.supernet);
        let Walk {
            mut choices,
            selects,
            mut fixed,
            ..
        } = walk;
        fixed.retain(|id| !selects.contains_key(id));
        fixed.sort_unstable();
        fixed.dedup();
        let mut sizes = Vec::new();
        for &decision in self.order() {
            if choices.contains_key(&decision)
                || selects.contains_key(&decision)
                || fixed.contains(&decision)
            {
                continue;
            }
            sizes.push(decision);
            let count = self.decision(decision).count();
            if count > 1 {
                let options = (0..count).map(Some).collect();
                choices.insert(decision, RelaxedChoice::plain(decision, options));
            }
        }
        sizes.sort_unstable();
        Relaxation {
            sizes,
            choices: choices.into_values().collect(),
            selects: selects.into_values().collect(),
            fixed,
            loose: loose::relaxed(&self.supernet, self.decisions().len()),
        }
    }
}

struct Walk<'a> {
    space: &'a Space,
    choices: BTreeMap<DecisionId, RelaxedChoice>,
    selects: BTreeMap<DecisionId, RelaxedSelect>,
    fixed: Vec<DecisionId>,
}

impl Walk<'_> {
    fn graph(&mut self, graph: &Graph) {
        for node in &graph.nodes {
            match &node.kind {
                Kind::Choice(choice) => {
                    let mut options: Vec<Option<u32>> =
                        (0..choice.options.len() as u32).map(Some).collect();
                    let mut skips = skip::skips(choice);
                    for (place, _) in &choice.search_only {
                        options.insert(*place, None);
                        skips.insert(*place, false);
                    }
                    let decision = choice.decision;
                    let relaxed = self.choices.entry(decision).or_insert(RelaxedChoice {
                        decision,
                        options,
                        skips: skips.clone(),
                    });
                    let both = relaxed.skips.iter_mut().zip(skips);
                    both.for_each(|(everywhere, here)| *everywhere &= here);
                }
                Kind::Select(select) => {
                    let decision = select.decision;
                    let candidates = node.inputs.len() - select.fixed;
                    let edges = match &select.through {
                        Through::Edges(edges) => edges.iter().map(choices_of).collect(),
                        Through::Nothing | Through::Slots(_) => vec![Vec::new(); candidates],
                    };
                    match self.space.decision(decision).kind {
                        DecisionKind::Select { pick, .. } if select.mixes() => {
                            if pick.is_one() && !are_told_apart(&edges) {
                                let options = (0..candidates as u32).map(Some).collect();
                                let relaxed = RelaxedChoice::plain(decision, options);
                                self.choices.entry(decision).or_insert(relaxed);
                            } else {
                                self.selects.entry(decision).or_insert(RelaxedSelect {
                                    decision,
                                    pick,
                                    edges,
                                });
                            }
                        }
                        _ => self.fixed.push(decision),
                    }
                }
                Kind::Derived(derived) => self.fixed.extend(&derived.decisions),
                Kind::Input(_)
                | Kind::Operation(_)
                | Kind::Repeat(_)
                | Kind::Loose(_)
                | Kind::Instance(_)
                | Kind::Align(_)
                | Kind::Unroll(_) => {}
            }
        }
        for inner in graph.subgraphs() {
            self.graph(inner);
        }
    }
}

/// Whether each candidate has a choice that hangs on no other one.
fn are_told_apart(edges: &[Vec<DecisionId>]) -> bool {
    edges.iter().enumerate().all(|(index, own)| {
        let mut others = edges.iter().enumerate().filter(|(i, _)| *i != index);
        !own.is_empty() && others.all(|(_, other)| other.iter().all(|id| !own.contains(id)))
    })
}

/// The decisions of the choices that stand in a graph itself.
fn choices_of(graph: &Graph) -> Vec<DecisionId> {
    let choices = graph.nodes.iter().filter_map(|node| match &node.kind {
        Kind::Choice(choice) => Some(choice.decision),
        _ => None,
    });
    choices.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Operation, Shape};
    use crate::space::{Task, build_named};

    fn space(name: &str) -> Space {
        let task = Task::vector(Shape::image(3, 16, 16), 10);
        build_named(name, &task, &BTreeMap::new()).expect("the space is known")
    }

    /// Every mix of the supernet has an input for each option or candidate.
    #[track_caller]
    fn check(name: &str) -> Relaxation {
        let space = space(name);
        let relaxation = space.relaxation();
        let mut inputs: BTreeMap<usize, usize> = BTreeMap::new();
        for choice in &relaxation.choices {
            inputs.insert(choice.decision.index(), choice.options.len());
        }
        for select in &relaxation.selects {
            inputs.insert(select.decision.index(), select.edges.len());
        }
        let supernet = space.supernet().expect("the space has a supernet");
        for node in supernet.nodes() {
            if let Operation::Mix { decision } = node.operation {
                assert_eq!(
                    inputs.get(&decision),
                    Some(&node.inputs.len()),
                    "{}",
                    node.name
                );
            }
        }
        relaxation
    }

    #[test]
    fn mixes_belong_to_decisions() {
        let cell = check("nas-bench-201");
        assert_eq!((cell.choices.len(), cell.selects.len()), (6, 0));
        let darts = check("darts");
        assert_eq!((darts.choices.len(), darts.selects.len()), (28, 8));
        assert_eq!(darts.choices[0].options[..2], [None, Some(0)]);
        assert_eq!(darts.selects[7].edges[4].len(), 1);
        assert!(darts.sizes.is_empty() && darts.fixed.is_empty());
        for name in ["mlp", "chain"] {
            let relaxed = check(name);
            assert!(!relaxed.sizes.is_empty());
            let all = space(name).decisions().len();
            assert_eq!(relaxed.choices.len() + relaxed.selects.len(), all);
        }
    }
}

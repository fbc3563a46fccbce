//! What a supernet leaves open, and how its mixes belong to the decisions.

use super::graph::{Graph, Kind, Through};
use super::loose::{self, RelaxedLoose};
use super::{DecisionId, DecisionKind, Pick, Space};
use std::collections::BTreeMap;

/// What a supernet leaves open: its mixes, by the decision that they relax.
///
/// Every [`Mix`](crate::network::Operation::Mix) of the supernet names a
/// decision. That decision is among the choices or among the selects; sizes are
/// not mixed, a supernet has the largest of their values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Relaxation {
    /// Decisions whose options are mixed, in the order of their numbers.
    pub choices: Vec<RelaxedChoice>,
    /// Decisions whose candidates are weighted, in the order of their numbers.
    pub selects: Vec<RelaxedSelect>,
    /// Decisions that set a size and nothing else.
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
            choices,
            selects,
            mut fixed,
            ..
        } = walk;
        fixed.retain(|id| !selects.contains_key(id));
        fixed.sort_unstable();
        fixed.dedup();
        let mixed = |id: &DecisionId| {
            choices.contains_key(id) || selects.contains_key(id) || fixed.contains(id)
        };
        let sizes = self.order().iter().copied().filter(|id| !mixed(id));
        let mut sizes: Vec<DecisionId> = sizes.collect();
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
                    for (place, _) in &choice.search_only {
                        options.insert(*place, None);
                    }
                    let decision = choice.decision;
                    self.choices
                        .entry(decision)
                        .or_insert(RelaxedChoice { decision, options });
                }
                Kind::Repeat(repeat) => {
                    if let [decision] = repeat.count.decisions()[..]
                        && let DecisionKind::Value(values) = &self.space.decision(decision).kind
                    {
                        // The mix of a repetition goes from short to long, and
                        // holds none of length zero.
                        let options = 0..values.len() as u32;
                        let options = options.filter(|&option| values[option as usize] > 0);
                        let mut options: Vec<u32> = options.collect();
                        options.sort_by_key(|&option| values[option as usize]);
                        let options = options.into_iter().map(Some).collect();
                        self.choices
                            .entry(decision)
                            .or_insert(RelaxedChoice { decision, options });
                    }
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
                            if picks_one(pick) && !are_told_apart(&edges) {
                                let options = (0..candidates as u32).map(Some).collect();
                                let relaxed = RelaxedChoice { decision, options };
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

/// Whether one candidate is picked: its option has the candidate's number.
fn picks_one(pick: Pick) -> bool {
    matches!(
        pick,
        Pick::Combination(1) | Pick::Permutation(1) | Pick::Repetition(1)
    )
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
        let task = Task {
            input: Shape::image(3, 16, 16),
            outputs: 10,
        };
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
        assert!(!check("mlp").sizes.is_empty());
        assert!(!check("chain").sizes.is_empty());
    }
}

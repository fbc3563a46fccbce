//! Which decisions are active under which others.

use super::graph::{Graph, Kind, Through};
use super::{Architecture, Decision, DecisionId, DecisionKind};

/// What must hold of an earlier decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Test {
    /// This option is taken.
    Option(DecisionId, u32),
    /// This candidate is picked.
    Includes(DecisionId, usize),
    /// The decided value of a size is larger than this.
    Exceeds(DecisionId, usize),
}

/// For each decision the conditions under which it is active: it is active
/// where all tests of any one of them hold.
#[derive(Clone, Debug)]
pub(super) struct Activity {
    conditions: Vec<Vec<Vec<Test>>>,
    /// All decisions, each after those that its conditions test.
    order: Vec<DecisionId>,
}

impl Activity {
    /// Reads the conditions off the graph: a decision is active where the
    /// subgraph in which it stands is built.
    ///
    /// # Errors
    /// The names of decisions that wait for each other.
    pub(super) fn of(graph: &Graph, decisions: &[Decision]) -> Result<Self, Vec<String>> {
        let mut walk = Walk {
            decisions,
            conditions: vec![Vec::new(); decisions.len()],
            under: Vec::new(),
        };
        walk.graph(graph);
        let mut conditions = walk.conditions;
        for own in &mut conditions {
            own.sort();
            own.dedup();
            if own.iter().any(Vec::is_empty) {
                *own = vec![Vec::new()];
            }
        }
        let order = order(&conditions).map_err(|stuck| {
            stuck
                .into_iter()
                .map(|id| decisions[id.0].name.clone())
                .collect::<Vec<_>>()
        })?;
        Ok(Self { conditions, order })
    }

    /// All decisions, each after those on which it depends.
    pub(super) fn order(&self) -> &[DecisionId] {
        &self.order
    }

    /// The decisions on which this one depends.
    pub(super) fn parents(&self, decision: DecisionId) -> Vec<DecisionId> {
        let tests = self.conditions[decision.0].iter().flatten();
        let mut parents: Vec<DecisionId> = tests.map(|test| test.decision()).collect();
        parents.sort();
        parents.dedup();
        parents
    }

    /// Whether a decision is active, given those before it.
    pub(super) fn is_active(
        &self,
        decision: DecisionId,
        architecture: &Architecture,
        decisions: &[Decision],
    ) -> bool {
        let mut conditions = self.conditions[decision.0].iter();
        conditions.any(|tests| tests.iter().all(|test| test.holds(architecture, decisions)))
    }
}

impl Test {
    fn decision(self) -> DecisionId {
        match self {
            Self::Option(id, _) | Self::Includes(id, _) | Self::Exceeds(id, _) => id,
        }
    }

    fn holds(self, architecture: &Architecture, decisions: &[Decision]) -> bool {
        let id = self.decision();
        let Some(option) = architecture.option(id) else {
            return false;
        };
        match self {
            Self::Option(_, wanted) => option == wanted,
            Self::Includes(_, candidate) => decisions[id.0].members(option).contains(&candidate),
            Self::Exceeds(_, bound) => match &decisions[id.0].kind {
                DecisionKind::Value(values) => values[option as usize] > bound,
                _ => option as usize > bound,
            },
        }
    }
}

struct Walk<'a> {
    decisions: &'a [Decision],
    conditions: Vec<Vec<Vec<Test>>>,
    under: Vec<Test>,
}

impl Walk<'_> {
    fn meet(&mut self, decision: DecisionId) {
        let mut under = self.under.clone();
        under.sort();
        under.dedup();
        let conditions = &mut self.conditions[decision.0];
        if !conditions.contains(&under) {
            conditions.push(under);
        }
    }

    fn within(&mut self, test: Test, graph: &Graph) {
        self.under.push(test);
        self.graph(graph);
        self.under.pop();
    }

    fn graph(&mut self, graph: &Graph) {
        for node in &graph.nodes {
            match &node.kind {
                Kind::Input(_) => {}
                Kind::Loose(loose) => loose.edges.iter().for_each(|graph| self.graph(graph)),
                Kind::Operation(operation) => {
                    operation.for_each_size(&mut |size| {
                        size.decisions().into_iter().for_each(|id| self.meet(id));
                    });
                }
                Kind::Align(align) => {
                    align
                        .channels
                        .decisions()
                        .into_iter()
                        .for_each(|id| self.meet(id));
                }
                Kind::Choice(choice) => {
                    self.meet(choice.decision);
                    for (option, graph) in choice.options.iter().enumerate() {
                        self.within(Test::Option(choice.decision, option as u32), graph);
                    }
                }
                Kind::Select(select) => {
                    self.meet(select.decision);
                    match &select.through {
                        Through::Nothing => {}
                        Through::Edges(edges) => {
                            for (candidate, graph) in edges.iter().enumerate() {
                                self.within(Test::Includes(select.decision, candidate), graph);
                            }
                        }
                        Through::Slots(slots) => slots.iter().for_each(|graph| self.graph(graph)),
                    }
                }
                Kind::Repeat(repeat) => {
                    let counts = repeat.count.decisions();
                    counts.iter().for_each(|&id| self.meet(id));
                    for (index, body) in repeat.bodies.iter().enumerate() {
                        match counts.first() {
                            Some(&id) if !self.always_exceeds(id, index) => {
                                self.within(Test::Exceeds(id, index), body);
                            }
                            _ => self.graph(body),
                        }
                    }
                }
                Kind::Instance(instance) => self.graph(&instance.graph),
                Kind::Unroll(unroll) => self.graph(&unroll.body),
                Kind::Derived(derived) => {
                    derived.decisions.iter().for_each(|&id| self.meet(id));
                }
            }
        }
    }

    fn always_exceeds(&self, decision: DecisionId, bound: usize) -> bool {
        match &self.decisions[decision.0].kind {
            DecisionKind::Value(values) => values.iter().all(|&value| value > bound),
            _ => false,
        }
    }
}

/// A stable order in which each decision comes after those that it tests.
fn order(conditions: &[Vec<Vec<Test>>]) -> Result<Vec<DecisionId>, Vec<DecisionId>> {
    let mut order: Vec<DecisionId> = Vec::with_capacity(conditions.len());
    let mut placed = vec![false; conditions.len()];
    while order.len() < conditions.len() {
        let ready = |tests: &Vec<Test>| tests.iter().all(|test| placed[test.decision().0]);
        let next = (0..conditions.len()).find(|&i| !placed[i] && conditions[i].iter().all(ready));
        match next {
            Some(next) => {
                placed[next] = true;
                order.push(DecisionId(next));
            }
            None => {
                let stuck = (0..conditions.len()).filter(|&i| !placed[i]);
                return Err(stuck.map(DecisionId).collect());
            }
        }
    }
    Ok(order)
}

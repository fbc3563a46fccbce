//! On which decisions the candidates of a select depend.

use super::graph::{Graph, Kind};
use super::{DecisionId, DecisionKind, Space};

impl Space {
    /// For each decision that selects, and each of its candidates, the decision
    /// that completes the candidate: the last, in the order of the space, of
    /// those that shape it within the graph where the select stands. Nothing for
    /// a candidate that comes from outside, as the inputs of a cell do, nor for those
    /// of a select that no node is but from which a part of the graph is written.
    /// Other decisions have no candidates.
    ///
    /// Decisions in the order of [`Space::decisions`].
    pub fn sources(&self) -> Vec<Vec<Option<DecisionId>>> {
        let mut position = vec![0; self.decisions().len()];
        for (place, id) in self.order().iter().enumerate() {
            position[id.0] = place;
        }
        let mut sources = vec![Vec::new(); self.decisions().len()];
        let selects = |decision: &super::Decision| {
            matches!(
                decision.kind,
                DecisionKind::Select {
                    candidates: 1..,
                    ..
                }
            )
        };
        if self.decisions().iter().any(selects) {
            visit(&self.candidate, &position, &mut sources);
        }
        for (own, decision) in sources.iter_mut().zip(self.decisions()) {
            if let DecisionKind::Select { candidates, .. } = decision.kind
                && own.is_empty()
            {
                *own = vec![None; candidates];
            }
        }
        sources
    }
}

fn visit(graph: &Graph, position: &[usize], sources: &mut [Vec<Option<DecisionId>>]) {
    let mut last: Vec<Option<DecisionId>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        if let Kind::Select(select) = &node.kind {
            let candidates = node.inputs[select.fixed..].iter();
            let found = candidates.map(|port| last[port.node]).collect();
            let known = &mut sources[select.decision.0];
            if known.is_empty() {
                *known = found;
            }
        }
        let inputs = node.inputs.iter().filter_map(|port| last[port.node]);
        let latest = inputs.chain(node.decisions());
        last.push(latest.max_by_key(|id| position[id.0]));
        for inner in node.subgraphs() {
            visit(inner, position, sources);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Settings;
    use crate::network::Shape;
    use crate::space::{Task, darts};

    #[test]
    fn nodes_of_a_cell_are_complete_with_their_last_operation() {
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let entry = &darts::ENTRY;
        let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap();
        let sources = space.sources();
        for cell in ["normal", "reduce"] {
            let inputs = space.decision_named(&format!("{cell}.node2.inputs"));
            let found: Vec<Option<&str>> = sources[inputs.unwrap().index()]
                .iter()
                .map(|id| id.map(|id| space.decision(id).name.as_str()))
                .collect();
            let operation = |node: usize| format!("{cell}.node{node}.from{}", node + 1);
            let (first, second) = (operation(0), operation(1));
            let expected = [None, None, Some(first.as_str()), Some(second.as_str())];
            assert_eq!(found, expected);
        }
    }
}

//! Rules: which options a decision may still take, given those made.

use super::paths;
use super::{Architecture, Decision, DecisionId};

/// A relation between decisions that every architecture keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// No two of these decisions take the same option.
    AllDifferent(Vec<DecisionId>),
    /// At most so many of these decisions take this option.
    AtMost {
        /// The decisions.
        decisions: Vec<DecisionId>,
        /// The option.
        option: u32,
        /// How many may take it.
        count: usize,
    },
    /// The last node of a graph is reached from its first one, by at most so many
    /// edges of paths between the two.
    Connected {
        /// For each node but the first, in order, a subset of the nodes before it.
        inputs: Vec<DecisionId>,
        /// How many edges may lie on paths.
        edges: u32,
    },
}

impl Rule {
    /// The decisions that it relates.
    pub fn decisions(&self) -> &[DecisionId] {
        match self {
            Self::AllDifferent(decisions)
            | Self::AtMost { decisions, .. }
            | Self::Connected {
                inputs: decisions, ..
            } => decisions,
        }
    }

    /// Whether the rule can still be kept: it looks ahead, so that following it
    /// step by step never leads into a dead end.
    pub(super) fn can_hold(&self, architecture: &Architecture, all: &[Decision]) -> bool {
        match self {
            Self::AllDifferent(decisions) => {
                let mut taken = vec![None; decisions.len()];
                let domains = decisions.iter().map(|&id| match architecture.option(id) {
                    Some(option) => vec![option],
                    None => (0..all[id.0].count()).collect(),
                });
                let domains: Vec<Vec<u32>> = domains.collect();
                (0..decisions.len()).all(|i| {
                    let mut visited = vec![false; decisions.len()];
                    assign(i, &domains, &mut taken, &mut visited)
                })
            }
            Self::AtMost {
                decisions,
                option,
                count,
            } => {
                let forced = decisions
                    .iter()
                    .filter(|&&id| match architecture.option(id) {
                        Some(taken) => taken == *option,
                        None => all[id.0].count() == 1 && *option == 0,
                    });
                forced.count() <= *count
            }
            Self::Connected { inputs, edges } => {
                // The option of a subset has a bit for each candidate.
                let masks = inputs.iter().map(|&id| architecture.option(id));
                let masks: Vec<Option<u32>> = std::iter::once(Some(0)).chain(masks).collect();
                paths::can_connect(&masks, *edges)
            }
        }
    }
}

/// Finds an option for one decision, moving others along an augmenting path.
/// `taken[i]` is the option of decision `i` in the matching so far.
fn assign(
    decision: usize,
    domains: &[Vec<u32>],
    taken: &mut [Option<u32>],
    visited: &mut [bool],
) -> bool {
    if std::mem::replace(&mut visited[decision], true) {
        return false;
    }
    for &option in &domains[decision] {
        let holder = taken.iter().position(|&other| other == Some(option));
        let free = match holder {
            None => true,
            Some(holder) => assign(holder, domains, taken, visited),
        };
        if free {
            taken[decision] = Some(option);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::DecisionKind;

    fn decisions(counts: &[usize]) -> Vec<Decision> {
        let decision = |&count: &usize| Decision {
            name: String::new(),
            kind: DecisionKind::Value((0..count).collect()),
            block: String::new(),
            weight: 1.0,
            usual: None,
        };
        counts.iter().map(decision).collect()
    }

    #[test]
    fn all_different_looks_ahead() {
        let all = decisions(&[3, 2, 2]);
        let rule = Rule::AllDifferent((0..3).map(DecisionId).collect());
        let open = Architecture::undecided(3);
        assert!(rule.can_hold(&open, &all));
        // The second and third need options 0 and 1 between them.
        assert!(!rule.can_hold(&open.clone().with(DecisionId(0), 0), &all));
        assert!(rule.can_hold(&open.with(DecisionId(0), 2), &all));
    }

    #[test]
    fn at_most_counts() {
        let all = decisions(&[2, 2]);
        let rule = Rule::AtMost {
            decisions: vec![DecisionId(0), DecisionId(1)],
            option: 1,
            count: 1,
        };
        let one = Architecture::undecided(2).with(DecisionId(0), 1);
        assert!(rule.can_hold(&one, &all));
        assert!(!rule.can_hold(&one.with(DecisionId(1), 1), &all));
    }
}

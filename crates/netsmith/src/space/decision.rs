//! Decisions: what a space leaves open.

/// The number of a decision in its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionId(pub(crate) usize);

impl DecisionId {
    /// Its place among [`Space::decisions`](crate::space::Space::decisions).
    pub fn index(self) -> usize {
        self.0
    }
}

/// One choice in a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// A path, unique in its space: `normal.node2.inputs`.
    pub name: String,
    /// What may be decided.
    pub kind: DecisionKind,
    /// Decisions of one block cross over together: the incoming edges of a
    /// node, the attributes of a layer.
    pub block: String,
    /// How often mutation picks it, relative to the other active decisions.
    pub weight: f64,
    /// The option of a text that does not name it; none: every text must.
    pub usual: Option<u32>,
}

/// What may be decided.
#[derive(Clone, Debug, PartialEq)]
pub enum DecisionKind {
    /// One of several named operations or subgraphs.
    Choice(Vec<String>),
    /// One of several sizes.
    Value(Vec<usize>),
    /// Some of several candidates.
    Select {
        /// Number of candidates, at most 31.
        candidates: usize,
        /// How many are picked, and how.
        pick: Pick,
    },
}

/// How a [`DecisionKind::Select`] picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Any subset, the empty one too.
    Subset,
    /// This many different candidates, whose order is of no consequence.
    Combination(usize),
    /// This many different candidates, one for each slot.
    Permutation(usize),
    /// This many candidates, one for each slot, perhaps the same one again.
    Repetition(usize),
}

impl Decision {
    /// Number of options.
    pub fn count(&self) -> u32 {
        match &self.kind {
            DecisionKind::Choice(options) => options.len() as u32,
            DecisionKind::Value(values) => values.len() as u32,
            DecisionKind::Select { candidates, pick } => pick.count(*candidates),
        }
    }

    /// The option as a text: a name, a number, or candidates joined by `+`.
    pub fn option_name(&self, option: u32) -> String {
        match &self.kind {
            DecisionKind::Choice(options) => options[option as usize].clone(),
            DecisionKind::Value(values) => values[option as usize].to_string(),
            DecisionKind::Select { candidates, pick } => {
                let members = pick.members(*candidates, option);
                match members.is_empty() {
                    true => "-".to_owned(),
                    false => members
                        .iter()
                        .map(usize::to_string)
                        .collect::<Vec<_>>()
                        .join("+"),
                }
            }
        }
    }

    /// The option whose value is nearest to this one; `None` where options are no values.
    pub fn nearest(&self, value: usize) -> Option<u32> {
        let DecisionKind::Value(values) = &self.kind else {
            return None;
        };
        let options = (0..).zip(values);
        let nearest = options.min_by_key(|(_, option)| option.abs_diff(value));
        nearest.map(|(option, _)| option)
    }

    /// The option with this text.
    pub fn option_from_name(&self, name: &str) -> Option<u32> {
        match &self.kind {
            DecisionKind::Choice(options) => {
                options.iter().position(|o| o == name).map(|i| i as u32)
            }
            DecisionKind::Value(values) => {
                let value = name.parse::<usize>().ok()?;
                values.iter().position(|&v| v == value).map(|i| i as u32)
            }
            DecisionKind::Select { candidates, pick } => {
                let members: Option<Vec<usize>> = match name {
                    "-" => Some(Vec::new()),
                    _ => name.split('+').map(|member| member.parse().ok()).collect(),
                };
                pick.option(*candidates, &members?)
            }
        }
    }

    /// The candidates that an option of a select picks, slot by slot.
    ///
    /// # Panics
    /// On a decision of another kind.
    pub fn members(&self, option: u32) -> Vec<usize> {
        match &self.kind {
            DecisionKind::Select { candidates, pick } => pick.members(*candidates, option),
            _ => panic!(
                "decision `{}` selects nothing — this is a bug in netsmith",
                self.name
            ),
        }
    }
}

impl Pick {
    /// Whether one candidate is picked: its option has the candidate's number.
    pub(super) fn is_one(self) -> bool {
        matches!(
            self,
            Self::Combination(1) | Self::Permutation(1) | Self::Repetition(1)
        )
    }

    /// How many of this many candidates are picked, at least and at most; one
    /// that is picked again counts again.
    pub(super) fn members_range(self, candidates: usize) -> (usize, usize) {
        match self {
            Self::Subset => (0, candidates),
            Self::Combination(k) | Self::Permutation(k) | Self::Repetition(k) => (k, k),
        }
    }

    /// Number of ways to pick from this many candidates.
    pub fn count(self, candidates: usize) -> u32 {
        match self {
            Self::Subset => 1 << candidates,
            Self::Combination(k) => choose(candidates, k),
            Self::Permutation(k) => {
                let factors = (0..k).map(|slot| candidates.saturating_sub(slot));
                factors.product::<usize>() as u32
            }
            Self::Repetition(k) => candidates.pow(k as u32) as u32,
        }
    }

    /// The candidates of an option, slot by slot; ascending where order is of
    /// no consequence.
    pub fn members(self, candidates: usize, option: u32) -> Vec<usize> {
        match self {
            Self::Subset => (0..candidates).filter(|c| option >> c & 1 == 1).collect(),
            Self::Combination(k) => {
                // Lexicographic: skip the combinations that start lower.
                let (mut rest, mut members) = (option, Vec::with_capacity(k));
                for candidate in 0..candidates {
                    if members.len() == k {
                        break;
                    }
                    let with = choose(candidates - candidate - 1, k - members.len() - 1);
                    if rest < with {
                        members.push(candidate);
                    } else {
                        rest -= with;
                    }
                }
                members
            }
            Self::Permutation(k) => {
                let mut free: Vec<usize> = (0..candidates).collect();
                let mut rest = option as usize;
                let digits = (0..k).map(|slot| {
                    let base = candidates - slot;
                    let digit = rest % base;
                    rest /= base;
                    digit
                });
                let digits: Vec<usize> = digits.collect();
                digits.into_iter().map(|digit| free.remove(digit)).collect()
            }
            Self::Repetition(k) => {
                let mut rest = option as usize;
                let digits = (0..k).map(|_| {
                    let digit = rest % candidates;
                    rest /= candidates;
                    digit
                });
                digits.collect()
            }
        }
    }

    /// The option that picks these candidates, if there is one.
    pub fn option(self, candidates: usize, members: &[usize]) -> Option<u32> {
        if members.iter().any(|&member| member >= candidates) {
            return None;
        }
        match self {
            Self::Subset => {
                let distinct = members.iter().fold(0_u32, |mask, &m| mask | 1 << m);
                (distinct.count_ones() as usize == members.len()).then_some(distinct)
            }
            Self::Combination(k) => {
                if members.len() != k || members.windows(2).any(|pair| pair[0] >= pair[1]) {
                    return None;
                }
                let (mut option, mut slot) = (0, 0);
                for candidate in 0..candidates {
                    if slot == k {
                        break;
                    }
                    if members[slot] == candidate {
                        slot += 1;
                    } else {
                        option += choose(candidates - candidate - 1, k - slot - 1);
                    }
                }
                Some(option)
            }
            Self::Permutation(k) => {
                let mut free: Vec<usize> = (0..candidates).collect();
                let (mut option, mut base) = (0, 1);
                for (slot, member) in members.iter().enumerate() {
                    let digit = free.iter().position(|candidate| candidate == member)?;
                    free.remove(digit);
                    option += digit * base;
                    base *= candidates - slot;
                }
                (members.len() == k).then_some(option as u32)
            }
            Self::Repetition(k) => {
                let digits = members.iter().rev();
                let option = digits.fold(0, |option, &member| option * candidates + member);
                (members.len() == k).then_some(option as u32)
            }
        }
    }
}

/// `n` over `k`.
fn choose(n: usize, k: usize) -> u32 {
    if k > n {
        return 0;
    }
    let product = (0..k).fold(1_u64, |product, i| {
        product * (n - i) as u64 / (i + 1) as u64
    });
    product as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_option_of_a_pick_round_trips() {
        for candidates in 1..=6 {
            for pick in [
                Pick::Subset,
                Pick::Combination(2.min(candidates)),
                Pick::Permutation(2.min(candidates)),
                Pick::Repetition(3),
            ] {
                let mut seen = BTreeSet::new();
                for option in 0..pick.count(candidates) {
                    let members = pick.members(candidates, option);
                    assert_eq!(pick.option(candidates, &members), Some(option), "{pick:?}");
                    assert!(seen.insert(members));
                }
            }
        }
    }

    #[test]
    fn counts() {
        assert_eq!(Pick::Combination(2).count(5), 10);
        assert_eq!(Pick::Permutation(2).count(5), 20);
        assert_eq!(Pick::Repetition(2).count(5), 25);
        assert_eq!(Pick::Subset.count(5), 32);
        assert_eq!(Pick::Combination(2).members(4, 0), [0, 1]);
        assert_eq!(Pick::Combination(2).members(4, 5), [2, 3]);
    }

    #[test]
    fn wrong_members_are_no_option() {
        assert_eq!(Pick::Combination(2).option(4, &[1, 1]), None);
        assert_eq!(Pick::Combination(2).option(4, &[1, 4]), None);
        assert_eq!(Pick::Permutation(2).option(4, &[1]), None);
        assert_eq!(Pick::Subset.option(3, &[1, 1]), None);
    }
}

//! Who survives when a child joins a population that is full.

use super::population::{Individual, ranking};
use crate::catalogue::{Parameter, ParameterKind, Settings};

/// Who leaves a population that has one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::strategy) enum Survival {
    /// The worst.
    Elitism,
    /// The oldest, though the best so many stay.
    Aging(usize),
}

/// The parameters that name it.
pub(in crate::strategy) const PARAMETERS: [Parameter; 2] = [
    Parameter {
        name: "survival",
        kind: ParameterKind::Word(&["elitism", "aging"]),
        default: "elitism",
        doc: "Who leaves a full population when a child joins it: the worst, or the oldest.",
    },
    Parameter {
        name: "elite",
        kind: ParameterKind::Integer(0, 100_000),
        default: "0",
        doc: "The best so many stay whatever their age, where the oldest leaves.",
    },
];

impl Survival {
    /// The one that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        match settings.text("survival") {
            "aging" => Self::Aging(settings.integer("elite")),
            _ => Self::Elitism,
        }
    }

    /// Removes individuals until `size` are left.
    pub(in crate::strategy) fn cut(self, members: &mut Vec<Individual>, size: usize) {
        while members.len() > size.max(1) {
            let order = {
                let members: Vec<&Individual> = members.iter().collect();
                ranking(&members)
            };
            let leaves = match self {
                Self::Elitism => order.last().copied(),
                Self::Aging(elite) => {
                    let others = order.iter().skip(elite.min(members.len() - 1));
                    others.copied().min_by_key(|&i| members[i].number)
                }
            };
            members.remove(leaves.unwrap_or(0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Architecture;

    #[track_caller]
    fn survivors(survival: Survival, expected: &[u64]) {
        let scores = [0.5, 0.9, 0.1, 0.7];
        let individual = |(number, score)| Individual {
            number,
            architecture: Architecture::undecided(1),
            scores: vec![score],
        };
        let mut members: Vec<Individual> = (0..).zip(scores).map(individual).collect();
        survival.cut(&mut members, 2);
        let left: Vec<u64> = members.iter().map(|own| own.number).collect();
        assert_eq!(left, expected);
    }

    #[test]
    fn the_worst_or_the_oldest_leave() {
        survivors(Survival::Elitism, &[1, 3]);
        survivors(Survival::Aging(0), &[2, 3]);
        survivors(Survival::Aging(1), &[1, 3]);
    }
}

//! Who becomes a parent.

use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::random::Random;
use rand::RngExt;

/// How a parent is drawn from a population that stands in order, the best first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::strategy) enum Selection {
    /// The best of so many draws with replacement.
    Tournament(usize),
    /// With chances that fall linearly from the best to the worst.
    Roulette,
    /// Any of the best share, with equal chance.
    Truncation(f64),
}

/// The parameters that name it.
pub(in crate::strategy) const PARAMETERS: [Parameter; 3] = [
    Parameter {
        name: "selection",
        kind: ParameterKind::Word(&["tournament", "roulette", "truncation"]),
        default: "tournament",
        doc: "How a parent is drawn: the best of a sample, by chances that fall with the rank, or any of the best share.",
    },
    Parameter {
        name: "sample",
        kind: ParameterKind::Integer(1, 100_000),
        default: "2",
        doc: "Draws of one tournament, with replacement.",
    },
    Parameter {
        name: "share",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.25",
        doc: "The share of the population that truncation draws from.",
    },
];

impl Selection {
    /// The one that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        match settings.text("selection") {
            "roulette" => Self::Roulette,
            "truncation" => Self::Truncation(settings.number("share")),
            _ => Self::Tournament(settings.integer("sample")),
        }
    }

    /// The rank of a parent among `count` individuals, zero the best.
    pub(in crate::strategy) fn rank(self, count: usize, random: &mut Random) -> usize {
        match self {
            Self::Tournament(sample) => {
                let draws = (0..sample.max(1)).map(|_| random.random_range(0..count));
                draws.min().unwrap_or(0)
            }
            Self::Roulette => {
                // The best of two draws that may coincide has exactly linear chances.
                let total = count * (count + 1) / 2;
                let mut rest = random.random_range(0..total);
                let mut rank = 0;
                while rest >= count - rank {
                    rest -= count - rank;
                    rank += 1;
                }
                rank
            }
            Self::Truncation(share) => {
                let best = (count as f64 * share).ceil().max(1.0) as usize;
                random.random_range(0..best.min(count))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;

    fn counts(selection: Selection) -> [f64; 4] {
        let mut random = Seed::new(2).stream();
        let mut counts = [0.0; 4];
        for _ in 0..20_000 {
            counts[selection.rank(4, &mut random)] += 1.0 / 20_000.0;
        }
        counts
    }

    #[track_caller]
    fn check(selection: Selection, expected: [f64; 4]) {
        let counts = counts(selection);
        // Four deviations of a share of 20,000 draws.
        let near = counts
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < 0.015);
        assert!(near, "{selection:?} {counts:?}");
    }

    #[test]
    fn chances_are_the_stated_ones() {
        check(Selection::Tournament(1), [0.25; 4]);
        let two = [7.0, 5.0, 3.0, 1.0].map(|n| n / 16.0);
        check(Selection::Tournament(2), two);
        check(Selection::Roulette, [0.4, 0.3, 0.2, 0.1]);
        check(Selection::Truncation(0.5), [0.5, 0.5, 0.0, 0.0]);
        check(Selection::Truncation(0.0), [1.0, 0.0, 0.0, 0.0]);
    }
}

//! Multi-fidelity: many architectures are tried for a little, and only the best
//! go on to more.
//!
//! A ladder has rungs: on the highest a trial spends all that the search gives
//! one, on each below `1 / eta` of the one above. A trial on a higher rung is a
//! trial of its own, with its own whole schedule of learning rates. What is new
//! comes from a proposer, which may be any other strategy, and which is told of
//! each of its proposals once: what came of it on its first rung.

pub mod asha;
pub mod bohb;
mod bracket;
pub mod hyperband;
mod parzen;
pub mod successive_halving;

pub use bracket::{Rung, hpbandster_rungs, hyperband_rungs};

use super::evolution::{Individual, ranking};
use super::{Ask, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;
use std::collections::BTreeSet;

/// The factor between two rungs.
const ETA: Parameter = Parameter {
    name: "eta",
    kind: ParameterKind::Integer(2, 100),
    default: "3",
    doc: "One of so many goes on to the next rung, with so many times the epochs.",
};

/// How many rungs there are.
const RUNGS: Parameter = Parameter {
    name: "rungs",
    kind: ParameterKind::Integer(1, 12),
    default: "3",
    doc: "Rungs of the ladder; the highest has the search's own epochs, the lowest at least one.",
};

/// What makes new architectures.
const PROPOSER: Parameter = Parameter {
    name: "proposer",
    kind: ParameterKind::Word(&[
        "random",
        "regularized-evolution",
        "local-search",
        "genetic",
        "islands",
        "nsga2",
        "tpe",
        "npenas",
        "bananas",
        "auto",
    ]),
    default: "random",
    doc: "The strategy that proposes what begins on a first rung, with its own defaults.",
};

/// The rungs of a search, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ladder {
    eta: usize,
    rungs: usize,
}

impl Ladder {
    fn of(settings: &Settings) -> Self {
        Self {
            eta: settings.integer(ETA.name),
            rungs: settings.integer(RUNGS.name),
        }
    }

    /// The share of the full fidelity on a rung.
    fn share(self, rung: usize) -> f64 {
        let steps = self.rungs.saturating_sub(1 + rung);
        (self.eta as f64).powi(-(steps as i32))
    }
}

/// An architecture that a strategy proposes, and what is to be spent on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What to try.
    pub suggestion: Suggestion,
    /// The share of what the search gives a trial, above 0 and at most 1.
    pub share: f64,
}

impl From<Suggestion> for Plan {
    /// With all that the search gives a trial.
    fn from(suggestion: Suggestion) -> Self {
        Self {
            suggestion,
            share: 1.0,
        }
    }
}

/// Another strategy at work below: it is told only of what it proposed.
#[derive(Debug)]
struct Proposer {
    strategy: Box<dyn Strategy>,
    own: BTreeSet<u64>,
}

impl Proposer {
    /// The strategy that the settings name.
    fn of(settings: &Settings) -> Result<Self, StrategyError> {
        let name = settings.text(PROPOSER.name);
        let known = super::CATALOGUE.iter().find(|entry| entry.name == name);
        let entry = known.unwrap_or(&super::random::ENTRY);
        Ok(Self::from((entry.build)(&Settings::defaults(
            entry.parameters,
        ))?))
    }

    /// Something new; what runs on higher rungs is none of its business.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let running: Vec<_> = ask
            .running
            .iter()
            .filter(|(number, _)| self.own.contains(number))
            .cloned()
            .collect();
        let suggestion = self.strategy.ask(&mut Ask {
            space: ask.space,
            limits: ask.limits,
            running: &running,
            number: ask.number,
            random: ask.random,
        })?;
        self.own.insert(ask.number);
        Ok(suggestion)
    }

    fn tell(&mut self, observation: Observation) {
        if self.own.remove(&observation.number) {
            self.strategy.tell(observation);
        }
    }
}

impl From<Box<dyn Strategy>> for Proposer {
    fn from(strategy: Box<dyn Strategy>) -> Self {
        Self {
            strategy,
            own: BTreeSet::new(),
        }
    }
}

/// Individuals, the best first; several scores by fronts and crowding, equals by
/// age.
fn ranked(mut individuals: Vec<Individual>) -> Vec<Individual> {
    let order = ranking(&individuals.iter().collect::<Vec<_>>());
    let mut taken: Vec<Option<Individual>> = individuals.drain(..).map(Some).collect();
    order
        .into_iter()
        .filter_map(|at| taken[at].take())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_rung_has_everything() {
        let ladder = Ladder { eta: 3, rungs: 4 };
        let shares: Vec<f64> = (0..4).map(|rung| 27.0 * ladder.share(rung)).collect();
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(
            shares.iter().zip(&[1.0, 3.0, 9.0, 27.0]).all(near),
            "{shares:?}"
        );
    }
}

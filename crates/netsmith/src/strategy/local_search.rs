//! Local search with restarts.
//!
//! ```text
//! repeat: centre <- the best of n random architectures
//!         look at the neighbours of the centre in random order;
//!         where one is better, it becomes the centre at once
//!         until no neighbour is left
//! ```

use super::evolution::{Individual, Known, stranger};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::objective::dominates;
use crate::space::{Architecture, Infeasible};
use rand::seq::SliceRandom;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "local-search",
    "Try the neighbours of the best, move to any that is better, start anew at a summit.",
    build,
)
.paper("White et al. 2021, arXiv:2005.02960")
.parameters(&[Parameter {
    name: "initial",
    kind: ParameterKind::Integer(1, 100_000),
    default: "10",
    doc: "Random architectures at each start, of which the best is the first centre.",
}]);

/// Hill climbing that moves at the first improvement.
///
/// With several scores there are several centres: all that nothing else since
/// the start dominates (Pareto local search); they are explored in the order in
/// which they came. Where results are still awaited and nothing is left to look
/// at, the next start begins.
#[derive(Clone, Debug)]
pub struct LocalSearch {
    initial: usize,
    known: Known,
    /// Trials from this number on belong to the present climb.
    since: u64,
    /// Random architectures of this climb that were proposed.
    begun: usize,
    /// Trials of this climb that were told.
    told: usize,
    /// What nothing in this climb dominates.
    centres: Vec<Centre>,
}

#[derive(Clone, Debug)]
struct Centre {
    individual: Individual,
    /// Its neighbours that were not proposed when they were listed; the next is
    /// the last. Nothing before the first look.
    neighbours: Option<Vec<Architecture>>,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(LocalSearch {
        initial: settings.integer("initial"),
        known: Known::default(),
        since: 0,
        begun: 0,
        told: 0,
        centres: Vec::new(),
    }))
}

impl LocalSearch {
    /// A neighbour of a centre that was not proposed before.
    fn neighbour(&mut self, ask: &mut Ask<'_>) -> Option<Suggestion> {
        for centre in &mut self.centres {
            let own = &centre.individual;
            let neighbours = centre.neighbours.get_or_insert_with(|| {
                let mut all = ask.space.neighbours(&own.architecture, ask.limits);
                all.shuffle(ask.random);
                all
            });
            while let Some(architecture) = neighbours.pop() {
                if self.known.insert(&architecture) {
                    return Some(Suggestion {
                        architecture,
                        parent: Some(own.number),
                    });
                }
            }
        }
        None
    }
}

impl Strategy for LocalSearch {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        if self.begun >= self.initial && self.told >= self.initial {
            if let Some(suggestion) = self.neighbour(ask) {
                return Ok(suggestion);
            }
            (self.since, self.begun, self.told) = (ask.number, 0, 0);
            self.centres.clear();
        }
        self.begun += 1;
        stranger(ask, &mut self.known)
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        if observation.number < self.since {
            return;
        }
        self.told += 1;
        let Some(individual) = Individual::of(observation) else {
            return;
        };
        let own = &individual.scores;
        let beaten = |centre: &Centre| {
            let other = &centre.individual.scores;
            dominates(other, own) || other == own
        };
        if !self.centres.iter().any(beaten) {
            self.centres
                .retain(|centre| !dominates(own, &centre.individual.scores));
            self.centres.push(Centre {
                individual,
                neighbours: None,
            });
        }
    }
}

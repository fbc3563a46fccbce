//! A genetic algorithm whose steps can be swapped.
//!
//! ```text
//! members <- P first architectures, evaluated
//! repeat: parents <- selected from the members
//!         child   <- crossed, or mutated where it is not, and new
//!         members <- members and the child, less the worst (or the oldest)
//! ```

use super::evolution::colony::{self, Colony, Steps};
use super::evolution::{Individual, Known};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "genetic",
    "Cross and mutate good architectures; every step of it can be swapped.",
    build,
)
.paper("Holland 1975; steps as in Liu et al. 2021, arXiv:2008.10937")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; 11] = {
    let steps = colony::PARAMETERS;
    [
        Parameter {
            name: "population",
            kind: ParameterKind::Integer(2, 100_000),
            default: "10",
            doc: "Architectures alive at a time.",
        },
        steps[0],
        steps[1],
        steps[2],
        steps[3],
        steps[4],
        steps[5],
        steps[6],
        steps[7],
        steps[8],
        steps[9],
    ]
};

/// A steady-state genetic algorithm: a child joins when its trial is told, so
/// that no worker waits for a generation.
///
/// An architecture that was proposed before is not proposed again while new
/// ones are found. With several scores, members stand in the order of NSGA-II.
#[derive(Clone, Debug)]
pub struct Genetic {
    colony: Colony,
    known: Known,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Genetic {
        colony: Colony::new(settings.integer("population"), Steps::of(settings)),
        known: Known::default(),
    }))
}

impl Strategy for Genetic {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.colony.ask(ask, &mut self.known)
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        let number = observation.number;
        self.colony.tell(number, Individual::of(observation));
    }
}

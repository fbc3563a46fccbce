//! Several populations that exchange their best.
//!
//! ```text
//! island k <- a genetic algorithm on the trials k, k + K, k + 2K, ...
//! every T trials: the best m of each island join the next one on the ring
//! ```

use super::evolution::colony::{self, Colony, Steps};
use super::evolution::{Individual, Known};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "islands",
    "Genetic algorithms side by side that exchange their best from time to time.",
    build,
)
.paper("Tanese 1989, distributed genetic algorithms")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; 14] = {
    let steps = colony::PARAMETERS;
    [
        Parameter {
            name: "islands",
            kind: ParameterKind::Integer(1, 1_000),
            default: "4",
            doc: "Number of populations.",
        },
        Parameter {
            name: "population",
            kind: ParameterKind::Integer(2, 100_000),
            default: "5",
            doc: "Architectures alive at a time on each island.",
        },
        Parameter {
            name: "interval",
            kind: ParameterKind::Integer(1, 1_000_000),
            default: "20",
            doc: "Trials between two exchanges.",
        },
        Parameter {
            name: "migrants",
            kind: ParameterKind::Integer(1, 1_000),
            default: "1",
            doc: "How many of each island join the next one.",
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

/// Populations on a ring; a trial belongs to the island of its number.
#[derive(Clone, Debug)]
pub struct Islands {
    colonies: Vec<Colony>,
    interval: u64,
    migrants: usize,
    known: Known,
    told: u64,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let colony = Colony::new(settings.integer("population"), Steps::of(settings));
    Ok(Box::new(Islands {
        colonies: vec![colony; settings.integer("islands")],
        interval: settings.integer("interval") as u64,
        migrants: settings.integer("migrants"),
        known: Known::default(),
        told: 0,
    }))
}

impl Islands {
    fn home(&mut self, trial: u64) -> &mut Colony {
        let island = trial % self.colonies.len() as u64;
        &mut self.colonies[island as usize]
    }

    /// All leave before any arrives, so that nobody travels twice.
    fn migrate(&mut self) {
        let leaving: Vec<Vec<Individual>> = self
            .colonies
            .iter()
            .map(|colony| colony.best(self.migrants))
            .collect();
        let count = self.colonies.len();
        for (island, travellers) in leaving.into_iter().enumerate() {
            self.colonies[(island + 1) % count].welcome(travellers);
        }
    }
}

impl Strategy for Islands {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let mut known = std::mem::take(&mut self.known);
        let suggestion = self.home(ask.number).ask(ask, &mut known);
        self.known = known;
        suggestion
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        let number = observation.number;
        self.home(number).tell(number, Individual::of(observation));
        self.told += 1;
        if self.told.is_multiple_of(self.interval) {
            self.migrate();
        }
    }
}

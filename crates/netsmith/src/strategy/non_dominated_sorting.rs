//! NSGA-II: evolution for several objectives.
//!
//! ```text
//! P <- N first architectures, evaluated
//! repeat: Q <- N children of parents from binary tournaments by (front, crowding)
//!         R <- P and Q in order of their fronts, each front by crowding
//!         P <- the first N of R
//! ```

use super::evolution::colony::{self, Steps};
use super::evolution::population::by_fronts;
use super::evolution::{Individual, Known};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::objective::dominates;
use crate::pareto::fronts;
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "nsga2",
    "Evolution for several objectives: fronts first, then the loneliest of each.",
    build,
)
.paper("Deb et al. 2002, doi:10.1109/4235.996017")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; 10] = {
    let steps = colony::PARAMETERS;
    [
        Parameter {
            name: "population",
            kind: ParameterKind::Integer(2, 100_000),
            default: "20",
            doc: "Architectures of a generation (N); NSGA-Net's runs had 40.",
        },
        Parameter {
            name: "floor",
            kind: ParameterKind::Number(-1e9, 1e9),
            default: "-1e9",
            doc: "The first score that an architecture must reach to count as feasible, so that the front does not run off to the smallest networks; by default none.",
        },
        steps[0],
        steps[1],
        steps[2],
        steps[3],
        steps[4],
        steps[5],
        steps[6],
        steps[7],
    ]
};

/// Generations of NSGA-II with constrained domination.
///
/// # Paper
/// Deb et al. 2002. Deviations: with workers that run side by side, a generation
/// ends when as many children were told as the population has, whichever they
/// are; where front and crowding are equal, the older wins; parents, crossover
/// and mutation are the parts of `genetic`.
#[derive(Clone, Debug)]
pub struct Nsga2 {
    population: usize,
    floor: f64,
    steps: Steps,
    /// In order, the best first.
    parents: Vec<Individual>,
    children: Vec<Individual>,
    known: Known,
    begun: usize,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let mut values = Settings::defaults(&colony::PARAMETERS);
    values.take(settings);
    Ok(Box::new(Nsga2 {
        population: settings.integer("population"),
        floor: settings.number("floor"),
        steps: Steps::of(&values),
        parents: Vec::new(),
        children: Vec::new(),
        known: Known::default(),
        begun: 0,
    }))
}

impl Nsga2 {
    /// By how much an individual misses the floor; zero where it is feasible.
    fn violation(&self, own: &Individual) -> f64 {
        let score = own.scores.first().copied().unwrap_or_default();
        (self.floor - score).max(0.0)
    }

    /// Constrained domination: feasible before infeasible, of two infeasible
    /// ones the nearer, of two feasible ones by their scores.
    fn beats(&self, a: &Individual, b: &Individual) -> bool {
        let (own, other) = (self.violation(a), self.violation(b));
        if own > 0.0 || other > 0.0 {
            return own < other;
        }
        dominates(&a.scores, &b.scores)
    }

    /// Parents and children become the parents of the next generation.
    fn survive(&mut self) {
        let mut all = std::mem::take(&mut self.parents);
        all.append(&mut self.children);
        let members: Vec<&Individual> = all.iter().collect();
        let fronts = fronts(members.len(), |a, b| self.beats(members[a], members[b]));
        let mut order = by_fronts(&members, fronts);
        order.truncate(self.population);
        self.parents = order.into_iter().map(|i| members[i].clone()).collect();
    }
}

impl Strategy for Nsga2 {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        if self.parents.is_empty() {
            self.begun += 1;
            return self.steps.first(ask, &mut self.known, self.begun - 1);
        }
        let order: Vec<&Individual> = self.parents.iter().collect();
        self.steps.child(ask, &mut self.known, &order)
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        self.children.extend(Individual::of(observation));
        if self.children.len() >= self.population {
            self.survive();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Architecture;

    fn generation(floor: f64, scores: &[[f64; 2]]) -> Vec<u64> {
        let settings = Settings::defaults(&PARAMETERS);
        let mut nsga = Nsga2 {
            population: scores.len() / 2,
            floor,
            steps: {
                let mut values = Settings::defaults(&colony::PARAMETERS);
                values.take(&settings);
                Steps::of(&values)
            },
            parents: Vec::new(),
            children: Vec::new(),
            known: Known::default(),
            begun: 0,
        };
        let individual = |(number, scores): (u64, &[f64; 2])| Individual {
            number,
            architecture: Architecture::undecided(1),
            scores: scores.to_vec(),
        };
        nsga.children = (0..).zip(scores).map(individual).collect();
        nsga.survive();
        nsga.parents.iter().map(|own| own.number).collect()
    }

    /// The ends of the front come first, then the loneliest; what is dominated goes.
    #[test]
    fn the_first_front_survives() {
        let points = [
            [-1.0, -5.0],
            [-2.0, -3.0],
            [-4.0, -2.0],
            [-5.0, -1.0],
            [-3.0, -4.0],
            [-4.0, -4.0],
            [-5.0, -5.0],
            [-2.0, -6.0],
        ];
        assert_eq!(generation(-1e9, &points), [0, 3, 1, 2]);
    }

    /// Below the floor the nearest is the best, whatever its second score.
    #[test]
    fn the_infeasible_stand_behind() {
        let points = [[0.2, 9.0], [0.5, 0.0], [0.4, 5.0], [0.6, -1.0]];
        assert_eq!(generation(0.55, &points), [3, 1]);
    }
}

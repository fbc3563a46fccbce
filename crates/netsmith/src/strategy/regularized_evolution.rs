//! Regularized (aging) evolution.
//!
//! ```text
//! queue <- P random architectures, evaluated
//! repeat: sample <- S draws from the queue, with replacement
//!         parent <- the best of the sample
//!         child  <- mutate(parent), evaluated, appended on the right
//!         remove the leftmost (oldest) of the queue
//! ```

use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::objective::dominates;
use crate::random::Random;
use crate::space::{Architecture, Infeasible};
use rand::RngExt;
use std::collections::VecDeque;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "regularized-evolution",
    "Mutate the best of a random sample; retire the oldest.",
    build,
)
.paper("Real et al. 2019, arXiv:1802.01548, algorithm 1")
.parameters(&[
    Parameter {
        name: "population",
        kind: ParameterKind::Integer(1, 100_000),
        default: "10",
        doc: "Architectures alive at a time (P); the paper's CIFAR-10 runs had 100, NAS-Bench-201's 10.",
    },
    Parameter {
        name: "sample",
        kind: ParameterKind::Integer(1, 100_000),
        default: "3",
        doc: "Draws among which the best becomes a parent (S); 25 in the paper, 3 for NAS-Bench-201.",
    },
]);

/// Aging evolution, asynchronous: a child enters the queue when its trial is told.
///
/// # Paper
/// Algorithm 1 of arXiv:1802.01548. Deviations: the defaults are those of
/// NAS-Bench-201's script, for searches of tens to hundreds of trials; failed
/// trials never enter the queue; with several objectives the parent is drawn
/// among those of the sample that no other dominates.
#[derive(Clone, Debug)]
pub struct RegularizedEvolution {
    population: usize,
    sample: usize,
    queue: VecDeque<Individual>,
}

#[derive(Clone, Debug)]
struct Individual {
    number: u64,
    architecture: Architecture,
    scores: Vec<f64>,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let (population, sample) = (settings.integer("population"), settings.integer("sample"));
    if sample > population {
        return Err(StrategyError {
            rule: format!(
                "population size is {population} but sample size is {sample}: a sample cannot exceed the population"
            ),
            hint: format!(
                "lower `sample` to {population}, or raise `population` to at least {sample}"
            ),
        });
    }
    Ok(Box::new(RegularizedEvolution {
        population,
        sample,
        queue: VecDeque::new(),
    }))
}

impl RegularizedEvolution {
    /// The best of a random sample; among several that are not dominated, any.
    fn parent(&self, random: &mut Random) -> &Individual {
        let mut draw = || &self.queue[random.random_range(0..self.queue.len())];
        let sample: Vec<&Individual> = (0..self.sample).map(|_| draw()).collect();
        let beaten = |own: &Individual| sample.iter().any(|i| dominates(&i.scores, &own.scores));
        let best: Vec<&Individual> = sample.iter().copied().filter(|i| !beaten(i)).collect();
        match best[..] {
            [only] => only,
            // Equals of one objective are the same in all that counts.
            [first, ..] if first.scores.len() == 1 => first,
            _ => best[random.random_range(0..best.len())],
        }
    }
}

impl Strategy for RegularizedEvolution {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        if self.queue.len() >= self.population {
            let parent = self.parent(ask.random);
            let child = ask
                .space
                .mutate(&parent.architecture, ask.limits, ask.random);
            if let Some(architecture) = child {
                return Ok(Suggestion {
                    architecture,
                    parent: Some(parent.number),
                });
            }
        }
        let architecture = ask.space.sample(ask.limits, ask.random)?;
        Ok(Suggestion {
            architecture,
            parent: None,
        })
    }

    fn tell(&mut self, observation: Observation) {
        let Some(scores) = observation.scores else {
            return;
        };
        self.queue.push_back(Individual {
            number: observation.number,
            architecture: observation.architecture,
            scores,
        });
        if self.queue.len() > self.population {
            self.queue.pop_front();
        }
    }
}

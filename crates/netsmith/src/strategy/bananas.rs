//! BANANAS: mutants of the best, chosen by an ensemble of networks.
//!
//! ```text
//! try n random architectures
//! repeat: fit the ensemble; candidates <- mutants of the best k
//!         try the b of the largest draw from mean and deviation
//! ```

use super::evolution::{Known, mutant, stranger};
use super::predictor::Acquisition;
use super::predictor::model::{self, Model};
use super::{Ask, Entry, Observation, Scorer, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "bananas",
    "Mutate the best, and try what an ensemble of predictors draws highest.",
    build,
)
.paper("White et al. 2021, arXiv:1910.11858")
.parameters(&[
    Parameter {
        name: "initial",
        kind: ParameterKind::Integer(1, 100_000),
        default: "10",
        doc: "Random architectures before the first fit.",
    },
    Parameter {
        name: "batch",
        kind: ParameterKind::Integer(1, 10_000),
        default: "10",
        doc: "Architectures that are tried between two fits.",
    },
    Parameter {
        name: "candidates",
        kind: ParameterKind::Integer(1, 100_000),
        default: "100",
        doc: "Mutants among which a batch is chosen.",
    },
    Parameter {
        name: "parents",
        kind: ParameterKind::Integer(1, 20),
        default: "5",
        doc: "The best so many are mutated.",
    },
    Parameter {
        name: "acquisition",
        kind: ParameterKind::Word(&[
            "independent-thompson",
            "mean",
            "upper-bound",
            "expected-improvement",
        ]),
        default: "independent-thompson",
        doc: "How mean and deviation of the ensemble become one number.",
    },
    model::parameter("mlp-ensemble"),
    model::encoding("paths"),
]);

/// # Paper
/// Algorithm 1 of arXiv:1910.11858. Deviations: the predictor is smaller (see
/// [`MlpEnsemble`](super::predictor::MlpEnsemble)); mutants are of the best five
/// in turn, one decision changed; in spaces without a list of paths the decisions
/// are the features.
#[derive(Debug)]
pub struct Bananas {
    initial: usize,
    batch: usize,
    candidates: usize,
    parents: usize,
    acquisition: Acquisition,
    model: Model,
    known: Known,
    /// The rest of the present batch; the next is the last.
    queue: Vec<Suggestion>,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Bananas {
        initial: settings.integer("initial"),
        batch: settings.integer("batch"),
        candidates: settings.integer("candidates"),
        parents: settings.integer("parents"),
        acquisition: match settings.text("acquisition") {
            "mean" => Acquisition::Mean,
            "upper-bound" => Acquisition::UpperBound(0.5),
            "expected-improvement" => Acquisition::ExpectedImprovement,
            _ => Acquisition::IndependentThompson,
        },
        model: Model::of(settings),
        known: Known::default(),
        queue: Vec::new(),
    }))
}

impl Bananas {
    /// Mutants of the best that were not proposed, each once.
    fn mutants(&self, ask: &mut Ask<'_>) -> Vec<Suggestion> {
        let mut seen = Known::default();
        let mut mutants = Vec::new();
        let best = self.model.best();
        let parents = &best[..self.parents.min(best.len())];
        for parent in parents.iter().cycle().take(3 * self.candidates) {
            let child = mutant(ask, &parent.architecture);
            if let Some(architecture) = child
                && !self.known.contains(&architecture)
                && seen.insert(&architecture)
            {
                mutants.push(Suggestion {
                    architecture,
                    parent: Some(parent.number),
                });
            }
            if mutants.len() >= self.candidates {
                break;
            }
        }
        mutants
    }

    /// The next batch, the best last.
    fn choose(&mut self, ask: &mut Ask<'_>) {
        self.model.learn(ask.space, 1, ask.random);
        let mutants = self.mutants(ask).into_iter();
        let mut worths: Vec<(f64, Suggestion)> = mutants
            .map(|own| {
                let architecture = &own.architecture;
                let acquisition = self.acquisition;
                let worth = self
                    .model
                    .worth(ask.space, architecture, acquisition, ask.random);
                (worth, own)
            })
            .collect();
        worths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let skipped = worths.len().saturating_sub(self.batch);
        self.queue = worths.drain(skipped..).map(|(_, own)| own).collect();
    }
}

impl Strategy for Bananas {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        if self.model.told() >= self.initial {
            if self.queue.is_empty() {
                self.choose(ask);
            }
            if let Some(suggestion) = self.queue.pop() {
                self.known.insert(&suggestion.architecture);
                return Ok(suggestion);
            }
        }
        stranger(ask, &mut self.known)
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        self.model.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) {
        self.model.assist(scorer);
    }
}

//! BANANAS: mutants of the best, chosen by an ensemble of networks.
//!
//! ```text
//! try n random architectures
//! repeat: fit the ensemble; candidates <- mutants of the best k
//!         try the b of the largest draw from mean and deviation
//! ```

use super::evolution::{Known, mutant};
use super::predictor::Acquisition;
use super::predictor::batches::Batches;
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
    model::scores("no"),
]);

/// # Paper
/// Algorithm 1 of arXiv:1910.11858. Deviations: the predictor is smaller (see
/// [`MlpEnsemble`](super::predictor::MlpEnsemble)); mutants are of the best five
/// in turn, one decision changed; in spaces without a list of paths the decisions
/// are the features.
#[derive(Debug)]
pub struct Bananas {
    candidates: usize,
    parents: usize,
    acquisition: Acquisition,
    batches: Batches,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Bananas {
        candidates: settings.integer("candidates"),
        parents: settings.integer("parents"),
        acquisition: match settings.text("acquisition") {
            "mean" => Acquisition::Mean,
            "upper-bound" => Acquisition::UpperBound(0.5),
            "expected-improvement" => Acquisition::ExpectedImprovement,
            _ => Acquisition::IndependentThompson,
        },
        batches: Batches::of(settings),
    }))
}

impl Strategy for Bananas {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let (candidates, parents) = (self.candidates, self.parents);
        let mutants = |model: &Model, known: &Known, ask: &mut Ask<'_>| {
            mutants(model, known, [candidates, parents], ask)
        };
        self.batches.ask(ask, self.acquisition, mutants)
    }

    fn tell(&mut self, observation: Observation) {
        self.batches.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.batches.assist(scorer)
    }
}

/// Mutants of the best so many, each once, that were not proposed.
fn mutants(
    model: &Model,
    known: &Known,
    [candidates, parents]: [usize; 2],
    ask: &mut Ask<'_>,
) -> Vec<Suggestion> {
    let mut seen = Known::default();
    let mut mutants = Vec::new();
    let best = model.best();
    let parents = &best[..parents.min(best.len())];
    for parent in parents.iter().cycle().take(3 * candidates) {
        let child = mutant(ask, &parent.architecture);
        if let Some(architecture) = child
            && !known.contains(&architecture)
            && seen.insert(&architecture)
        {
            mutants.push(Suggestion {
                architecture,
                parent: Some(parent.number),
            });
        }
        if mutants.len() >= candidates {
            break;
        }
    }
    mutants
}

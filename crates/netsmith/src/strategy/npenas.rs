//! NPENAS: evolution in which a predictor chooses among many children.
//!
//! ```text
//! try n random architectures
//! repeat: fit the predictor; every parent of a tournament has m children
//!         try the b children of which the predictor expects the most
//! ```

use super::evolution::{Known, Selection, mutant};
use super::predictor::Acquisition;
use super::predictor::batches::Batches;
use super::predictor::model::{self, Model};
use super::{Ask, Entry, Observation, Scorer, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "npenas",
    "Evolution in which a predictor chooses among many children of each parent.",
    build,
)
.paper("Wei et al. 2022, arXiv:2003.12857")
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
        default: "5",
        doc: "Children that are tried between two fits.",
    },
    Parameter {
        name: "parents",
        kind: ParameterKind::Integer(1, 10_000),
        default: "10",
        doc: "Parents of a batch, each drawn by a tournament of two among the best 20.",
    },
    Parameter {
        name: "children",
        kind: ParameterKind::Integer(1, 10_000),
        default: "5",
        doc: "Children of each parent, from which the predictor chooses.",
    },
    model::parameter("boosted-trees"),
    model::encoding("decisions"),
    model::scores("no"),
]);

/// # Paper
/// Algorithm 2 of arXiv:2003.12857 (NPENAS-NP). Deviations: boosted trees in
/// place of a graph network; smaller batches for searches of a hundred trials.
#[derive(Debug)]
pub struct Npenas {
    parents: usize,
    children: usize,
    batches: Batches,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Npenas {
        parents: settings.integer("parents"),
        children: settings.integer("children"),
        batches: Batches::of(settings),
    }))
}

impl Strategy for Npenas {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let (parents, children) = (self.parents, self.children);
        let offspring = |model: &Model, known: &Known, ask: &mut Ask<'_>| {
            offspring(model, known, [parents, children], ask)
        };
        self.batches.ask(ask, Acquisition::Mean, offspring)
    }

    fn tell(&mut self, observation: Observation) {
        self.batches.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.batches.assist(scorer)
    }
}

/// So many children of so many parents, each once, that were not proposed.
fn offspring(
    model: &Model,
    known: &Known,
    [parents, children]: [usize; 2],
    ask: &mut Ask<'_>,
) -> Vec<Suggestion> {
    let best = model.best();
    if best.is_empty() {
        return Vec::new();
    }
    let mut seen = Known::default();
    let mut offspring = Vec::new();
    for _ in 0..parents {
        let parent = &best[Selection::Tournament(2).rank(best.len(), ask.random)];
        for _ in 0..children {
            let child = mutant(ask, &parent.architecture);
            let Some(architecture) = child else { continue };
            if known.contains(&architecture) || !seen.insert(&architecture) {
                continue;
            }
            offspring.push(Suggestion {
                architecture,
                parent: Some(parent.number),
            });
        }
    }
    offspring
}

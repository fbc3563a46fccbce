//! NPENAS: evolution in which a predictor chooses among many children.
//!
//! ```text
//! try n random architectures
//! repeat: fit the predictor; every parent of a tournament has m children
//!         try the b children of which the predictor expects the most
//! ```

use super::evolution::{Individual, Known, Selection, mutant, stranger};
use super::predictor::Acquisition;
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
]);

/// # Paper
/// Algorithm 2 of arXiv:2003.12857 (NPENAS-NP). Deviations: boosted trees in
/// place of a graph network; smaller batches for searches of a hundred trials.
#[derive(Debug)]
pub struct Npenas {
    initial: usize,
    batch: usize,
    parents: usize,
    children: usize,
    model: Model,
    known: Known,
    /// The rest of the present batch; the next is the last.
    queue: Vec<Suggestion>,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Npenas {
        initial: settings.integer("initial"),
        batch: settings.integer("batch"),
        parents: settings.integer("parents"),
        children: settings.integer("children"),
        model: Model::of(settings),
        known: Known::default(),
        queue: Vec::new(),
    }))
}

impl Npenas {
    /// The next batch, the best last.
    fn choose(&mut self, ask: &mut Ask<'_>) {
        self.model.learn(ask.space, 1, ask.random);
        let best: Vec<Individual> = self.model.best().to_vec();
        if best.is_empty() {
            return;
        }
        let mut seen = Known::default();
        let mut worths: Vec<(f64, Suggestion)> = Vec::new();
        for _ in 0..self.parents {
            let parent = &best[Selection::Tournament(2).rank(best.len(), ask.random)];
            for _ in 0..self.children {
                let child = mutant(ask, &parent.architecture);
                let Some(architecture) = child else { continue };
                if self.known.contains(&architecture) || !seen.insert(&architecture) {
                    continue;
                }
                let mean = Acquisition::Mean;
                let worth = self.model.worth(ask.space, &architecture, mean, ask.random);
                let suggestion = Suggestion {
                    architecture,
                    parent: Some(parent.number),
                };
                worths.push((worth, suggestion));
            }
        }
        worths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let skipped = worths.len().saturating_sub(self.batch);
        self.queue = worths.drain(skipped..).map(|(_, own)| own).collect();
    }
}

impl Strategy for Npenas {
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

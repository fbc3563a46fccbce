//! Proposals in batches, each chosen by a model among many candidates.

use super::Acquisition;
use super::model::Model;
use crate::catalogue::Settings;
use crate::space::Infeasible;
use crate::strategy::evolution::{Known, stranger};
use crate::strategy::{Ask, Observation, Scorer, Suggestion};
use std::sync::Arc;

/// Random architectures first; then again and again a fit, candidates, and a
/// batch of those that are worth the most.
#[derive(Debug)]
pub(in crate::strategy) struct Batches {
    initial: usize,
    size: usize,
    model: Model,
    known: Known,
    /// The rest of the present batch; the next is the last.
    queue: Vec<Suggestion>,
}

impl Batches {
    /// With the parameters `initial` and `batch`, and those of the model.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        Self {
            initial: settings.integer("initial"),
            size: settings.integer("batch"),
            model: Model::of(settings),
            known: Known::default(),
            queue: Vec::new(),
        }
    }

    /// The next proposal. `candidates` is called after a fit; it leaves out what
    /// is known.
    pub(in crate::strategy) fn ask(
        &mut self,
        ask: &mut Ask<'_>,
        acquisition: Acquisition,
        candidates: impl FnOnce(&Model, &Known, &mut Ask<'_>) -> Vec<Suggestion>,
    ) -> Result<Suggestion, Infeasible> {
        if self.model.told() >= self.initial {
            if self.queue.is_empty() {
                self.model.learn(ask.space, 1, ask.random);
                let candidates = candidates(&self.model, &self.known, ask);
                self.choose(candidates, acquisition, ask);
            }
            if let Some(suggestion) = self.queue.pop() {
                self.known.insert(&suggestion.architecture);
                return Ok(suggestion);
            }
        }
        stranger(ask, &mut self.known)
    }

    /// The next batch, the best last.
    fn choose(&mut self, candidates: Vec<Suggestion>, acquisition: Acquisition, ask: &mut Ask<'_>) {
        let mut worths: Vec<(f64, Suggestion)> = candidates
            .into_iter()
            .map(|own| {
                let architecture = &own.architecture;
                let worth = self
                    .model
                    .worth(ask.space, architecture, acquisition, ask.random);
                (worth, own)
            })
            .collect();
        worths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let skipped = worths.len().saturating_sub(self.size);
        self.queue = worths.drain(skipped..).map(|(_, own)| own).collect();
    }

    pub(in crate::strategy) fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        self.model.tell(observation);
    }

    pub(in crate::strategy) fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.model.assist(scorer)
    }
}

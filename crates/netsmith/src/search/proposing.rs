//! A proposal: asked for, known to be a duplicate or refused, or queued.

use super::SearchError;
use super::checkpoint::checkpoint_path;
use super::pool::Task;
use super::run::{Run, Slot};
use crate::cost::LATENCY;
use crate::network::Network;
use crate::strategy::{Ask, Plan};
use crate::study::Pending;
use crate::trial::{Costs, Outcome, Proposal};
use rand::Rng;

/// After so many duplicates in a row the space counts as exhausted.
const MOST_DUPLICATES: usize = 1_000;

impl Run<'_, '_> {
    pub(super) fn propose(&mut self) -> Result<(), SearchError> {
        let number = self.next;
        let oldest = (number + 1).saturating_sub(self.search.window.max(1));
        while self.told < oldest {
            self.tell_next();
        }
        let mut random = self.search.seed.child("proposal").nth(number).stream();
        let Plan { suggestion, share } = self.search.strategy.plan(&mut Ask {
            space: self.search.space,
            limits: &self.search.limits,
            running: &self.running,
            number,
            random: &mut random,
        })?;
        self.next += 1;
        let space = self.search.space;
        let architecture = suggestion.architecture;
        let written = space.network(&architecture)?;
        let key = space.key_of(&architecture, &written).to_string();
        let seed = self
            .search
            .seed
            .child("training")
            .child(&key)
            .stream()
            .next_u64();
        let proposal = Proposal {
            number,
            architecture: space.text(&architecture),
            key,
            fidelity: self.search.fidelity.share(share),
            // SQLite's integers are signed.
            seed: seed >> 1,
            parent: suggestion.parent,
        };
        let mut costs = Costs::of(&written);
        costs.set(
            LATENCY,
            self.search.latency.map(|latency| latency(&written)),
        );
        self.running.push((number, architecture.clone()));
        let slot = Slot {
            architecture,
            proposal,
            costs,
            done: None,
        };
        self.slots.insert(number, slot);
        self.settle(number, written)
    }

    /// Ends a proposal at once, makes it wait for its duplicate, or queues it.
    fn settle(&mut self, number: u64, written: Network) -> Result<(), SearchError> {
        let Some(slot) = self.slots.get(&number) else {
            return Ok(());
        };
        let (proposal, costs) = (slot.proposal.clone(), slot.costs);
        let same = if self.search.evaluator.goes_by_text() {
            proposal.architecture.clone()
        } else {
            proposal.key.clone()
        };
        let identity = (same, proposal.fidelity.to_string());
        let original = *self.first.entry(identity).or_insert(number);
        self.repeats = if original == number {
            0
        } else {
            self.repeats + 1
        };
        self.exhausted |= self.repeats >= MOST_DUPLICATES;
        if let Some(trial) = self.recorded.remove(&number) {
            if trial.architecture != proposal.architecture {
                return Err(SearchError::Replay {
                    number,
                    recorded: trial.architecture,
                    replayed: proposal.architecture,
                });
            }
            return self.end(trial, false);
        }
        if let Some(outcome) = self.refused(&costs, &written) {
            let mut trial = proposal.complete(outcome);
            trial.costs = costs;
            return self.end(trial, true);
        }
        if original != number {
            self.waiting.push((number, original));
            return self.share(original);
        }
        self.search.study.propose(proposal.clone())?;
        let pending = self.pending.remove(&number);
        let checkpoint = pending
            .as_ref()
            .and_then(|pending| pending.checkpoint.clone());
        let suspicion = pending.as_ref().map(Pending::suspicion).unwrap_or_default();
        let mut curves = pending.map(|pending| pending.curves).unwrap_or_default();
        let last = checkpoint.map_or(0, |checkpoint| checkpoint.step);
        curves
            .iter_mut()
            .for_each(|curve| curve.points.retain(|(step, _)| *step <= last));
        curves.retain(|curve| !curve.points.is_empty());
        let bar = self
            .search
            .stopping
            .as_ref()
            .map(|rule| rule.bar(proposal.fidelity));
        self.queue.push_back(Task {
            checkpoint: Some(checkpoint_path(self.search.study, number)),
            architecture: Some(self.slots[&number].architecture.clone()),
            network: Some(written),
            prune: true,
            bar: bar.unwrap_or_default(),
            suspicion,
            curves,
            proposal,
        });
        Ok(())
    }

    /// Why a proposal is not evaluated at all.
    fn refused(&self, costs: &Costs, written: &Network) -> Option<Outcome> {
        if let Err(excess) = self.search.limits.check_costs(costs) {
            return Some(Outcome::OverLimit {
                what: excess.cost.to_string(),
                value: excess.quantity(),
                limit: excess.cost.quantity(excess.limit),
            });
        }
        let available = self.search.memory?;
        let needed = self.search.evaluator.memory(written);
        (needed > available).then_some(Outcome::OutOfMemory { needed, available })
    }
}

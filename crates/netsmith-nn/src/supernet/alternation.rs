//! The steps of a search whose architectures a policy draws.

use super::judging::Judgement;
use super::run::{Broken, Run, Totals, has_passed};
use super::search::{End, SearchError};
use crate::data::{Batch, Batches};
use crate::module::Mixture;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Infeasible};

impl Run<'_> {
    /// The mixture of an architecture that the policy draws, as training of the
    /// shared weights takes it.
    pub(super) fn path(&mut self, seed: &Seed) -> Result<Mixture, Broken> {
        let search = self.search;
        let drawn = match (&mut self.policy, &self.state.policy) {
            (Some(policy), Some(state)) => {
                let place = (search.space, &search.limits);
                policy
                    .draw(state, place, &mut seed.stream())
                    .map(|episode| episode.architecture)
            }
            _ => search.space.sample(&search.limits, &mut seed.stream()),
        };
        let drawn = drawn.map_err(|_| Broken::Ended(End::Stopped))?;
        Ok(search.supernet.path(search.space, &drawn))
    }

    /// All updates of the policy that follow an epoch of the weights.
    pub(super) fn policy_phase(&mut self, seed: &Seed, totals: &mut Totals) -> Result<(), Broken> {
        let (Some(mut policy), Some(mut state)) = (self.policy.take(), self.state.policy.take())
        else {
            return Ok(());
        };
        let search = self.search;
        let options = *policy.options();
        // A part of an epoch has its share of the updates.
        let taken = totals.steps[0];
        let children = match options.updates {
            None => taken,
            Some(updates) => updates * options.aggregate * taken / search.steps().max(1),
        };
        let mut draws = seed.child("draws").stream();
        let mut batches = Rounds::new(self, options.batch, seed.child("batches"));
        let (mut rewarded, mut sum, mut norms, mut updates) = (Vec::new(), 0.0, 0.0, 0);
        let mut outcome = Ok(());
        for child in 0..children {
            outcome = self.interrupted();
            if outcome.is_err() {
                break;
            }
            let place = (search.space, &search.limits);
            let Ok(episode) = policy.draw(&state, place, &mut draws) else {
                outcome = Err(Broken::Ended(End::Stopped));
                break;
            };
            let batch = batches.next();
            let Some(reward) = self.rewarded(&episode.architecture, batch) else {
                outcome = Err(Broken::NotFinite);
                break;
            };
            sum += reward;
            rewarded.push((episode, reward));
            if rewarded.len() == options.aggregate || child + 1 == children {
                norms += policy.learn(&mut state, &rewarded, self.state.caution);
                updates += 1;
                rewarded.clear();
            }
        }
        self.policy = Some(policy);
        self.state.policy = Some(state);
        outcome?;
        totals.reward = (children > 0).then(|| sum / children as f64);
        totals.norms[1] += norms;
        totals.steps[1] += updates;
        Ok(())
    }

    /// How often the policy draws each option of each site; nothing without one.
    pub(super) fn shares(&mut self) -> Result<Option<Vec<Vec<f64>>>, Infeasible> {
        let (Some(policy), Some(state)) = (&mut self.policy, &self.state.policy) else {
            return Ok(None);
        };
        let search = self.search;
        let place = (search.space, &search.limits);
        let seed = search.seed.child("shares");
        let shares = policy.shares(state, place, &search.supernet.sites, &seed)?;
        Ok(Some(shares))
    }

    /// The best of many draws of the policy under the shared weights.
    pub(super) fn best_of_policy(&mut self) -> Result<Architecture, SearchError> {
        let search = self.search;
        let mut random = search.seed.child("derivation").stream();
        let (Some(mut policy), Some(state)) = (self.policy.take(), self.state.policy.take()) else {
            return Ok(search.space.sample(&search.limits, &mut random)?);
        };
        let place = (search.space, &search.limits);
        let mut scored = 0;
        let best = policy.best(&state, place, &mut random, &mut |episode| {
            let over = search.is_cancelled() || has_passed(search.judging_deadline);
            if over && scored > 0 {
                return f64::NAN;
            }
            scored += 1;
            let mixture = search.supernet.path(search.space, &episode.architecture);
            let judged = self.judge(&mixture);
            self.worth(&episode.architecture, judged)
                .unwrap_or(f64::NAN)
        });
        self.policy = Some(policy);
        self.state.policy = Some(state);
        match best? {
            Some(best) => Ok(best),
            None => Ok(search.space.sample(&search.limits, &mut random)?),
        }
    }

    fn rewarded(&mut self, architecture: &Architecture, batch: Batch) -> Option<f64> {
        let search = self.search;
        let mixture = search.supernet.path(search.space, architecture);
        let judged = self.judge_on(&mixture, std::iter::once(batch));
        self.worth(architecture, judged)
    }

    /// The accuracy, or minus the loss where no classes are predicted, after what costs take;
    /// nothing where it is not finite.
    fn worth(
        &self,
        architecture: &Architecture,
        Judgement { loss, accuracy }: Judgement,
    ) -> Option<f64> {
        let search = self.search;
        let quality = accuracy.unwrap_or(-loss);
        let worth = match search.reward {
            None => Some(quality),
            Some(reward) => reward.of(quality, search.space, architecture),
        };
        worth.filter(|worth| worth.is_finite() && loss.is_finite())
    }
}

/// The batches of a part, shuffled anew each time they are through.
struct Rounds<'a> {
    batches: Batches<'a>,
    make: Box<dyn Fn(u64) -> Batches<'a> + 'a>,
    round: u64,
}

impl<'a> Rounds<'a> {
    /// Of the half on which the architecture is learnt, as it is at test time.
    fn new(run: &Run<'a>, size: usize, seed: Seed) -> Self {
        let (part, contract) = (run.halves[1].clone(), run.search.contract);
        let make = Box::new(move |round| {
            Batches::new(&part, size)
                .shuffled(&seed.nth(round))
                .normalized(contract)
                .whole_only()
        });
        Self {
            batches: make(0),
            make,
            round: 0,
        }
    }

    fn next(&mut self) -> Batch {
        loop {
            if let Some(batch) = self.batches.next() {
                return batch;
            }
            self.round += 1;
            self.batches = (self.make)(self.round);
        }
    }
}

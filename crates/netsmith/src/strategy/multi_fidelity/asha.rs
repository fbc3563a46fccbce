//! ASHA: successive halving without waiting.
//!
//! ```text
//! asked: for each rung k from the second highest to the lowest:
//!            C <- what has ended on k, the best first
//!            the first of C[0 .. |C| / eta] that did not go on yet goes on to k + 1
//!        otherwise something new begins on the lowest rung
//! ```
//!
//! Equals stand by number, so the promotions depend on nothing but what was told.
//!
//! A few epochs order networks by how fast they learn, which large ones do not at
//! first. [`Asha::above`] therefore ranks by training-free scores too, where there are
//! any; each rung trusts its epochs `eta` times as much as the one below:
//!
//! ```text
//! place on rung k = eta^k · place by what training gave + mean place by the scores
//! ```
//!
//! What goes on there decides nothing but what is handed over: what proposes learns
//! from the lowest rung. So one in `eta`² goes on, not one in `eta`, and most of the
//! time is left for something new.

use super::{ETA, Ladder, PROPOSER, Plan, Proposer, RUNGS, ranked};
use crate::catalogue::Settings;
use crate::space::Infeasible;
use crate::space::Space;
use crate::strategy::evolution::Individual;
use crate::strategy::screen::places;
use crate::strategy::{Ask, Entry, Observation, Scorer, Strategy, StrategyError, Suggestion};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "asha",
    "Whatever is among the best on its rung goes on to more epochs at once; workers never wait.",
    build,
)
.paper("Li et al. 2020, arXiv:1810.05934")
.parameters(&[ETA, RUNGS, PROPOSER]);

/// # Paper
/// Algorithm 2 of arXiv:1810.05934. Deviation: several scores are ranked by
/// fronts and crowding.
#[derive(Debug)]
pub struct Asha {
    ladder: Ladder,
    proposer: Proposer,
    /// One in so many goes on.
    one_in: usize,
    /// So many begin before anything goes on.
    opening: usize,
    /// By rung, the lowest first; nothing goes on from the highest.
    rungs: Vec<Ended>,
    running: BTreeMap<u64, usize>,
    /// Whether training-free scores have a say in what goes on.
    weighs_scores: bool,
    scorer: Option<Arc<dyn Scorer>>,
    /// The scores of what has ended, by trial.
    scored: BTreeMap<u64, Vec<f64>>,
}

/// What has ended on one rung.
#[derive(Clone, Debug, Default)]
struct Ended {
    /// The best first.
    ranked: Vec<Individual>,
    /// Trials that went on.
    promoted: BTreeSet<u64>,
    /// How many ended, failures among them.
    trials: usize,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let ladder = Ladder::of(settings);
    Ok(Box::new(Asha::of(ladder, Proposer::of(settings)?)))
}

impl Asha {
    /// Above what another strategy proposes, with `rungs` rungs, each with `eta`
    /// times what the one below has. One in `eta`² goes on, none before the proposer
    /// was asked `opening` times, and training-free scores have a say in which.
    pub fn above(proposer: Box<dyn Strategy>, eta: usize, rungs: usize, opening: usize) -> Self {
        Self {
            one_in: Self::one_in(eta),
            opening,
            weighs_scores: true,
            ..Self::of(Ladder { eta, rungs }, proposer.into())
        }
    }

    /// One in so many goes on above what another strategy proposes.
    pub fn one_in(eta: usize) -> usize {
        eta * eta
    }

    fn of(ladder: Ladder, proposer: Proposer) -> Self {
        Self {
            ladder,
            proposer,
            one_in: ladder.eta,
            opening: 0,
            rungs: vec![Ended::default(); ladder.rungs],
            running: BTreeMap::new(),
            weighs_scores: false,
            scorer: None,
            scored: BTreeMap::new(),
        }
    }

    /// What goes on, and from which rung.
    fn promotion(&mut self, space: &Space) -> Option<(usize, Individual)> {
        for rung in (0..self.rungs.len().saturating_sub(1)).rev() {
            let order = self.order(rung, space);
            let Ended {
                ranked,
                promoted,
                trials,
            } = &mut self.rungs[rung];
            let best = order.into_iter().take(*trials / self.one_in);
            let mut waiting = best.filter(|at| !promoted.contains(&ranked[*at].number));
            if let Some(at) = waiting.next() {
                let next = ranked[at].clone();
                promoted.insert(next.number);
                return Some((rung, next));
            }
        }
        None
    }

    /// Places in the ranking of a rung, in the order in which they go on.
    fn order(&mut self, rung: usize, space: &Space) -> Vec<usize> {
        let ranked = &self.rungs[rung].ranked;
        let mut order: Vec<usize> = (0..ranked.len()).collect();
        let single = ranked.iter().all(|own| own.scores.len() == 1);
        let Some(scorer) = self.scorer.as_ref().filter(|_| single) else {
            return order;
        };
        for own in ranked {
            let known = self.scored.entry(own.number);
            known.or_insert_with(|| scorer.scores(space, &own.architecture));
        }
        let scores: Vec<&[f64]> = ranked
            .iter()
            .map(|own| &*self.scored[&own.number])
            .collect();
        let width = scores.first().map_or(0, |own| own.len());
        let trust = (self.ladder.eta as f64).powi(rung as i32);
        let mut worths: Vec<f64> = order.iter().map(|at| -trust * *at as f64).collect();
        for score in 0..width {
            let values: Vec<f64> = scores.iter().map(|own| own[score]).collect();
            for (worth, place) in worths.iter_mut().zip(places(&values)) {
                *worth += place / width as f64;
            }
        }
        order.sort_by(|a, b| worths[*b].total_cmp(&worths[*a]));
        order
    }
}

impl Strategy for Asha {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.plan(ask).map(|plan| plan.suggestion)
    }

    fn plan(&mut self, ask: &mut Ask<'_>) -> Result<Plan, Infeasible> {
        let promotion = match self.opening {
            0 => self.promotion(ask.space),
            _ => None,
        };
        self.opening = self.opening.saturating_sub(1);
        let (rung, suggestion) = match promotion {
            Some((rung, own)) => {
                let suggestion = Suggestion {
                    architecture: own.architecture,
                    parent: Some(own.number),
                };
                (rung + 1, suggestion)
            }
            None => (0, self.proposer.ask(ask)?),
        };
        self.running.insert(ask.number, rung);
        let share = self.ladder.share(rung);
        Ok(Plan { suggestion, share })
    }

    fn tell(&mut self, observation: Observation) {
        if let Some(rung) = self.running.remove(&observation.number) {
            let ended = &mut self.rungs[rung];
            ended.trials += 1;
            if let Some(own) = Individual::of(observation.clone()) {
                let mut all = std::mem::take(&mut ended.ranked);
                if own.scores.len() == 1 {
                    let score = |own: &Individual| own.scores[0];
                    let at = all.partition_point(|other| score(other) >= score(&own));
                    all.insert(at, own);
                } else {
                    all.push(own);
                    all.sort_by_key(|own| own.number);
                    all = ranked(all);
                }
                ended.ranked = all;
            }
        }
        self.proposer.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.scorer = self.weighs_scores.then(|| Arc::clone(&scorer));
        self.proposer.strategy.assist(scorer) || self.weighs_scores
    }

    fn mean_share(&self) -> f64 {
        let trials = |rung: usize| (self.one_in as f64).powi(-(rung as i32));
        let all: f64 = (0..self.ladder.rungs).map(trials).sum();
        let spent = (0..self.ladder.rungs).map(|rung| trials(rung) * self.ladder.share(rung));
        spent.sum::<f64>() / all
    }
}

//! Hyperband: successive halving with several trade-offs between many for little
//! and few for much.
//!
//! ```text
//! repeat for s = s_max .. 0: a bracket of successive halving that begins s rungs
//!                            below the highest
//! while a rung waits for its last trials, the next bracket begins
//! ```

use super::bracket::{Bracket, Rung, hyperband_rungs};
use super::{ETA, Ladder, PROPOSER, Plan, Proposer, RUNGS};
use crate::catalogue::Settings;
use crate::space::Infeasible;
use crate::strategy::{Ask, Entry, Observation, Scorer, Strategy, StrategyError, Suggestion};
use std::collections::VecDeque;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "hyperband",
    "Successive halving with brackets from many for few epochs to few for all of them.",
    build,
)
.paper("Li et al. 2018, arXiv:1603.06560")
.parameters(&[ETA, RUNGS, PROPOSER]);

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let ladder = Ladder::of(settings);
    let all = (0..ladder.rungs).rev();
    let all = all.map(|s| hyperband_rungs(ladder.eta, ladder.rungs, s));
    Ok(Box::new(Halving {
        brackets: Brackets::new(ladder, all.collect()),
        proposer: Proposer::of(settings)?,
    }))
}

/// Brackets, one after the other, with a proposer for what begins in them.
#[derive(Debug)]
pub(super) struct Halving {
    pub(super) brackets: Brackets,
    pub(super) proposer: Proposer,
}

/// Brackets in turn.
#[derive(Debug)]
pub(super) struct Brackets {
    ladder: Ladder,
    /// What comes again and again.
    turn: Vec<Vec<Rung>>,
    begun: usize,
    /// The oldest first.
    open: VecDeque<Bracket>,
}

/// What is to be done next.
pub(super) enum Next {
    /// A trial goes on.
    Plan(Plan),
    /// Something new is wanted, at this share.
    New(f64),
}

impl Brackets {
    pub(super) fn new(ladder: Ladder, turn: Vec<Vec<Rung>>) -> Self {
        Self {
            ladder,
            turn,
            begun: 0,
            open: VecDeque::new(),
        }
    }

    /// What the proposal of this number is to be: the oldest bracket comes first.
    pub(super) fn next(&mut self, number: u64) -> Next {
        for bracket in &mut self.open {
            if let Some(plan) = bracket.go_on(self.ladder, number) {
                return Next::Plan(plan);
            }
            if let Some(rung) = bracket.wants_new() {
                bracket.begin(number);
                return Next::New(self.ladder.share(rung));
            }
        }
        let rungs = self.turn[self.begun % self.turn.len()].clone();
        self.begun += 1;
        let mut bracket = Bracket::new(rungs);
        let rung = bracket.wants_new().unwrap_or(self.ladder.rungs - 1);
        bracket.begin(number);
        self.open.push_back(bracket);
        Next::New(self.ladder.share(rung))
    }

    /// The rung of a trial that has ended.
    pub(super) fn tell(&mut self, observation: &Observation) -> Option<usize> {
        let rung = self.open.iter_mut().find_map(|own| own.tell(observation));
        self.open.retain(|bracket| !bracket.is_over());
        rung
    }

    /// What a trial spends on average.
    pub(super) fn mean_share(&self) -> f64 {
        let rungs = || self.turn.iter().flatten();
        let trials: usize = rungs().map(|own| own.trials).sum();
        let spent = rungs().map(|own| own.trials as f64 * self.ladder.share(own.rung));
        spent.sum::<f64>() / trials.max(1) as f64
    }
}

impl Strategy for Halving {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.plan(ask).map(|plan| plan.suggestion)
    }

    fn plan(&mut self, ask: &mut Ask<'_>) -> Result<Plan, Infeasible> {
        match self.brackets.next(ask.number) {
            Next::Plan(plan) => Ok(plan),
            Next::New(share) => Ok(Plan {
                suggestion: self.proposer.ask(ask)?,
                share,
            }),
        }
    }

    fn tell(&mut self, observation: Observation) {
        self.brackets.tell(&observation);
        self.proposer.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.proposer.strategy.assist(scorer)
    }

    fn mean_share(&self) -> f64 {
        self.brackets.mean_share()
    }
}

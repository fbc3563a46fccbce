//! Strategies: what proposes architectures, and learns from outcomes.
//!
//! A strategy is told, not connected: it sees the space, the trials that ended
//! and those that run, and nothing else. It has no files, no clock, no threads
//! and no evaluator.

pub mod auto;
pub mod bananas;
pub mod controller;
mod evolution;
mod filtered;
pub mod genetic;
pub mod islands;
pub mod local_search;
pub mod multi_fidelity;
pub mod nas_rl;
pub mod non_dominated_sorting;
pub mod npenas;
pub mod policy_gradient;
pub mod ppo;
pub mod predictor;
pub mod random;
pub mod regularized_evolution;
pub mod reward;
mod scorer;
mod screen;
pub mod tpe;

pub use filtered::Filtered;
pub use multi_fidelity::Plan;
pub use scorer::Scorer;

use crate::catalogue::Settings;
use crate::random::Random;
use crate::space::{Architecture, Infeasible, Limits, Space};
use std::sync::Arc;

/// Proposes architectures (ask), and learns from outcomes (tell).
///
/// Trials are told in the order of their numbers. What a strategy answers
/// depends on nothing but what it was told and asked, so that a search can be
/// replayed.
pub trait Strategy: std::fmt::Debug + Send {
    /// The next architecture to try.
    ///
    /// # Errors
    /// No architecture of the space keeps the limits.
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible>;

    /// The next architecture, and how much of what the search gives a trial is to
    /// be spent on it: all of it, but for multi-fidelity strategies.
    ///
    /// # Errors
    /// No architecture of the space keeps the limits.
    fn plan(&mut self, ask: &mut Ask<'_>) -> Result<Plan, Infeasible> {
        self.ask(ask).map(Plan::from)
    }

    /// The share of what the search gives a trial that one spends on average:
    /// the less, the more can be given.
    fn mean_share(&self) -> f64 {
        1.0
    }

    /// The outcome of a trial.
    fn tell(&mut self, observation: Observation);

    /// What is to be told about how it went, for people; nothing by default.
    fn account(&self) -> Option<String> {
        None
    }

    /// Features from outside, before the first question; whether it has a use for
    /// them. A strategy without a predictor has none.
    fn assist(&mut self, _scorer: Arc<dyn Scorer>) -> bool {
        false
    }
}

/// What a strategy is given when it is asked.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Where to search.
    pub space: &'a Space,
    /// What every proposal must keep.
    pub limits: &'a Limits,
    /// Proposed, but not told yet; by number.
    pub running: &'a [(u64, Architecture)],
    /// The number that the proposal will have.
    pub number: u64,
    /// Draws for this proposal alone.
    pub random: &'a mut Random,
}

/// An answer of a strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What to try.
    pub architecture: Architecture,
    /// The trial that it was made from.
    pub parent: Option<u64>,
}

/// What a strategy is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Number of the trial.
    pub number: u64,
    /// What was tried.
    pub architecture: Architecture,
    /// The objective's score and the negated costs that should be small: larger
    /// is better in each. Nothing where the trial failed.
    pub scores: Option<Vec<f64>>,
    /// The objective's score after each step of the evaluation, in their order; empty
    /// where none was reported.
    pub progress: Vec<f64>,
}

/// A strategy in the catalogue.
pub type Entry = crate::catalogue::Entry<fn(&Settings) -> Result<Box<dyn Strategy>, StrategyError>>;

/// Settings of a strategy that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}")]
pub struct StrategyError {
    /// Value and rule.
    pub rule: String,
    /// What to do about it.
    pub hint: String,
}

/// All strategies.
pub const CATALOGUE: &[Entry] = &[
    random::ENTRY,
    regularized_evolution::ENTRY,
    local_search::ENTRY,
    genetic::ENTRY,
    islands::ENTRY,
    non_dominated_sorting::ENTRY,
    tpe::ENTRY,
    npenas::ENTRY,
    bananas::ENTRY,
    auto::ENTRY,
    multi_fidelity::successive_halving::ENTRY,
    multi_fidelity::hyperband::ENTRY,
    multi_fidelity::asha::ENTRY,
    multi_fidelity::bohb::ENTRY,
    nas_rl::ENTRY,
    ppo::ENTRY,
];

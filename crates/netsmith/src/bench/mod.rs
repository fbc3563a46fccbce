//! Comparing strategies on a table: many searches under a simulated clock.
//!
//! ```text
//! clock <- 0
//! while clock < budget: a <- ask; look a up; clock <- clock + its seconds; tell
//! answer: the architecture of the best validation accuracy that was seen
//! score:  its test accuracy on every data set of the table
//! ```
//!
//! A look-up that begins before the budget ends is made and kept, as in the
//! benchmark's own scripts. Several workers may run side by side.
//!
//! # Example
//! ```no_run
//! use netsmith::bench::{Bench, Billing};
//! use netsmith::catalogue::Settings;
//! use netsmith::evaluate::table;
//! use netsmith::strategy;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let table = table::CATALOGUE[0].open("data".as_ref())?;
//! let mut bench = Bench::new(&table, "cifar-10", 12_000.0, 0..500)?;
//! bench.billing = Billing::EveryQuery;
//! for entry in strategy::CATALOGUE {
//!     let scores = bench.run(entry, &Settings::defaults(entry.parameters))?;
//!     assert!(scores.test_accuracy["cifar-10"].mean > 0.9);
//! }
//! # Ok(())
//! # }
//! ```

mod comparison;
mod run;

pub use comparison::{ByKey, Comparison, Difference, Point, Scores, Spread};
pub use run::Search;

use crate::catalogue::Settings;
use crate::evaluate::table::{Table, TableError};
use crate::space::Infeasible;
use crate::strategy::{Entry, Scorer, StrategyError};
use std::ops::Range;
use std::sync::Arc;

/// When a look-up costs its seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Billing {
    /// When an architecture is first asked for; repeats are told again for
    /// nothing, as a system that remembers its trials does.
    #[default]
    FirstQuery,
    /// Always, as the benchmark's own scripts do.
    EveryQuery,
    /// When a network is first asked for: an architecture whose network equals
    /// one that was trained before has that one's result for nothing, as in a
    /// search that trains.
    FirstKey,
}

/// A comparison: the same task for every strategy.
#[derive(Clone, Debug)]
pub struct Bench<'a> {
    table: &'a Table,
    data: usize,
    /// Simulated seconds of one search.
    pub budget: f64,
    /// One search for each.
    pub seeds: Range<u64>,
    /// When a look-up costs its seconds.
    pub billing: Billing,
    /// Look-ups of one search that run side by side in simulated time.
    pub workers: usize,
    /// Whether each strategy is also scored with [`Billing::FirstKey`].
    pub by_key: bool,
    /// What strategies with a predictor may know of an architecture besides.
    pub scorer: Option<Arc<dyn Scorer>>,
    /// Searches at a time; no result depends on it.
    pub threads: usize,
}

/// Why a comparison cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// The table lacks what is asked for.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The strategy's settings do not go together.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// No architecture keeps the limits.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// There is nothing to average.
    #[error("there are no seeds: from {start} to {end}")]
    NoSeeds {
        /// The first.
        start: u64,
        /// One beyond the last.
        end: u64,
    },
    /// No search of this length has an answer.
    #[error("budget is {budget} s: must be more than 0")]
    Budget {
        /// The budget.
        budget: f64,
    },
    /// The table has no row for a proposal.
    #[error("architecture `{text}` is not in table `{table}`")]
    MissingRow {
        /// The architecture.
        text: String,
        /// The table.
        table: &'static str,
    },
}

impl<'a> Bench<'a> {
    /// A comparison with as many threads as the machine has cores.
    ///
    /// # Errors
    /// The table has no such data set, there are no seeds, or the budget is not
    /// above zero.
    pub fn new(
        table: &'a Table,
        data: &str,
        budget: f64,
        seeds: Range<u64>,
    ) -> Result<Self, BenchError> {
        if seeds.is_empty() {
            let Range { start, end } = seeds;
            return Err(BenchError::NoSeeds { start, end });
        }
        if budget.is_nan() || budget <= 0.0 {
            return Err(BenchError::Budget { budget });
        }
        Ok(Self {
            data: table.data_set(data)?,
            table,
            budget,
            seeds,
            billing: Billing::default(),
            workers: 1,
            by_key: false,
            scorer: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// The searches themselves, in the order of their seeds.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn searches(&self, entry: &Entry, settings: &Settings) -> Result<Vec<Search>, BenchError> {
        let threads = self.threads.max(1) as u64;
        let part = (self.seeds.end - self.seeds.start).div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let mut handles = Vec::new();
            let mut start = self.seeds.start;
            while start < self.seeds.end {
                let end = start.saturating_add(part).min(self.seeds.end);
                let seeds = start..end;
                let run = move || -> Result<Vec<Search>, BenchError> {
                    let one = |seed| self.search((entry.build)(settings)?.as_mut(), seed);
                    seeds.map(one).collect()
                };
                handles.push(scope.spawn(run));
                start = end;
            }
            let mut searches = Vec::new();
            for handle in handles {
                match handle.join() {
                    Ok(found) => searches.extend(found?),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            Ok(searches)
        })
    }

    fn data_name(&self) -> &'static str {
        let mut names = self.table.data_sets();
        names.nth(self.data).unwrap_or_default()
    }
}

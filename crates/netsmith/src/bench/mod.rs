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

mod agreement;
mod comparison;
mod curves;
mod front;
mod meter;
mod page;
mod run;
mod scaling;

pub use agreement::{agreement, sample_rows};
pub use comparison::{ByKey, Comparison, Difference, Point, Scores, Spread};
pub use curves::{CurveFacts, ForecastFacts};
pub use front::{Front, FrontPoint, Latency};
pub use page::page;
pub use run::Search;
pub use scaling::{Scaled, Scaling};

use crate::catalogue::Settings;
use crate::evaluate::table::{Table, TableError};
use crate::space::Infeasible;
use crate::stopping::Rule;
use crate::strategy::{Entry, Scorer, StrategyError};
use std::collections::BTreeMap;
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
    /// Latencies that should be small too, as a second objective.
    pub latency: Option<Arc<Latency>>,
    /// What strategies may know of an architecture besides; a search pays for it
    /// when it first asks. By default the table's training-free scores.
    pub scorer: Option<Arc<dyn Scorer>>,
    /// Which trainings are not worth their rest, on a table of learning curves.
    pub stopping: Option<Rule>,
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

impl BenchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Table(error) => error.hint(),
            Self::Strategy(error) => Some(error.hint.clone()),
            _ => None,
        }
    }
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
        let data = table.data_set(data)?;
        Ok(Self {
            scorer: table.scorer(data),
            latency: None,
            data,
            table,
            budget,
            seeds,
            billing: Billing::default(),
            workers: 1,
            by_key: false,
            stopping: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// The same with the latency on a device as a second objective.
    ///
    /// # Errors
    /// The table has no latencies of it.
    pub fn minimizing(mut self, device: &str) -> Result<Self, BenchError> {
        self.latency = Some(Arc::new(Latency {
            device: device.to_owned(),
            milliseconds: self.table.latencies(device)?,
        }));
        Ok(self)
    }

    /// The searches themselves, in the order of their seeds.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn searches(&self, entry: &Entry, settings: &Settings) -> Result<Vec<Search>, BenchError> {
        let settings = &self.at_its_fidelities(entry, settings);
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

    fn at_its_fidelities(&self, entry: &Entry, settings: &Settings) -> Settings {
        if !is_multi_fidelity(entry) || self.table.epochs() > 1 {
            return settings.clone();
        }
        let values = settings.values();
        let mut given: BTreeMap<String, String> = values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        given.insert("rungs".to_owned(), "1".to_owned());
        let whole = Settings::new(entry.parameters, &given);
        whole.expect("one rung is a ladder — this is a bug in netsmith")
    }

    fn data_name(&self) -> &'static str {
        let mut names = self.table.data_sets();
        names.nth(self.data).unwrap_or_default()
    }
}

/// Whether a strategy tries things for less: a table that knows only how each
/// training ended has nothing of that, and its ladder then has one rung.
pub(crate) fn is_multi_fidelity(entry: &Entry) -> bool {
    entry.parameters.iter().any(|own| own.name == "rungs")
}

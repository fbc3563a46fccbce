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
//! benchmark's own scripts. One trial runs at a time.
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

use crate::catalogue::Settings;
use crate::evaluate::table::{Row, Scoring, Table, TableError};
use crate::random::Seed;
use crate::space::{Infeasible, Limits};
use crate::strategy::{Ask, Entry, Observation, Strategy, StrategyError};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

/// After so many free repeats in a row a search ends: the strategy has nothing
/// new to ask, and its clock would never reach the budget.
const MOST_REPEATS: u32 = 1_000;

/// When a look-up costs its seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Billing {
    /// When an architecture is first asked for; repeats are told again for
    /// nothing, as a system that remembers its trials does.
    #[default]
    FirstQuery,
    /// Always, as the benchmark's own scripts do.
    EveryQuery,
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
    /// Searches at a time; no result depends on it.
    pub threads: usize,
}

/// One search under the simulated clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The answer.
    pub best: Row,
    /// Look-ups that were paid.
    pub evaluations: u32,
    /// Look-ups, repeats included.
    pub queries: u32,
    /// The clock at the end, in simulated seconds.
    pub clock: f64,
}

/// A comparison, as `netsmith bench --json` prints it. Accuracies are fractions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The table.
    pub table: String,
    /// The data set that was searched.
    pub data: String,
    /// Simulated seconds of one search.
    pub budget: f64,
    /// How many searches each strategy made.
    pub seeds: u64,
    /// The strategies, in the order asked for.
    pub strategies: Vec<Scores>,
}

/// What one strategy reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Its name.
    pub name: String,
    /// Validation accuracy of the answers, on the data set that was searched.
    pub validation_accuracy: Spread,
    /// Test accuracy of the answers by data set.
    pub test_accuracy: BTreeMap<String, Spread>,
    /// Paid look-ups of one search, on average.
    pub evaluations: f64,
    /// Real seconds that all searches took.
    pub seconds: f64,
}

/// Mean and standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one seed's value, with n − 1 in the
    /// denominator; zero for a single seed.
    pub std: f64,
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
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        })
    }

    /// Compares several strategies.
    ///
    /// # Errors
    /// Those of [`Bench::run`].
    pub fn compare<'e>(
        &self,
        strategies: impl IntoIterator<Item = (&'e Entry, Settings)>,
    ) -> Result<Comparison, BenchError> {
        let strategies = strategies.into_iter();
        let scores: Result<Vec<Scores>, BenchError> = strategies
            .map(|(entry, settings)| self.run(entry, &settings))
            .collect();
        Ok(Comparison {
            table: self.table.name().to_owned(),
            data: self.data_name().to_owned(),
            budget: self.budget,
            seeds: self.seeds.end - self.seeds.start,
            strategies: scores?,
        })
    }

    /// Searches once for each seed, and scores the answers.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn run(&self, entry: &Entry, settings: &Settings) -> Result<Scores, BenchError> {
        let started = now();
        let searches = self.searches(entry, settings)?;
        let scoring = Scoring::of_a_chosen_answer();
        let over = |value: &dyn Fn(&Search) -> f64| Spread::of(searches.iter().map(value));
        let names = self.table.data_sets().enumerate();
        let test = names.map(|(data, name)| {
            let test = |search: &Search| self.table.test_accuracy(&scoring, data, search.best);
            (name.to_owned(), over(&test))
        });
        Ok(Scores {
            name: entry.name.to_owned(),
            validation_accuracy: over(&|s| self.table.validation_accuracy(self.data, s.best)),
            test_accuracy: test.collect(),
            evaluations: over(&|search| f64::from(search.evaluations)).mean,
            seconds: started.elapsed().as_secs_f64(),
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

    /// One search: asks, looks up, pays and tells until the budget is used.
    ///
    /// # Errors
    /// A proposal that the table lacks.
    pub fn search(&self, strategy: &mut dyn Strategy, seed: u64) -> Result<Search, BenchError> {
        let (table, space, limits) = (self.table, self.table.space(), Limits::default());
        let proposals = Seed::new(seed).child("proposal");
        let mut seen = vec![false; table.len()];
        let (mut clock, mut evaluations, mut repeats) = (0.0, 0, 0);
        let mut best: Option<(f64, Row)> = None;
        let mut number = 0;
        while clock < self.budget && repeats < MOST_REPEATS {
            let mut random = proposals.nth(number).stream();
            let suggestion = strategy.ask(&mut Ask {
                space,
                limits: &limits,
                running: &[],
                number,
                random: &mut random,
            })?;
            let architecture = suggestion.architecture;
            let row = table.row(&architecture);
            let row = row.ok_or_else(|| BenchError::MissingRow {
                text: space.text(&architecture),
                table: table.name(),
            })?;
            let first = !std::mem::replace(&mut seen[row.index()], true);
            if first || self.billing == Billing::EveryQuery {
                clock += table.seconds(self.data, row);
                evaluations += 1;
            }
            repeats = if first { 0 } else { repeats + 1 };
            let accuracy = table.validation_accuracy(self.data, row);
            if best.is_none_or(|(most, _)| accuracy > most) {
                best = Some((accuracy, row));
            }
            strategy.tell(Observation {
                number,
                architecture,
                scores: Some(vec![accuracy]),
            });
            number += 1;
        }
        let (_, best) =
            best.expect("a budget above zero pays one look-up — this is a bug in netsmith");
        Ok(Search {
            best,
            evaluations,
            queries: number as u32,
            clock,
        })
    }

    fn data_name(&self) -> &'static str {
        let mut names = self.table.data_sets();
        names.nth(self.data).unwrap_or_default()
    }
}

impl Spread {
    /// Mean and deviation of some values; zeros for none.
    pub fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        let std = (squares / (count - 1.0).max(1.0)).sqrt();
        Self { mean, std }
    }
}

/// The clock, for the time that a comparison took; no search reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a comparison took is reported, and decides nothing"
)]
fn now() -> Instant {
    Instant::now()
}

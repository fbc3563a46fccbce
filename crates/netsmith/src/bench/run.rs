//! One search under the simulated clock.

use super::meter::Meter;
use super::{Bench, BenchError, Billing};
use crate::evaluate::table::Row;
use crate::random::Seed;
use crate::space::{Architecture, Limits};
use crate::strategy::{Ask, Observation, Scorer, Strategy};
use std::sync::Arc;

/// After so many free repeats in a row a search ends: the strategy has nothing
/// new to ask, and its clock would never reach the budget.
const MOST_REPEATS: u32 = 1_000;

/// One search under the simulated clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// The answer.
    pub best: Row,
    /// When each answer was found that was the best until then: simulated
    /// seconds, ascending.
    pub improvements: Vec<(f64, Row)>,
    /// What was looked up, and when each look-up ended; in simulated seconds,
    /// ascending.
    pub looked_up: Vec<(f64, Row)>,
    /// Look-ups that were paid.
    pub evaluations: u32,
    /// Look-ups, repeats included.
    pub queries: u32,
    /// Architectures whose training-free scores were asked for.
    pub scored: u32,
    /// The clock at the end, in simulated seconds.
    pub clock: f64,
}

/// A look-up on its way.
struct Running {
    number: u64,
    architecture: Architecture,
    row: Row,
    ends: f64,
}

impl Bench<'_> {
    /// One search: asks, looks up, pays and tells until the budget is used.
    ///
    /// With several workers, each asks as soon as it is free; outcomes are told
    /// in the order of their numbers.
    ///
    /// # Errors
    /// A proposal that the table lacks.
    pub fn search(&self, strategy: &mut dyn Strategy, seed: u64) -> Result<Search, BenchError> {
        let (table, space, limits) = (self.table, self.table.space(), Limits::default());
        let meter = self
            .scorer
            .clone()
            .map(|scorer| Arc::new(Meter::new(scorer)));
        if let Some(meter) = &meter {
            strategy.assist(Arc::clone(meter) as Arc<dyn Scorer>);
        }
        let proposals = Seed::new(seed).child("proposal");
        let mut seen = vec![false; table.len()];
        let (mut clock, mut evaluations, mut repeats, mut number) = (0.0, 0, 0, 0);
        let mut improvements: Vec<(f64, Row)> = Vec::new();
        let mut last = 0.0_f64;
        // By number; those that end are told from the front.
        let mut running: Vec<Running> = Vec::new();
        while clock < self.budget && repeats < MOST_REPEATS {
            let open: Vec<(u64, Architecture)> = running
                .iter()
                .map(|own| (own.number, own.architecture.clone()))
                .collect();
            let mut random = proposals.nth(number).stream();
            let suggestion = strategy.ask(&mut Ask {
                space,
                limits: &limits,
                running: &open,
                number,
                random: &mut random,
            })?;
            let architecture = suggestion.architecture;
            let row = table.row(&architecture);
            let row = row.ok_or_else(|| BenchError::MissingRow {
                text: space.text(&architecture),
                table: table.name(),
            })?;
            let row = match self.billing {
                Billing::FirstKey => table.first_of_key(row),
                Billing::FirstQuery | Billing::EveryQuery => row,
            };
            let first = !std::mem::replace(&mut seen[row.index()], true);
            let mut ends = clock + meter.as_ref().map_or(0.0, |meter| meter.take());
            if first || self.billing == Billing::EveryQuery {
                ends += table.seconds(self.data, row);
                evaluations += 1;
            }
            repeats = if first { 0 } else { repeats + 1 };
            running.push(Running {
                number,
                architecture,
                row,
                ends,
            });
            number += 1;
            // The next question comes when a worker is free.
            let mut busy: Vec<f64> = running
                .iter()
                .map(|own| own.ends)
                .filter(|e| *e > clock)
                .collect();
            busy.sort_by(f64::total_cmp);
            let free = busy.len().checked_sub(self.workers.max(1));
            clock = free.map_or(clock, |at| busy[at]);
            while running.first().is_some_and(|own| own.ends <= clock) {
                last = last.max(self.tell(strategy, running.remove(0), &mut improvements));
            }
        }
        for own in running {
            last = last.max(self.tell(strategy, own, &mut improvements));
        }
        improvements.sort_by(|a, b| a.0.total_cmp(&b.0));
        let looked_up = improvements.clone();
        let improvements = self.rising(improvements);
        let (_, best) = improvements
            .last()
            .copied()
            .expect("a budget above zero pays one look-up — this is a bug in netsmith");
        Ok(Search {
            best,
            improvements,
            looked_up,
            evaluations,
            queries: number as u32,
            scored: meter.map_or(0, |meter| meter.scored() as u32),
            clock: last.max(clock),
        })
    }

    /// Tells an outcome and notes it; when it ended.
    fn tell(&self, strategy: &mut dyn Strategy, own: Running, ended: &mut Vec<(f64, Row)>) -> f64 {
        let accuracy = self.table.validation_accuracy(self.data, own.row);
        ended.push((own.ends, own.row));
        strategy.tell(Observation {
            number: own.number,
            architecture: own.architecture,
            scores: Some(match &self.latency {
                Some(latency) => vec![accuracy, -latency.milliseconds[own.row.index()]],
                None => vec![accuracy],
            }),
        });
        own.ends
    }

    /// Those that are better than all before them.
    fn rising(&self, ended: Vec<(f64, Row)>) -> Vec<(f64, Row)> {
        let mut most = f64::NEG_INFINITY;
        let better = |(_, row): &(f64, Row)| {
            let accuracy = self.table.validation_accuracy(self.data, *row);
            let rises = accuracy > most;
            most = most.max(accuracy);
            rises
        };
        ended.into_iter().filter(better).collect()
    }
}

//! One search under the simulated clock.

use super::meter::Meter;
use super::{Bench, BenchError, Billing};
use crate::evaluate::table::Row;
use crate::random::Seed;
use crate::space::{Architecture, Limits};
use crate::stopping::Rule;
use crate::strategy::{Ask, Observation, Scorer, Strategy};
use crate::trial::{Curve, Fidelity, Metric, Outcome, Proposal, Trial};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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
    /// Proposals that the table lacks, where it has but a part of its space.
    pub missing: u32,
    /// Trainings that a stopping rule ended.
    pub stopped: u32,
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
    /// Epochs that were looked up.
    epochs: u32,
    /// Epochs that were asked for.
    wanted: u32,
    ends: f64,
}

/// What ended, in the order of its end.
#[derive(Clone, Copy)]
struct Ended {
    at: f64,
    row: Row,
    epochs: u32,
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
        let mut rule = self.stopping.clone().filter(|_| table.epochs() > 1);
        // The most epochs of each row that were paid.
        let mut paid = vec![0; table.len()];
        let (mut clock, mut evaluations, mut repeats, mut number) = (0.0, 0, 0, 0);
        let (mut stopped, mut missing) = (0, 0);
        let mut ended: Vec<Ended> = Vec::new();
        let mut last = 0.0_f64;
        // By number; those that end are told from the front.
        let mut running: VecDeque<Running> = VecDeque::new();
        // Their architectures, behind those of `told` others, which are dropped in bulk.
        let (mut open, mut told): (Vec<(u64, Architecture)>, usize) = (Vec::new(), 0);
        // When they end, the next on top, as bits: times above zero have their order.
        let mut ends_next: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
        while clock < self.budget && repeats < MOST_REPEATS {
            let mut random = proposals.nth(number).stream();
            let plan = strategy.plan(&mut Ask {
                space,
                limits: &limits,
                running: &open[told..],
                number,
                random: &mut random,
            })?;
            let architecture = plan.suggestion.architecture;
            let Some(row) = table.row(&architecture) else {
                // Beside others it would be told out of its turn.
                let waits = !running.is_empty();
                let nothing = repeats + 1 == MOST_REPEATS && evaluations == 0;
                if table.is_whole() || waits || nothing {
                    return Err(BenchError::MissingRow {
                        text: space.text(&architecture),
                        table: table.name(),
                    });
                }
                // It fails at once: who searches a part of a space pays nothing for
                // the rest.
                strategy.tell(Observation {
                    number,
                    architecture,
                    scores: None,
                    progress: Vec::new(),
                });
                (number, repeats, missing) = (number + 1, repeats + 1, missing + 1);
                continue;
            };
            let row = match self.billing {
                Billing::FirstKey => table.first_of_key(row),
                Billing::FirstQuery | Billing::EveryQuery => row,
            };
            let whole = Fidelity::epochs(table.epochs());
            let wanted = whole.share(plan.share).epochs;
            let epochs = match &rule {
                Some(rule) => self.stopped_at(rule, row, wanted),
                None => wanted,
            };
            let first = epochs > paid[row.index()];
            paid[row.index()] = epochs.max(paid[row.index()]);
            let mut ends = clock + meter.as_ref().map_or(0.0, |meter| meter.take());
            if first || self.billing == Billing::EveryQuery {
                let share = f64::from(epochs) / f64::from(table.epochs());
                ends += share * table.seconds(self.data, row);
                evaluations += 1;
                stopped += u32::from(epochs < wanted);
            }
            repeats = if first { 0 } else { repeats + 1 };
            open.push((number, architecture.clone()));
            running.push_back(Running {
                number,
                architecture,
                row,
                epochs,
                wanted,
                ends,
            });
            number += 1;
            // The next question comes when a worker is free.
            if ends > clock {
                ends_next.push(Reverse(ends.to_bits()));
            }
            if ends_next.len() >= self.workers.max(1)
                && let Some(Reverse(next)) = ends_next.peek()
            {
                clock = f64::from_bits(*next);
            }
            let is_past = |next: &Reverse<u64>| f64::from_bits(next.0) <= clock;
            while ends_next.peek().is_some_and(is_past) {
                ends_next.pop();
            }
            while let Some(own) = running.pop_front_if(|own| own.ends <= clock) {
                told += 1;
                last = last.max(own.ends);
                self.tell(strategy, rule.as_mut(), own, &mut ended);
            }
            if 2 * told > open.len() {
                open.drain(..told);
                told = 0;
            }
        }
        for own in running {
            last = last.max(own.ends);
            self.tell(strategy, rule.as_mut(), own, &mut ended);
        }
        ended.sort_by(|a, b| a.at.total_cmp(&b.at));
        let looked_up = ended.iter().map(|own| (own.at, own.row)).collect();
        let improvements = self.rising(&ended);
        let (_, best) = improvements
            .last()
            .copied()
            .expect("a budget above zero pays one look-up — this is a bug in netsmith");
        Ok(Search {
            best,
            improvements,
            looked_up,
            evaluations,
            queries: number as u32 - missing,
            missing,
            stopped,
            scored: meter.map_or(0, |meter| meter.scored() as u32),
            clock: last.max(clock),
        })
    }

    /// The epoch after which the rule ends a training of so many; the last one
    /// where it ends none.
    fn stopped_at(&self, rule: &Rule, row: Row, wanted: u32) -> u32 {
        let bar = rule.bar(Fidelity::epochs(wanted));
        let stops = |epochs: &u32| bar.stops(&self.curves(row, *epochs));
        (1..wanted).find(stops).unwrap_or(wanted)
    }

    /// The validation accuracies of the first epochs.
    pub(super) fn curves(&self, row: Row, epochs: u32) -> Vec<Curve> {
        vec![Curve {
            metric: Metric::validation_accuracy(),
            points: (1..).zip(self.accuracies(row, epochs)).collect(),
        }]
    }

    fn accuracies(&self, row: Row, epochs: u32) -> impl Iterator<Item = f64> {
        (1..=epochs).map(move |epoch| self.table.accuracy_after(self.data, row, epoch))
    }

    /// Tells an outcome and notes it.
    fn tell(
        &self,
        strategy: &mut dyn Strategy,
        rule: Option<&mut Rule>,
        own: Running,
        ended: &mut Vec<Ended>,
    ) {
        if let Some(rule) = rule {
            let outcome = match own.epochs < own.wanted {
                true => Outcome::Stopped,
                false => Outcome::Finished,
            };
            let proposal = Proposal {
                number: own.number,
                architecture: String::new(),
                key: String::new(),
                fidelity: Fidelity::epochs(own.wanted),
                seed: 0,
                parent: None,
            };
            rule.tell(&Trial {
                curves: self.curves(own.row, own.epochs),
                ..proposal.complete(outcome)
            });
        }
        let accuracy = self.table.accuracy_after(self.data, own.row, own.epochs);
        ended.push(Ended {
            at: own.ends,
            row: own.row,
            epochs: own.epochs,
        });
        strategy.tell(Observation {
            number: own.number,
            architecture: own.architecture,
            scores: Some(match &self.latency {
                Some(latency) => vec![accuracy, -latency.milliseconds[own.row.index()]],
                None => vec![accuracy],
            }),
            progress: match self.table.epochs() {
                1 => Vec::new(),
                _ => self.accuracies(own.row, own.epochs).collect(),
            },
        });
    }

    /// Those that are better than all before them: of more epochs, or of as many
    /// and more accurate.
    fn rising(&self, ended: &[Ended]) -> Vec<(f64, Row)> {
        let mut most = (0, f64::NEG_INFINITY);
        let mut rising = Vec::new();
        for own in ended {
            let accuracy = self.table.accuracy_after(self.data, own.row, own.epochs);
            if own.epochs > most.0 || own.epochs == most.0 && accuracy > most.1 {
                most = (own.epochs, accuracy);
                rising.push((own.at, own.row));
            }
        }
        rising
    }
}

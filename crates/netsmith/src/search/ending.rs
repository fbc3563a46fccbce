//! What becomes of a trial: heard from its worker, recorded, shared with its
//! duplicates, and told in order.

use super::checkpoint::{drop_checkpoint, record_checkpoint};
use super::pool::{Ended, Report};
use super::run::Run;
use super::{Event, SearchError};
use crate::evaluate::Evaluation;
use crate::strategy::Observation;
use crate::trial::{Costs, Curve, Metric, Metrics, Outcome, Trial};

impl Run<'_, '_> {
    pub(super) fn hear(&mut self, report: Report, overtime: bool) -> Result<(), SearchError> {
        match report {
            Report::Measured {
                number,
                measurements,
            } => {
                (self.observe)(Event::Measured(number, &measurements));
                for measurement in measurements {
                    self.search.study.measure(number, measurement)?;
                }
                Ok(())
            }
            Report::Saved { number, step } => record_checkpoint(self.search.study, number, step),
            Report::Working(number) => Ok(self.search.study.working(number)?),
            Report::Ended(ended) => self.ended_task(*ended, overtime),
        }
    }

    fn ended_task(&mut self, ended: Ended, overtime: bool) -> Result<(), SearchError> {
        let number = ended.task.proposal.number;
        let Some(slot) = self.slots.get(&number) else {
            return Ok(());
        };
        let costs = slot.costs;
        let limit_seconds = self.search.budget.seconds.unwrap_or(0.0);
        let interrupted = ended.evaluation == Evaluation::Interrupted;
        if interrupted && !overtime {
            return Ok(());
        }
        self.longest = self.longest.max(ended.seconds);
        let mut trial = trial_of(ended, costs, limit_seconds, &self.search.objective.metric);
        trial.ended = self.clock();
        self.end(trial, true)
    }

    /// Records the end of a trial and of those that share its results.
    pub(super) fn end(&mut self, mut trial: Trial, record: bool) -> Result<(), SearchError> {
        let number = trial.number;
        if record {
            if trial.ended <= 0.0 {
                trial.ended = self.clock();
            }
            self.search.study.complete(trial.clone())?;
            drop_checkpoint(self.search.study, number);
        }
        let event = match record {
            true => Event::Ended(&trial),
            false => Event::Recalled(&trial),
        };
        (self.observe)(event);
        if let Some(slot) = self.slots.get_mut(&number) {
            slot.done = Some(trial.clone());
        }
        self.ended.insert(number, trial);
        self.share(number)
    }

    /// Gives the results of a trial to those that wait for it.
    pub(super) fn share(&mut self, original: u64) -> Result<(), SearchError> {
        let Some(result) = self.ended.get(&original).cloned() else {
            return Ok(());
        };
        let ready = self.waiting.iter().filter(|(_, of)| *of == original);
        let ready: Vec<u64> = ready.map(|(number, _)| *number).collect();
        self.waiting.retain(|(_, of)| *of != original);
        for number in ready {
            let Some(slot) = self.slots.get(&number) else {
                continue;
            };
            let mut trial = slot.proposal.clone().complete(result.outcome.clone());
            trial.metrics = result.metrics.clone();
            trial.curves = result.curves.clone();
            trial.costs = slot.costs;
            trial.duplicate_of = Some(original);
            self.end(trial, true)?;
        }
        Ok(())
    }

    /// Tells the strategy and the stopping rule the next trial in order.
    pub(super) fn tell_next(&mut self) {
        let number = self.told;
        self.told += 1;
        let Some(slot) = self.slots.remove(&number) else {
            return;
        };
        self.running.retain(|(running, _)| *running != number);
        let Some(trial) = slot.done else {
            return;
        };
        self.spent += trial.seconds;
        if let Some(rule) = &mut self.search.stopping {
            rule.tell(&trial);
        }
        self.search.strategy.tell(Observation {
            number,
            architecture: slot.architecture,
            scores: self.search.objective.scores(&trial),
            progress: self.search.objective.progress(&trial),
        });
    }
}

/// The trial that an ended task becomes; one that the clock ended has the results
/// of its best step by this metric.
pub(super) fn trial_of(ended: Ended, costs: Costs, limit_seconds: f64, metric: &Metric) -> Trial {
    let Ended {
        task,
        evaluation,
        seconds,
    } = ended;
    let curves: Vec<Curve> = task.curves;
    let mut trial = match evaluation {
        Evaluation::Interrupted => match reached(&curves, metric) {
            None => task.proposal.complete(Outcome::TimedOut { limit_seconds }),
            Some((steps, metrics)) => {
                let mut trial = task.proposal.complete(Outcome::CutShort { steps });
                trial.metrics = metrics;
                trial
            }
        },
        Evaluation::Ended {
            outcome,
            metrics,
            costs: own,
            simulated_seconds,
        } => {
            let mut trial = task.proposal.complete(outcome);
            trial.metrics = metrics;
            trial.costs = own.or(&costs);
            trial.seconds = simulated_seconds.unwrap_or(seconds);
            trial.curves = curves;
            return trial;
        }
    };
    trial.curves = curves;
    trial.costs = costs;
    trial.seconds = seconds;
    trial
}

/// The steps that were done, and all results of the best of them.
fn reached(curves: &[Curve], metric: &Metric) -> Option<(u64, Metrics)> {
    let curve = curves
        .iter()
        .find(|curve| curve.metric.name == metric.name)?;
    let (best, _) = curve.best()?;
    let mut metrics = Metrics::new();
    for curve in curves {
        if let Some((_, value)) = curve.points.iter().find(|(step, _)| *step == best) {
            metrics.set(curve.metric.clone(), *value);
        }
    }
    Some((curve.points.last()?.0, metrics))
}

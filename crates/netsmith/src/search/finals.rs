//! The final phase: a list of runs that is known beforehand.
//!
//! ```text
//! in the order given, as many at a time as there are workers:
//!     left out    optional, and expected to end after the deadline
//!     begun       otherwise
//! at the deadline: what is running is cut short with its best step so far
//! ```
//!
//! Expectations are corrected by the slowest of what has been seen: a machine
//! that becomes slower ends fewer runs, and those that it begins it ends.

use super::checkpoint::{checkpoint_path, record_checkpoint};
use super::ending::trial_of;
use super::pool::{Pool, Report, Task, now};
use super::{Event, SearchError};
use crate::evaluate::{Evaluation, Evaluator};
use crate::network::Network;
use crate::space::Architecture;
use crate::stopping::Bar;
use crate::study::{FinalRun, Pending, Role, Study};
use crate::trial::{Costs, Metric, Proposal, Trial};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A run of the final phase.
#[derive(Clone, Debug)]
pub struct FinalJob {
    /// What it is for.
    pub role: Role,
    /// The name to show.
    pub name: String,
    /// Its number is [`FIRST_FINAL`](crate::study::FIRST_FINAL) or more.
    pub proposal: Proposal,
    /// The architecture, where the network is one of the space.
    pub architecture: Option<Architecture>,
    /// What is trained.
    pub network: Network,
    /// Seconds that it will take by plan, where there is one.
    pub expected: Option<f64>,
    /// Whether it is left out when it is not expected to end in time.
    pub optional: bool,
}

/// How runs of the final phase are evaluated.
#[expect(missing_debug_implementations, reason = "holds a function")]
pub struct Finals<'a> {
    /// Where they are recorded.
    pub study: &'a Study,
    /// What evaluates.
    pub evaluator: &'a dyn Evaluator,
    /// Evaluations at a time.
    pub workers: usize,
    /// By which the best step of a run that is cut short is chosen.
    pub metric: &'a Metric,
    /// Seconds from now until which they may run.
    pub deadline: Option<f64>,
    /// Tells seconds, of which only differences count; none: the real clock.
    pub clock: Option<&'a dyn Fn() -> f64>,
    /// Set from outside to end them in order.
    pub interrupt: &'a AtomicBool,
}

/// What came of the runs of the final phase.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinalsEnd {
    /// Those that ended, in the order given.
    pub trials: Vec<Trial>,
    /// Numbers of those that were left out.
    pub left_out: Vec<u64>,
}

impl Finals<'_> {
    /// Evaluates all runs, the first ones first. Runs that the study holds already
    /// are not repeated. Checkpoints stay.
    ///
    /// What is running at the deadline is recorded as
    /// [`CutShort`](crate::trial::Outcome::CutShort) if it has measured anything,
    /// and as timed out otherwise.
    ///
    /// Returns nothing where it was interrupted.
    ///
    /// # Errors
    /// The study cannot be written.
    pub fn run(
        &self,
        jobs: Vec<FinalJob>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<FinalsEnd>, SearchError> {
        let known = self.study.view()?.trials()?;
        let done = known.finals.into_iter();
        let mut done: BTreeMap<u64, Trial> =
            done.map(|run| (run.trial.number, run.trial)).collect();
        let pending = known.pending_finals.into_iter();
        let pending: BTreeMap<u64, Pending> = pending
            .map(|run| (run.trial.proposal.number, run.trial))
            .collect();
        let numbers: Vec<u64> = jobs.iter().map(|job| job.proposal.number).collect();
        let mut queue: VecDeque<FinalJob> = jobs.into();
        queue.retain(|job| !done.contains_key(&job.proposal.number));
        let begun = now();
        let real = || begun.elapsed().as_secs_f64();
        let clock = self.clock.unwrap_or(&real);
        let mut pace = Pace::new(self.deadline.map(|seconds| clock() + seconds.max(0.0)));
        let mut costs: BTreeMap<u64, Costs> = BTreeMap::new();
        let mut left_out = Vec::new();
        let cancel = AtomicBool::new(false);
        let (workers, study) = (self.workers.max(1), self.study);
        let body = |pool: &mut Pool| -> Result<bool, SearchError> {
            loop {
                let interrupted = self.interrupt.load(Ordering::Relaxed);
                let overtime = pace.is_over(clock());
                if interrupted || overtime {
                    cancel.store(true, Ordering::Relaxed);
                }
                let suspicion = |job: &FinalJob| {
                    let pending = pending.get(&job.proposal.number);
                    pending.map(Pending::suspicion).unwrap_or_default()
                };
                while let Some(job) =
                    queue.pop_front_if(|job| !interrupted && pool.takes(suspicion(job)))
                {
                    let number = job.proposal.number;
                    if job.optional && !pace.has_time_for(job.expected, clock()) {
                        left_out.push(number);
                        continue;
                    }
                    costs.insert(number, Costs::of(&job.network));
                    pace.begin(number, job.expected, clock());
                    let task = self.begin(job, pending.get(&number))?;
                    observe(Event::Started(&task.proposal));
                    pool.submit(task);
                }
                if pool.busy() == 0 {
                    return Ok(interrupted);
                }
                match pool.report(Some(now() + Duration::from_millis(100))) {
                    None => observe(Event::Tick),
                    Some(Report::Measured {
                        number,
                        measurements,
                    }) => {
                        observe(Event::Measured(number, &measurements));
                        for measurement in measurements {
                            study.measure(number, measurement)?;
                        }
                    }
                    Some(Report::Saved { number, step }) => record_checkpoint(study, number, step)?,
                    Some(Report::Working(number)) => study.working(number)?,
                    Some(Report::Ended(ended)) => {
                        let number = ended.task.proposal.number;
                        pace.end(number, clock());
                        // Asked again: what was cancelled may be heard of late.
                        let overtime = pace.is_over(clock());
                        if ended.evaluation == Evaluation::Interrupted && !overtime {
                            continue;
                        }
                        let own = costs.get(&number).copied().unwrap_or_default();
                        let limit = self.deadline.unwrap_or(0.0);
                        let trial = trial_of(*ended, own, limit, self.metric);
                        study.complete(trial.clone())?;
                        observe(Event::Ended(&trial));
                        done.insert(number, trial);
                    }
                }
            }
        };
        let interrupted = Pool::with(workers, self.evaluator, &cancel, body)?;
        study.sync()?;
        let ended = numbers.iter().filter_map(|number| done.remove(number));
        let trials = ended.collect();
        Ok((!interrupted).then_some(FinalsEnd { trials, left_out }))
    }

    /// Records that a run begins, or goes on from its checkpoint.
    fn begin(&self, job: FinalJob, pending: Option<&Pending>) -> Result<Task, SearchError> {
        let number = job.proposal.number;
        self.study.propose_final(FinalRun {
            role: job.role,
            name: job.name,
            trial: job.proposal.clone(),
        })?;
        self.study.start(number)?;
        let checkpoint = pending.and_then(|pending| pending.checkpoint.as_ref());
        let step = checkpoint.map_or(0, |checkpoint| checkpoint.step);
        let suspicion = pending.map(Pending::suspicion).unwrap_or_default();
        let curves = pending.map(|pending| pending.curves.clone());
        let mut curves = curves.unwrap_or_default();
        curves
            .iter_mut()
            .for_each(|curve| curve.points.retain(|(at, _)| *at <= step));
        curves.retain(|curve| !curve.points.is_empty());
        Ok(Task {
            checkpoint: Some(checkpoint_path(self.study, number)),
            architecture: job.architecture,
            network: Some(job.network),
            prune: false,
            bar: Bar::default(),
            suspicion,
            curves,
            proposal: job.proposal,
        })
    }
}

/// How fast the runs are beside what was expected, and when they must end.
struct Pace {
    end: Option<f64>,
    /// When each began, and what it was expected to take.
    running: BTreeMap<u64, (f64, f64)>,
    /// The most seconds for an expected one that were seen, at least 1.
    slowness: f64,
}

impl Pace {
    fn new(end: Option<f64>) -> Self {
        Self {
            end,
            running: BTreeMap::new(),
            slowness: 1.0,
        }
    }

    fn is_over(&self, now: f64) -> bool {
        self.end.is_some_and(|end| now >= end)
    }

    fn begin(&mut self, number: u64, expected: Option<f64>, now: f64) {
        if let Some(expected) = expected.filter(|expected| *expected > 0.0) {
            self.running.insert(number, (now, expected));
        }
    }

    fn end(&mut self, number: u64, now: f64) {
        if let Some((begun, expected)) = self.running.remove(&number) {
            self.slowness = self.slowness.max((now - begun) / expected);
        }
    }

    /// Whether a run is expected to end before the deadline.
    fn has_time_for(&self, expected: Option<f64>, now: f64) -> bool {
        let running = self.running.values();
        let late = running.map(|(begun, expected)| (now - begun) / expected);
        let slowness = late.fold(self.slowness, f64::max);
        let seconds = expected.unwrap_or(0.0) * slowness;
        self.end.is_none_or(|end| now + seconds <= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_follow_the_slowest_run() {
        let mut pace = Pace::new(Some(100.0));
        assert!(pace.has_time_for(Some(100.0), 0.0) && !pace.has_time_for(Some(101.0), 0.0));
        pace.begin(1, Some(10.0), 0.0);
        pace.begin(2, Some(40.0), 0.0);
        pace.end(1, 20.0);
        assert!(pace.has_time_for(Some(40.0), 20.0) && !pace.has_time_for(Some(41.0), 20.0));
        // One that is still running has taken three times as long as expected.
        assert!(!pace.has_time_for(Some(1.0), 99.0) && pace.has_time_for(None, 99.0));
        pace.begin(2, Some(2.0), 20.0);
        assert!(pace.has_time_for(Some(20.0), 26.0) && !pace.has_time_for(Some(26.0), 26.0));
        assert!(pace.is_over(100.0) && !Pace::new(None).is_over(1e9));
    }
}

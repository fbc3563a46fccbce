//! The search: the only loop that asks a strategy and has its proposals
//! evaluated.
//!
//! ```text
//! trial n is proposed when all trials up to n − L have ended and were told,
//! in order; what it sees of the trials n − L + 1 .. n − 1 is that they run.
//! ```
//!
//! So proposals, duplicates and stopping decisions depend on numbers alone,
//! never on which worker was faster, and a search that was killed goes on to
//! the same history: recorded trials are replayed through the same loop.

mod finals;
mod pool;

pub use finals::{FinalJob, Finals, FinalsEnd};

use crate::cost::{Quantity, Unit};
use crate::evaluate::{Evaluation, Evaluator};
use crate::network::{Network, ShapeError};
use crate::objective::Objective;
use crate::random::Seed;
use crate::space::{Architecture, Infeasible, Limits, Space};
use crate::stopping::Rule;
use crate::strategy::{Ask, Observation, Plan, Strategy, StrategyError};
use crate::study::{Checkpoint, Pending, Study, StudyError};
use crate::trial::{
    Costs, Curve, Fidelity, Measurement, Metric, Metrics, Outcome, Proposal, Trial,
};
use pool::{Ended, Pool, Report, Task, now};
use rand::Rng;
use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// After so many duplicates in a row the space counts as exhausted.
const MOST_DUPLICATES: usize = 1_000;

/// Folder of the checkpoints in a run directory.
pub const CHECKPOINTS: &str = "checkpoints";

/// Everything that a search needs.
#[expect(missing_debug_implementations, reason = "holds a function")]
pub struct Search<'a> {
    /// Where to search.
    pub space: &'a Space,
    /// What proposes.
    pub strategy: &'a mut dyn Strategy,
    /// What evaluates.
    pub evaluator: &'a dyn Evaluator,
    /// What is recorded, and what was before.
    pub study: &'a Study,
    /// What is searched for.
    pub objective: &'a Objective,
    /// What every proposal must keep, known from its graph.
    pub limits: Limits,
    /// Milliseconds that the estimate may not exceed.
    pub latency_limit: Option<f64>,
    /// Estimates the latency of a network in milliseconds; must give the same
    /// value for the same network, also after a resume.
    pub latency: Option<&'a dyn Fn(&Network) -> f64>,
    /// How much an evaluation may spend at most; a multi-fidelity strategy begins
    /// with less.
    pub fidelity: Fidelity,
    /// Ends poor evaluations early.
    pub stopping: Option<Rule>,
    /// When the search ends.
    pub budget: Budget,
    /// Evaluations at a time.
    pub workers: usize,
    /// L: a proposal sees trials that are at least so far behind; at least 1.
    pub window: u64,
    /// Bytes that the evaluation of one trial may take, by plan.
    pub memory: Option<u64>,
    /// The study's seed.
    pub seed: Seed,
    /// Set from outside to end the search in order.
    pub interrupt: &'a AtomicBool,
}

/// When a search ends: at the first of these.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budget {
    /// So many trials were proposed.
    pub trials: Option<u64>,
    /// So many seconds of the study's clock have passed, the time of earlier
    /// processes included.
    pub seconds: Option<f64>,
    /// The trials that a proposal sees took so many simulated seconds together,
    /// one after the other, as an evaluator that only looks up counts them. A
    /// duplicate takes none. The end depends on no clock.
    pub simulated: Option<f64>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The budget is used up.
    Budget,
    /// The strategy only repeats what was tried.
    Exhausted,
    /// It was interrupted from outside and can be resumed.
    Interrupted,
}

/// What a search tells while it runs.
#[derive(Debug)]
pub enum Event<'a> {
    /// A trial was handed to a worker.
    Started(&'a Proposal),
    /// A running trial measured something.
    Measured(u64, &'a [Measurement]),
    /// A trial ended.
    Ended(&'a Trial),
    /// A trial that an earlier part of the run recorded was told again.
    Recalled(&'a Trial),
    /// Nothing happened for a moment.
    Tick,
}

/// Why a search could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The study could not be written.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// No architecture keeps the limits.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// The strategy's settings do not go together.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A network of the space does not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Replaying the study gave another proposal than was recorded.
    #[error("trial {number} was proposed as `{recorded}`, and now as `{replayed}`")]
    Replay {
        /// The trial.
        number: u64,
        /// The recorded architecture.
        recorded: String,
        /// What this build proposes.
        replayed: String,
    },
}

impl SearchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Study(error) => error.hint(),
            Self::Infeasible(error) => Some(error.hint()),
            Self::Strategy(error) => Some(error.hint.clone()),
            Self::Shape(error) => error.hint().map(str::to_owned),
            Self::Replay { .. } => {
                Some("go on with the version of netsmith that the run was begun with".into())
            }
        }
    }
}

/// A trial between its proposal and its telling.
struct Slot {
    architecture: Architecture,
    proposal: Proposal,
    costs: Costs,
    done: Option<Trial>,
}

/// The state of a running search.
struct Run<'s, 'a> {
    search: Search<'a>,
    observe: &'s mut dyn FnMut(Event<'_>),
    slots: BTreeMap<u64, Slot>,
    recorded: BTreeMap<u64, Trial>,
    pending: BTreeMap<u64, Pending>,
    /// The first trial of each (key or text, fidelity, seed).
    first: BTreeMap<(String, String), u64>,
    /// Ended trials by number; all of them, for duplicates.
    ended: BTreeMap<u64, Trial>,
    /// Trials that wait for the one whose result they share.
    waiting: Vec<(u64, u64)>,
    queue: VecDeque<Task>,
    next: u64,
    told: u64,
    /// Seconds of the trials that were told.
    spent: f64,
    repeats: usize,
    exhausted: bool,
    started: Instant,
    before: f64,
    longest: f64,
    running: Vec<(u64, Architecture)>,
}

impl Search<'_> {
    /// Searches until the budget ends, and tells what happens.
    ///
    /// Returns why it ended and all ended trials by number.
    ///
    /// # Errors
    /// The study cannot be written or does not fit this search, or no
    /// architecture keeps the limits. A bad candidate is no error.
    pub fn run(self, observe: &mut dyn FnMut(Event<'_>)) -> Result<(End, Vec<Trial>), SearchError> {
        self.space.check_limits(&self.limits)?;
        let trials = self.study.view()?.trials()?;
        let before = trials
            .completed
            .iter()
            .map(|trial| trial.ended)
            .fold(0.0, f64::max);
        let recorded = trials
            .completed
            .into_iter()
            .map(|trial| (trial.number, trial));
        let pending = trials.pending.into_iter().map(|p| (p.proposal.number, p));
        let (workers, evaluator) = (self.workers, self.evaluator);
        let mut run = Run {
            search: self,
            observe,
            slots: BTreeMap::new(),
            recorded: recorded.collect(),
            pending: pending.collect(),
            first: BTreeMap::new(),
            ended: BTreeMap::new(),
            waiting: Vec::new(),
            queue: VecDeque::new(),
            next: 0,
            told: 0,
            spent: 0.0,
            repeats: 0,
            exhausted: false,
            started: now(),
            before,
            longest: 0.0,
            running: Vec::new(),
        };
        let cancel = AtomicBool::new(false);
        let end = Pool::with(workers, evaluator, &cancel, |pool| run.turn(pool, &cancel))?;
        run.search.study.sync()?;
        Ok((end, run.ended.into_values().collect()))
    }
}

impl Run<'_, '_> {
    fn turn(&mut self, pool: &mut Pool, cancel: &AtomicBool) -> Result<End, SearchError> {
        let mut overtime = false;
        loop {
            let interrupted = self.search.interrupt.load(Ordering::Relaxed);
            overtime |= self.time_is_up();
            let may_propose = !interrupted && !overtime && !self.nearly_over();
            while may_propose && self.can_propose(pool) {
                self.propose()?;
            }
            while let Some(task) = self.queue.pop_front_if(|task| pool.takes(task.suspicion)) {
                self.search.study.start(task.proposal.number)?;
                (self.observe)(Event::Started(&task.proposal));
                pool.submit(task);
            }
            if interrupted || overtime {
                cancel.store(true, Ordering::Relaxed);
            }
            if pool.busy() == 0 {
                // A proposal may have ended at once and made way for the next.
                if may_propose && self.can_propose(pool) {
                    continue;
                }
                return Ok(match (interrupted, self.exhausted) {
                    (true, _) => End::Interrupted,
                    (false, true) => End::Exhausted,
                    (false, false) => End::Budget,
                });
            }
            let wake = now() + Duration::from_millis(100);
            match pool.report(Some(wake)) {
                None => (self.observe)(Event::Tick),
                Some(report) => self.hear(report, overtime)?,
            }
        }
    }

    fn clock(&self) -> f64 {
        self.before + self.started.elapsed().as_secs_f64()
    }

    fn time_is_up(&self) -> bool {
        self.search
            .budget
            .seconds
            .is_some_and(|seconds| self.clock() >= seconds)
    }

    /// Whether another trial would hardly end in time.
    fn nearly_over(&self) -> bool {
        let seconds = self.search.budget.seconds;
        seconds.is_some_and(|seconds| self.clock() + 0.7 * self.longest >= seconds)
    }

    /// Whether the next trial may be proposed: there is budget, the window has
    /// moved on, and a worker will soon be free.
    fn can_propose(&self, pool: &Pool) -> bool {
        let window = self.search.window.max(1);
        let oldest = (self.next + 1).saturating_sub(window);
        !self.exhausted
            && self
                .search
                .budget
                .trials
                .is_none_or(|trials| self.next < trials)
            && (0..oldest)
                .rev()
                .take_while(|&n| n >= self.told)
                .all(|n| self.is_done(n))
            && self.affords_another(oldest)
            && pool.busy() + self.queue.len() < self.search.workers.max(1)
    }

    /// Whether the trials up to the one before `oldest`, all of them done, leave
    /// simulated seconds.
    fn affords_another(&self, oldest: u64) -> bool {
        let Some(budget) = self.search.budget.simulated else {
            return true;
        };
        let untold = self.slots.range(..oldest).map(|(_, slot)| &slot.done);
        let untold: f64 = untold.flatten().map(|trial| trial.seconds).sum();
        self.spent + untold < budget
    }

    fn is_done(&self, number: u64) -> bool {
        self.slots
            .get(&number)
            .is_none_or(|slot| slot.done.is_some())
    }

    fn propose(&mut self) -> Result<(), SearchError> {
        let number = self.next;
        let oldest = (number + 1).saturating_sub(self.search.window.max(1));
        while self.told < oldest {
            self.tell_next();
        }
        let mut random = self.search.seed.child("proposal").nth(number).stream();
        let Plan { suggestion, share } = self.search.strategy.plan(&mut Ask {
            space: self.search.space,
            limits: &self.search.limits,
            running: &self.running,
            number,
            random: &mut random,
        })?;
        self.next += 1;
        let space = self.search.space;
        let architecture = suggestion.architecture;
        let written = space.network(&architecture)?;
        let key = space.key_of(&architecture, &written).to_string();
        let seed = self
            .search
            .seed
            .child("training")
            .child(&key)
            .stream()
            .next_u64();
        let proposal = Proposal {
            number,
            architecture: space.text(&architecture),
            key,
            fidelity: self.search.fidelity.share(share),
            // SQLite's integers are signed.
            seed: seed >> 1,
            parent: suggestion.parent,
        };
        let costs = Costs {
            latency_ms: self.search.latency.map(|latency| latency(&written)),
            ..Costs::of(&written)
        };
        self.running.push((number, architecture.clone()));
        let slot = Slot {
            architecture,
            proposal,
            costs,
            done: None,
        };
        self.slots.insert(number, slot);
        self.settle(number, written)
    }

    /// Ends a proposal at once, makes it wait for its duplicate, or queues it.
    fn settle(&mut self, number: u64, written: Network) -> Result<(), SearchError> {
        let Some(slot) = self.slots.get(&number) else {
            return Ok(());
        };
        let (proposal, costs) = (slot.proposal.clone(), slot.costs);
        let same = if self.search.evaluator.goes_by_text() {
            proposal.architecture.clone()
        } else {
            proposal.key.clone()
        };
        let identity = (same, proposal.fidelity.to_string());
        let original = *self.first.entry(identity).or_insert(number);
        self.repeats = if original == number {
            0
        } else {
            self.repeats + 1
        };
        self.exhausted |= self.repeats >= MOST_DUPLICATES;
        if let Some(trial) = self.recorded.remove(&number) {
            if trial.architecture != proposal.architecture {
                return Err(SearchError::Replay {
                    number,
                    recorded: trial.architecture,
                    replayed: proposal.architecture,
                });
            }
            return self.end(trial, false);
        }
        if let Some(outcome) = self.refused(&costs, &written) {
            let mut trial = proposal.complete(outcome);
            trial.costs = costs;
            return self.end(trial, true);
        }
        if original != number {
            self.waiting.push((number, original));
            return self.share(original);
        }
        self.search.study.propose(proposal.clone())?;
        let pending = self.pending.remove(&number);
        let checkpoint = pending
            .as_ref()
            .and_then(|pending| pending.checkpoint.clone());
        let suspicion = pending.as_ref().map(Pending::suspicion).unwrap_or_default();
        let mut curves = pending.map(|pending| pending.curves).unwrap_or_default();
        let last = checkpoint.map_or(0, |checkpoint| checkpoint.step);
        curves
            .iter_mut()
            .for_each(|curve| curve.points.retain(|(step, _)| *step <= last));
        curves.retain(|curve| !curve.points.is_empty());
        let bar = self
            .search
            .stopping
            .as_ref()
            .map(|rule| rule.bar(proposal.fidelity));
        self.queue.push_back(Task {
            checkpoint: Some(checkpoint_path(self.search.study, number)),
            architecture: Some(self.slots[&number].architecture.clone()),
            network: Some(written),
            prune: true,
            bar: bar.unwrap_or_default(),
            suspicion,
            curves,
            proposal,
        });
        Ok(())
    }

    /// Why a proposal is not evaluated at all.
    fn refused(&self, costs: &Costs, written: &Network) -> Option<Outcome> {
        let limit = self.search.latency_limit;
        let over = limit
            .zip(costs.latency_ms)
            .filter(|(limit, latency)| latency > limit);
        if let Some((limit, latency)) = over {
            return Some(Outcome::OverLimit {
                what: "latency".into(),
                value: Quantity::new(latency, Unit::Milliseconds),
                limit: Quantity::new(limit, Unit::Milliseconds),
            });
        }
        if let Err(over) = self.search.limits.check_network(written) {
            let unit = match over.cost {
                crate::space::LimitedCost::Parameters => Unit::Parameters,
                crate::space::LimitedCost::Macs => Unit::Macs,
                crate::space::LimitedCost::Memory => Unit::Bytes,
            };
            return Some(Outcome::OverLimit {
                what: over.cost.to_string(),
                value: Quantity::new(over.least as f64, unit),
                limit: Quantity::new(over.limit as f64, unit),
            });
        }
        let available = self.search.memory?;
        let needed = self.search.evaluator.memory(written);
        (needed > available).then_some(Outcome::OutOfMemory { needed, available })
    }

    fn hear(&mut self, report: Report, overtime: bool) -> Result<(), SearchError> {
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
    fn end(&mut self, mut trial: Trial, record: bool) -> Result<(), SearchError> {
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
    fn share(&mut self, original: u64) -> Result<(), SearchError> {
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
    fn tell_next(&mut self) {
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
fn trial_of(ended: Ended, costs: Costs, limit_seconds: f64, metric: &Metric) -> Trial {
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
            trial.costs = Costs {
                parameters: own.parameters.or(costs.parameters),
                macs: own.macs.or(costs.macs),
                peak_memory_bytes: own.peak_memory_bytes.or(costs.peak_memory_bytes),
                latency_ms: own.latency_ms.or(costs.latency_ms),
            };
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

/// Where the checkpoint of a trial stands.
pub fn checkpoint_path(study: &Study, number: u64) -> PathBuf {
    study.dir().join(checkpoint_file(number))
}

fn checkpoint_file(number: u64) -> String {
    format!("{CHECKPOINTS}/{number}.safetensors")
}

fn record_checkpoint(study: &Study, trial: u64, step: u64) -> Result<(), SearchError> {
    let file = checkpoint_file(trial);
    let bytes = file_length(&study.dir().join(&file));
    let checkpoint = Checkpoint {
        trial,
        step,
        file,
        bytes,
    };
    Ok(study.checkpoint(checkpoint)?)
}

fn file_length(path: &std::path::Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Removes the checkpoint of a trial that has ended; one that is left behind
/// costs only space.
fn drop_checkpoint(study: &Study, number: u64) {
    let _ = std::fs::remove_file(checkpoint_path(study, number));
}

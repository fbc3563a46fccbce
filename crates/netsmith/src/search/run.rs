//! A running search: when a trial is proposed, what is heard meanwhile, and when
//! it is over.

use super::pool::{Pool, Task, now};
use super::{End, Event, Search, SearchError};
use crate::space::Architecture;
use crate::study::Pending;
use crate::trial::{Costs, Proposal, Trial};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A trial between its proposal and its telling.
pub(super) struct Slot {
    pub(super) architecture: Architecture,
    pub(super) proposal: Proposal,
    pub(super) costs: Costs,
    pub(super) done: Option<Trial>,
}

/// The state of a running search.
pub(super) struct Run<'s, 'a> {
    pub(super) search: Search<'a>,
    pub(super) observe: &'s mut dyn FnMut(Event<'_>),
    pub(super) slots: BTreeMap<u64, Slot>,
    pub(super) recorded: BTreeMap<u64, Trial>,
    pub(super) pending: BTreeMap<u64, Pending>,
    /// The first trial of each (key or text, fidelity, seed).
    pub(super) first: BTreeMap<(String, String), u64>,
    /// Ended trials by number; all of them, for duplicates.
    pub(super) ended: BTreeMap<u64, Trial>,
    /// Trials that wait for the one whose result they share.
    pub(super) waiting: Vec<(u64, u64)>,
    pub(super) queue: VecDeque<Task>,
    pub(super) next: u64,
    pub(super) told: u64,
    /// Seconds of the trials that were told.
    pub(super) spent: f64,
    pub(super) repeats: usize,
    pub(super) exhausted: bool,
    pub(super) started: Instant,
    pub(super) before: f64,
    pub(super) longest: f64,
    pub(super) running: Vec<(u64, Architecture)>,
}

impl<'s, 'a> Run<'s, 'a> {
    /// A search from its start, or where its study leaves off.
    pub(super) fn new(
        search: Search<'a>,
        observe: &'s mut dyn FnMut(Event<'_>),
    ) -> Result<Self, SearchError> {
        let trials = search.study.view()?.trials()?;
        let ends = trials.completed.iter().map(|trial| trial.ended);
        let before = ends.fold(0.0, f64::max);
        let recorded = trials.completed.into_iter();
        let pending = trials.pending.into_iter();
        Ok(Self {
            search,
            observe,
            slots: BTreeMap::new(),
            recorded: recorded.map(|trial| (trial.number, trial)).collect(),
            pending: pending.map(|p| (p.proposal.number, p)).collect(),
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
        })
    }

    /// Proposes, hands out and hears until the search is over.
    pub(super) fn turn(
        &mut self,
        pool: &mut Pool,
        cancel: &AtomicBool,
    ) -> Result<End, SearchError> {
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

    pub(super) fn clock(&self) -> f64 {
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
}

//! Workers: threads that evaluate, one job each at a time.

use crate::evaluate::{Evaluation, Evaluator, Job, Verdict, Watch};
use crate::network::Network;
use crate::space::Architecture;
use crate::stopping::Bar;
use crate::study::Suspicion;
use crate::trial::{Curve, Measurement, Outcome, Proposal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Something for a worker to do.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) proposal: Proposal,
    pub(super) architecture: Option<Architecture>,
    /// Taken by the worker, which also drops it.
    pub(super) network: Option<Network>,
    /// Whether the network is as written, to be pruned before it is evaluated.
    pub(super) prune: bool,
    pub(super) bar: Bar,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) suspicion: Suspicion,
    /// What was measured up to the checkpoint.
    pub(super) curves: Vec<Curve>,
}

/// What workers report.
#[derive(Debug)]
pub(super) enum Report {
    Measured {
        number: u64,
        measurements: Vec<Measurement>,
    },
    Saved {
        number: u64,
        step: u64,
    },
    /// Once for each task.
    Working(u64),
    Ended(Box<Ended>),
}

/// A job that is done.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) task: Task,
    pub(super) evaluation: Evaluation,
    /// Wall-clock seconds in this process.
    pub(super) seconds: f64,
}

/// Sends tasks to workers and receives their reports.
#[derive(Debug)]
pub(super) struct Pool {
    tasks: Sender<Task>,
    reports: Receiver<Report>,
    workers: usize,
    busy: usize,
    /// A suspect that has yet to come past the point where the process died.
    watched: Option<(u64, Suspicion)>,
}

impl Pool {
    /// Runs `body` with workers that evaluate what it submits; all have ended
    /// when it returns. Setting `cancel` makes running evaluations end early.
    pub(super) fn with<R>(
        workers: usize,
        evaluator: &dyn Evaluator,
        cancel: &AtomicBool,
        body: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let workers = workers.max(1);
        let (tasks, inbox) = channel();
        let (outbox, reports) = channel();
        let inbox = Arc::new(Mutex::new(inbox));
        std::thread::scope(|scope| {
            for worker in 0..workers {
                let (inbox, outbox) = (Arc::clone(&inbox), outbox.clone());
                scope.spawn(move || work(worker, evaluator, cancel, &inbox, &outbox));
            }
            drop(outbox);
            let mut pool = Self {
                tasks,
                reports,
                workers,
                busy: 0,
                watched: None,
            };
            body(&mut pool)
        })
    }

    /// Whether a task under this suspicion may begin now.
    pub(super) fn takes(&self, suspicion: Suspicion) -> bool {
        let most = match suspicion {
            Suspicion::None | Suspicion::AtStart => self.workers,
            Suspicion::AtWork => 1,
        };
        self.watched.is_none() && self.busy < most
    }

    /// Hands a task to the next free worker.
    pub(super) fn submit(&mut self, task: Task) {
        self.busy += 1;
        if task.suspicion != Suspicion::None {
            self.watched = Some((task.proposal.number, task.suspicion));
        }
        // Workers end only when the pool is dropped.
        let sent = self.tasks.send(task);
        debug_assert!(sent.is_ok());
    }

    /// Tasks that were submitted and have not ended.
    pub(super) fn busy(&self) -> usize {
        self.busy
    }

    /// The next report; waits for it no longer than until `deadline`.
    pub(super) fn report(&mut self, deadline: Option<Instant>) -> Option<Report> {
        let report = match deadline {
            None => self.reports.recv().ok(),
            Some(deadline) => {
                let wait = deadline.saturating_duration_since(now());
                self.reports.recv_timeout(wait).ok()
            }
        };
        if let Some(Report::Ended(_)) = report {
            self.busy -= 1;
        }
        let passed = |report: &Report| match report {
            Report::Working(number) => Some((*number, Suspicion::AtStart)),
            Report::Measured { number, .. } => Some((*number, Suspicion::AtWork)),
            Report::Ended(ended) => Some((ended.task.proposal.number, Suspicion::AtWork)),
            Report::Saved { .. } => None,
        };
        if let (Some((watched, suspicion)), Some((number, done))) =
            (self.watched, report.as_ref().and_then(passed))
            && watched == number
            && done >= suspicion
        {
            self.watched = None;
        }
        report
    }
}

/// The clock. It ends the sequence of trials and never enters a decision.
#[expect(
    clippy::disallowed_methods,
    reason = "budgets of time end a search; nothing else reads the clock"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}

fn work(
    worker: usize,
    evaluator: &dyn Evaluator,
    cancel: &AtomicBool,
    inbox: &Mutex<Receiver<Task>>,
    outbox: &Sender<Report>,
) {
    loop {
        let next = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut task) = next else { return };
        let started = now();
        let network = task.network.take();
        let network = network.expect("a task comes with its network — this is a bug in netsmith");
        let network = if task.prune {
            network.pruned()
        } else {
            network
        };
        let mut watch = Watcher {
            number: task.proposal.number,
            bar: &task.bar,
            curves: std::mem::take(&mut task.curves),
            cancel,
            outbox,
            works: false,
        };
        let job = Job {
            proposal: &task.proposal,
            architecture: task.architecture.as_ref(),
            network: &network,
            checkpoint: task.checkpoint.as_deref(),
            worker,
        };
        let evaluation = if cancel.load(Ordering::Relaxed) {
            Evaluation::Interrupted
        } else {
            let evaluated = catch_unwind(AssertUnwindSafe(|| evaluator.evaluate(&job, &mut watch)));
            evaluated.unwrap_or_else(|panic| {
                let message = match panic.downcast::<String>() {
                    Ok(message) => *message,
                    Err(panic) => panic.downcast::<&str>().map_or_else(
                        |_| "it panicked".to_owned(),
                        |message| (*message).to_owned(),
                    ),
                };
                Evaluation::ended(Outcome::Crashed { message }, Default::default())
            })
        };
        task.curves = watch.curves;
        let ended = Ended {
            task,
            evaluation,
            seconds: started.elapsed().as_secs_f64(),
        };
        if outbox.send(Report::Ended(Box::new(ended))).is_err() {
            return;
        }
    }
}

/// Follows one evaluation.
struct Watcher<'a> {
    number: u64,
    bar: &'a Bar,
    curves: Vec<Curve>,
    cancel: &'a AtomicBool,
    outbox: &'a Sender<Report>,
    works: bool,
}

impl Watch for Watcher<'_> {
    fn measure(&mut self, measurements: &[Measurement]) -> Verdict {
        for measurement in measurements {
            // An evaluation that goes on from a checkpoint tells its steps again;
            // each is judged as it was, without the later ones.
            let step = measurement.step;
            let later = |curve: &mut Curve| curve.points.retain(|point| point.0 <= step);
            self.curves.iter_mut().for_each(later);
            Curve::record(&mut self.curves, measurement.clone());
        }
        let number = self.number;
        let measurements = measurements.to_vec();
        // Nobody listens only after the search has failed elsewhere.
        let heard = self.outbox.send(Report::Measured {
            number,
            measurements,
        });
        // A trial that is to stop has ended, also when the search ends: another
        // time it would go on beyond this step.
        if self.bar.stops(&self.curves) {
            Verdict::Stop
        } else if heard.is_err() || self.cancelled() {
            Verdict::Cancel
        } else {
            Verdict::Continue
        }
    }

    fn saved(&mut self, step: u64) {
        let number = self.number;
        let _ = self.outbox.send(Report::Saved { number, step });
    }

    fn working(&mut self) {
        if !std::mem::replace(&mut self.works, true) {
            let _ = self.outbox.send(Report::Working(self.number));
        }
    }

    fn cancelled(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}

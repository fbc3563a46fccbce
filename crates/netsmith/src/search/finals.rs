//! The final phase: a list of runs that is known beforehand.

use super::pool::{Pool, Report, Task, now};
use super::{Event, SearchError, checkpoint_path, record_checkpoint, trial_of};
use crate::evaluate::{Evaluation, Evaluator};
use crate::network::{MemoryPlan, Network};
use crate::space::Architecture;
use crate::stopping::Bar;
use crate::study::{FinalRun, Role, Study};
use crate::trial::{Costs, Proposal, Trial};
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
}

/// Evaluates all runs, as many at a time as there are workers, and returns them
/// in the order given. Runs that the study holds already are not repeated.
/// Checkpoints stay. Until `deadline`, in seconds from now: what has not ended by
/// then is recorded as timed out.
///
/// Returns nothing where it was interrupted.
///
/// # Errors
/// The study cannot be written.
pub fn run_finals(
    study: &Study,
    evaluator: &dyn Evaluator,
    workers: usize,
    jobs: Vec<FinalJob>,
    deadline: Option<f64>,
    interrupt: &AtomicBool,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Option<Vec<Trial>>, SearchError> {
    let known = study.view()?.trials()?;
    let mut done: BTreeMap<u64, Trial> = known
        .finals
        .into_iter()
        .map(|run| (run.trial.number, run.trial))
        .collect();
    let pending = known.pending_finals.into_iter();
    let mut pending: BTreeMap<_, _> = pending
        .map(|run| (run.trial.proposal.number, run.trial))
        .collect();
    let numbers: Vec<u64> = jobs.iter().map(|job| job.proposal.number).collect();
    let mut costs: BTreeMap<u64, Costs> = BTreeMap::new();
    let mut queue: VecDeque<Task> = VecDeque::new();
    for job in jobs {
        let number = job.proposal.number;
        if done.contains_key(&number) {
            continue;
        }
        costs.insert(number, costs_of(&job.network));
        study.propose_final(FinalRun {
            role: job.role,
            name: job.name,
            trial: job.proposal.clone(),
        })?;
        let pending = pending.remove(&number);
        let step = pending
            .as_ref()
            .and_then(|p| p.checkpoint.as_ref())
            .map_or(0, |c| c.step);
        let mut curves = pending.map(|pending| pending.curves).unwrap_or_default();
        curves
            .iter_mut()
            .for_each(|curve| curve.points.retain(|(at, _)| *at <= step));
        curves.retain(|curve| !curve.points.is_empty());
        queue.push_back(Task {
            checkpoint: Some(checkpoint_path(study, number)),
            architecture: job.architecture,
            network: Some(job.network),
            prune: false,
            bar: Bar::default(),
            curves,
            proposal: job.proposal,
        });
    }
    let end = deadline.map(|seconds| now() + Duration::from_secs_f64(seconds.max(0.0)));
    let cancel = AtomicBool::new(false);
    let interrupted = Pool::with(
        workers,
        evaluator,
        &cancel,
        |pool| -> Result<_, SearchError> {
            loop {
                let interrupted = interrupt.load(Ordering::Relaxed);
                let overtime = end.is_some_and(|end| now() >= end);
                if interrupted || overtime {
                    cancel.store(true, Ordering::Relaxed);
                }
                while !interrupted && pool.busy() < workers.max(1) {
                    let Some(task) = queue.pop_front() else { break };
                    study.start(task.proposal.number)?;
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
                        if ended.evaluation == Evaluation::Interrupted && !overtime {
                            continue;
                        }
                        let number = ended.task.proposal.number;
                        let own = costs.get(&number).copied().unwrap_or_default();
                        let trial = trial_of(*ended, own, deadline.unwrap_or(0.0));
                        study.complete(trial.clone())?;
                        observe(Event::Ended(&trial));
                        done.insert(number, trial);
                    }
                }
            }
        },
    )?;
    study.sync()?;
    if interrupted {
        return Ok(None);
    }
    Ok(Some(
        numbers
            .iter()
            .filter_map(|number| done.get(number).cloned())
            .collect(),
    ))
}

fn costs_of(network: &Network) -> Costs {
    Costs {
        parameters: Some(network.parameters()),
        macs: Some(network.macs()),
        peak_memory_bytes: Some(MemoryPlan::of(network, 1).inference()),
        latency_ms: None,
    }
}

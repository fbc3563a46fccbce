//! Evaluators: what says how good an architecture is.

pub mod command;
pub mod table;

use crate::network::Network;
use crate::space::Architecture;
use crate::trial::{Costs, Measurement, Metrics, Outcome, Proposal};
use std::path::Path;

/// Says how good an architecture is: by training, from a table, by an outside
/// command.
pub trait Evaluator: Send + Sync {
    /// Evaluates one proposal. Called from several workers at once.
    ///
    /// A bad candidate is an outcome, not a panic; a panic is caught and becomes
    /// [`Outcome::Crashed`].
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation;

    /// How far two evaluations of one proposal agree.
    fn repeatability(&self) -> Repeatability;

    /// Whether results belong to texts, as those of a table do, and not to keys:
    /// two texts of one key are then evaluated apart.
    fn goes_by_text(&self) -> bool {
        false
    }

    /// Bytes that evaluating this network takes, by plan.
    fn memory(&self, _network: &Network) -> u64 {
        0
    }
}

/// How far two evaluations of one proposal agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeatability {
    /// To the bit, whatever the seed.
    Exact,
    /// To the bit for the same seed.
    SameSeed,
    /// Not at all.
    Noisy,
}

/// What is to be evaluated, and where.
#[derive(Debug)]
pub struct Job<'a> {
    /// Number, texts, fidelity and seed.
    pub proposal: &'a Proposal,
    /// The architecture itself, where the network is one of the space.
    pub architecture: Option<&'a Architecture>,
    /// Its pruned network: equal networks are trained alike.
    pub network: &'a Network,
    /// Where a checkpoint of this trial is, if an earlier process left one, and
    /// where to write the next. Nothing where none are wanted.
    ///
    /// An evaluation that goes on from a checkpoint first tells its watch again
    /// what had been measured until then, step by step: the earlier process may
    /// have died before the study or the stopping rule heard of it.
    pub checkpoint: Option<&'a Path>,
    /// Which worker does it, from 0.
    pub worker: usize,
}

/// What an evaluation tells while it runs, and is told.
pub trait Watch: Send {
    /// New measurements; the answer says whether to go on.
    fn measure(&mut self, measurements: &[Measurement]) -> Verdict;

    /// A whole checkpoint stands at [`Job::checkpoint`], written after this step.
    fn saved(&mut self, step: u64);

    /// The evaluation is at work: a first part of it, such as a batch, is done
    /// and did not end the process. Cheap: say it often.
    fn working(&mut self);

    /// Whether to end at once and answer [`Evaluation::Interrupted`]. Cheap: ask
    /// often.
    fn cancelled(&self) -> bool;
}

/// Whether an evaluation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Continue,
    /// The stopping rule ends it: answer with [`Outcome::Stopped`] and the
    /// results so far.
    Stop,
    /// The search ends: answer [`Evaluation::Interrupted`].
    Cancel,
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Evaluation {
    /// It ended.
    Ended {
        /// How.
        outcome: Outcome,
        /// The results.
        metrics: Metrics,
        /// Costs that only the evaluator knows, such as a table's latency;
        /// the others stay `None`.
        costs: Costs,
        /// Simulated seconds, where the clock is not the real one.
        simulated_seconds: Option<f64>,
    },
    /// It was cancelled, and will go on from its checkpoint another time.
    Interrupted,
}

impl Evaluation {
    /// A result without costs of its own.
    pub fn ended(outcome: Outcome, metrics: Metrics) -> Self {
        Self::Ended {
            outcome,
            metrics,
            costs: Costs::default(),
            simulated_seconds: None,
        }
    }
}

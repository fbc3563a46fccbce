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

mod checkpoint;
mod ending;
mod error;
mod finals;
mod pool;
mod proposing;
mod run;

pub use checkpoint::{CHECKPOINTS, checkpoint_file, checkpoint_path};
pub use error::SearchError;
pub use finals::{FinalJob, Finals, FinalsEnd};

use crate::evaluate::Evaluator;
use crate::network::Network;
use crate::objective::Objective;
use crate::random::Seed;
use crate::space::{Limits, Space};
use crate::stopping::Rule;
use crate::strategy::Strategy;
use crate::study::Study;
use crate::trial::{Fidelity, Measurement, Proposal, Trial};
use pool::Pool;
use run::Run;
use std::sync::atomic::AtomicBool;

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
    /// What every proposal must keep.
    pub limits: Limits,
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
        let (workers, evaluator) = (self.workers, self.evaluator);
        let mut run = Run::new(self, observe)?;
        let cancel = AtomicBool::new(false);
        let end = Pool::with(workers, evaluator, &cancel, |pool| run.turn(pool, &cancel))?;
        run.search.study.sync()?;
        Ok((end, run.ended.into_values().collect()))
    }
}

//! Evaluation by a training-free score.

use crate::score::TrainingFree;
use netsmith::cost::{Direction, Unit};
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::trial::{Metric, Metrics, Outcome};

/// Scores each network without training it; larger is better.
///
/// All networks are scored on the same samples, with first weights drawn from
/// the same seed.
#[derive(Debug)]
pub struct ScoreEvaluator {
    scorer: TrainingFree,
    pools: Vec<rayon::ThreadPool>,
}

impl ScoreEvaluator {
    /// An evaluator for so many workers, each with a pool of `threads` threads;
    /// the scorer's first score counts.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(
        scorer: TrainingFree,
        [workers, threads]: [usize; 2],
    ) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pools = (0..workers.max(1)).map(|_| pool());
        Ok(Self {
            scorer,
            pools: pools.collect::<Result<_, _>>()?,
        })
    }

    /// The metric under which trials record a score: its name in the catalogue.
    pub fn metric(score: &str) -> Metric {
        Metric::new(score, Unit::Plain, Direction::Maximize)
    }
}

impl Evaluator for ScoreEvaluator {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        let pool = &self.pools[job.worker % self.pools.len()];
        let scores = pool.install(|| self.scorer.of(job.network));
        watch.working();
        let mut metrics = Metrics::new();
        for (name, score) in self.scorer.names().zip(scores) {
            metrics.set(Self::metric(name), score);
        }
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }
}

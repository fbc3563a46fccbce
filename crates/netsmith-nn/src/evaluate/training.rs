//! Evaluation by training, from scratch or from a parent's weights.

use super::inheritance::Heirloom;
use super::{Inheritance, Kept};
use crate::data::{Augmentation, Contract, SearchData};
use crate::module::Kernels;
use crate::task::Metric;
use crate::train::{
    Checkpoint, Decision, End, Epoch, Observer, Recipe, Teacher, Training, training_memory,
};
use netsmith::cost::{Direction, Unit};
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Verdict, Watch};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::study::FIRST_FINAL;
use netsmith::trial::{self, Fidelity, Measurement, Metrics, Outcome};
use std::time::{Duration, Instant};

/// A checkpoint is written after the epoch that ends so many times later than the
/// last one took to be written, and at the end: small networks have one for every
/// epoch, and none spends more than 2 % of its time on them.
const CHECKPOINT_RATIO: u32 = 50;

/// Trains each network from scratch on the training part and judges it on the
/// validation part after every epoch.
///
/// The fidelity sets the epochs and the share of the training data; the learning
/// rate always runs through its whole schedule. The result is the metric after
/// the last epoch. Checkpoints also hold the weights of the best epoch, for an
/// evaluation that the clock cuts short.
#[derive(Debug)]
pub struct TrainingEvaluator {
    data: SearchData,
    contract: Contract,
    metric: Metric,
    /// Under which name trials record the validation result.
    recorded: trial::Metric,
    class_weights: Option<Vec<f32>>,
    recipe: Recipe,
    kernels: Kernels,
    inheritance: Option<Inheritance>,
    kept: Option<Kept>,
    pools: Vec<rayon::ThreadPool>,
}

impl TrainingEvaluator {
    /// An evaluator for so many workers, each with a pool of `threads` threads.
    ///
    /// # Errors
    /// The threads cannot be started.
    pub fn new(
        data: SearchData,
        contract: Contract,
        metric: Metric,
        recipe: Recipe,
        kernels: Kernels,
        [workers, threads]: [usize; 2],
    ) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = || rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pools = (0..workers.max(1)).map(|_| pool());
        Ok(Self {
            data,
            contract,
            metric,
            recorded: metric.recorded(),
            class_weights: None,
            recipe,
            kernels,
            inheritance: None,
            kept: None,
            pools: pools.collect::<Result<_, _>>()?,
        })
    }

    /// The same with weights of the classes in the loss.
    #[must_use]
    pub fn weighted(mut self, class_weights: Option<Vec<f32>>) -> Self {
        self.class_weights = class_weights;
        self
    }

    /// The same with children that start from their parents' weights; what is
    /// trained in full starts from scratch.
    ///
    /// Trials then record how many epochs went into their weights, those of their
    /// ancestors too, as `effective_epochs`.
    #[must_use]
    pub fn inheriting(mut self, inheritance: Option<Inheritance>) -> Self {
        self.inheritance = inheritance;
        self
    }

    /// The same that keeps the weights of the best trials of the search.
    #[must_use]
    pub fn keeping(mut self, kept: Option<Kept>) -> Self {
        self.kept = kept;
        self
    }

    /// What it keeps of trials.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// The same with another name for the validation result than
    /// [`Metric::recorded`], as a study of an earlier version has it.
    #[must_use]
    pub fn recording(mut self, metric: trial::Metric) -> Self {
        self.recorded = metric;
        self
    }

    fn recipe(&self, fidelity: Fidelity) -> Recipe {
        Recipe {
            epochs: fidelity.epochs as usize,
            fraction: fidelity.data,
            ..self.recipe.clone()
        }
    }

    /// Trains on the job's worker, beside the targets on what a teacher answers.
    pub(super) fn learn(
        &self,
        job: &Job<'_>,
        watch: &mut dyn Watch,
        teacher: Option<&Teacher>,
    ) -> Evaluation {
        let pool = &self.pools[job.worker % self.pools.len()];
        pool.install(|| self.train(job, watch, teacher))
    }

    fn train(&self, job: &Job<'_>, watch: &mut dyn Watch, teacher: Option<&Teacher>) -> Evaluation {
        let mut recipe = self.recipe(job.proposal.fidelity);
        let (train, valid) = (self.data.train(), self.data.valid());
        let seed = Seed::new(job.proposal.seed);
        recipe.augmentation = recipe.augments(job.network.parameters(), train.len());
        let augmentation = match recipe.augmentation {
            true => self.data.augmentation(),
            false => Augmentation::NONE,
        };
        let mut training = Training::new(job.network, &train, &self.contract, &recipe, seed)
            .validated(&valid)
            .augmented(augmentation);
        training.metric = self.metric;
        training.kernels = self.kernels;
        training.class_weights = self.class_weights.as_deref();
        training.teacher = teacher;
        training.keeps_best = true;

        let last = recipe.epochs;
        let saved = job
            .checkpoint
            .and_then(|path| Checkpoint::load(job.network, path).ok());
        let start = saved.filter(|saved| saved.epochs() <= last);
        let heirloom = self.heirloom(job, &seed);
        let before = heirloom.as_ref().map_or(0, |heirloom| heirloom.epochs);
        let start = start.unwrap_or_else(|| match heirloom {
            Some(heirloom) => training.start_from(heirloom.weights),
            None => training.start(),
        });
        let mut follow = Follow {
            job,
            watch,
            metric: self.recorded.clone(),
            last,
            saved: Instant::now(),
            pause: Duration::ZERO,
            cancelled: false,
        };
        // The process that wrote the checkpoint may have died before it was heard,
        // or before a stop was recorded.
        for epoch in start.history() {
            match follow.watch.measure(&measurements(epoch, &follow.metric)) {
                Verdict::Continue => {}
                Verdict::Stop => {
                    return Evaluation::ended(Outcome::Stopped, self.results(Some(epoch)));
                }
                Verdict::Cancel => return Evaluation::Interrupted,
            }
        }
        // A process that died between the last checkpoint and the end left
        // nothing more to train.
        let trained = match training.run(start, &mut follow) {
            Ok(trained) => trained,
            Err(error) => {
                let message = error.to_string();
                return Evaluation::ended(Outcome::Crashed { message }, Metrics::new());
            }
        };
        let cancelled = follow.cancelled;
        let outcome = match trained.end {
            End::Stopped if cancelled => return Evaluation::Interrupted,
            End::Cancelled | End::TimedOut => return Evaluation::Interrupted,
            End::Stopped => Outcome::Stopped,
            End::Finished | End::Patience => Outcome::Finished,
            End::Diverged => Outcome::Diverged {
                reason: format!(
                    "loss or gradient not finite in epoch {}",
                    trained.history.len() + 1
                ),
            },
        };
        let mut results = self.results(trained.history.last());
        let value = results.get(&self.recorded.name).map(|own| own.value);
        if let (Outcome::Finished, Some(kept), Some(value)) = (&outcome, self.kept_of(job), value) {
            // Without the file there is a teacher less.
            let _ = kept.keep(job.proposal.number, value, job.network, &trained.weights);
        }
        if let Some(inheritance) = self.heirs(job) {
            let epochs = before + trained.history.len() as u64;
            let metric = trial::Metric::new("effective_epochs", Unit::Plain, Direction::Minimize);
            results.set(metric, epochs as f64);
            if let (Outcome::Finished, Some(architecture)) = (&outcome, job.architecture) {
                let number = job.proposal.number;
                let left =
                    inheritance.leave(number, architecture, job.network, &trained.weights, epochs);
                if let Err(error) = left {
                    // Children that find nothing would not be those of a repetition.
                    let message = format!("cannot leave weights to children: {error}");
                    return Evaluation::ended(Outcome::Crashed { message }, results);
                }
            }
        }
        Evaluation::ended(outcome, results)
    }

    /// Where the weights of the best are kept, if this job is a trial of a search.
    fn kept_of(&self, job: &Job<'_>) -> Option<&Kept> {
        let kept = self.kept.as_ref();
        kept.filter(|_| job.proposal.number < FIRST_FINAL)
    }

    /// Where weights are left, if this job is a trial of a search.
    fn heirs(&self, job: &Job<'_>) -> Option<&Inheritance> {
        let inheritance = self.inheritance.as_ref();
        inheritance.filter(|_| job.proposal.number < FIRST_FINAL)
    }

    /// What the parent left.
    fn heirloom(&self, job: &Job<'_>, seed: &Seed) -> Option<Heirloom> {
        let seed = seed.child("inheritance");
        self.heirs(job)?
            .take(job.proposal.parent?, job.network, &seed)
    }

    fn results(&self, last: Option<&Epoch>) -> Metrics {
        let mut metrics = Metrics::new();
        if let Some(epoch) = last {
            for measurement in measurements(epoch, &self.recorded) {
                metrics.set(measurement.metric, measurement.value);
            }
            if let Some(error) = epoch.standard_error {
                metrics.set(trial::Metric::standard_error_of(&self.recorded), error);
            }
        }
        metrics
    }
}

impl Evaluator for TrainingEvaluator {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        self.learn(job, watch, None)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::SameSeed
    }

    fn memory(&self, network: &Network) -> u64 {
        training_memory(network, &self.recipe)
    }
}

/// Tells the watch of each epoch, and writes checkpoints.
struct Follow<'a, 'b> {
    job: &'a Job<'b>,
    watch: &'a mut dyn Watch,
    metric: trial::Metric,
    last: usize,
    saved: Instant,
    /// How long the next checkpoint waits.
    pause: Duration,
    cancelled: bool,
}

impl Observer for Follow<'_, '_> {
    fn epoch(&mut self, epoch: &Epoch, checkpoint: &Checkpoint) -> Decision {
        let verdict = self.watch.measure(&measurements(epoch, &self.metric));
        let finished = epoch.number + 1 == self.last;
        let due = self.saved.elapsed() >= self.pause || verdict == Verdict::Cancel;
        if due || finished {
            self.save(checkpoint);
        }
        match verdict {
            Verdict::Continue => Decision::Continue,
            Verdict::Stop => Decision::Stop,
            // Nothing is left to be cancelled.
            Verdict::Cancel if finished => Decision::Continue,
            Verdict::Cancel => {
                self.cancelled = true;
                Decision::Stop
            }
        }
    }

    fn batch(&mut self) -> Decision {
        self.watch.working();
        match self.watch.cancelled() {
            true => Decision::Stop,
            false => Decision::Continue,
        }
    }

    fn broken_off(&mut self, checkpoint: &Checkpoint) {
        if checkpoint.epochs() > 0 {
            self.save(checkpoint);
        }
    }
}

impl Follow<'_, '_> {
    /// A checkpoint that cannot be written costs only repeated work.
    fn save(&mut self, checkpoint: &Checkpoint) {
        let Some(path) = self.job.checkpoint else {
            return;
        };
        let started = Instant::now();
        if checkpoint.save(self.job.network, path).is_ok() {
            self.saved = Instant::now();
            self.pause = started.elapsed() * CHECKPOINT_RATIO;
            self.watch.saved(checkpoint.epochs() as u64);
        }
    }
}

/// What is recorded of an epoch; steps count finished epochs.
fn measurements(epoch: &Epoch, metric: &trial::Metric) -> Vec<Measurement> {
    let step = epoch.number as u64 + 1;
    let loss = |name: &str| trial::Metric::new(name, Unit::Plain, Direction::Minimize);
    let values = [
        (Some(epoch.train_loss), trial::Metric::train_loss()),
        (epoch.valid_loss, loss("validation_loss")),
        (epoch.metric.map(|quantity| quantity.value), metric.clone()),
    ];
    let known = values.into_iter().filter_map(|(value, metric)| {
        Some(Measurement {
            step,
            metric,
            value: value?,
        })
    });
    known.collect()
}

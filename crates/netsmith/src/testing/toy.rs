//! An evaluator that trains nothing and does everything that one may do.

use crate::evaluate::{Evaluation, Evaluator, Job, Repeatability, Verdict, Watch};
use crate::random::Seed;
use crate::trial::{Measurement, Metric, Metrics, Outcome};
use rand::RngExt;
use std::path::Path;
use std::time::Duration;

/// Gives every network a learning curve, drawn from its key; some networks
/// diverge, crash or answer NaN, as a share of the keys.
///
/// It writes a checkpoint after every step and goes on from one, as a training
/// does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Toy {
    /// The share of the networks that fail, from 0 to 1: as many by each way.
    pub failures: f64,
    /// How long one step takes at most.
    pub pause: Duration,
}

impl Evaluator for Toy {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        let mut random = Seed::new(0).child(&job.proposal.key).stream();
        let fate = random.random::<f64>() / self.failures.max(f64::MIN_POSITIVE);
        let best: f64 = random.random();
        let known = job.checkpoint.and_then(load).unwrap_or(0);
        let mut metrics = Metrics::new();
        for step in 1..=u64::from(job.proposal.fidelity.epochs.max(1)) {
            // As after the first batch of an epoch.
            watch.working();
            if step > known {
                std::thread::sleep(self.pause.mul_f64(random.random()));
            }
            if watch.cancelled() {
                return Evaluation::Interrupted;
            }
            let accuracy = match fate {
                0.0..0.3 => f64::NAN,
                _ => best * (1.0 - 0.5_f64.powi(step as i32)),
            };
            metrics.set(Metric::validation_accuracy(), accuracy);
            let measurement = Measurement {
                step,
                metric: Metric::validation_accuracy(),
                value: accuracy,
            };
            let verdict = watch.measure(&[measurement]);
            let path = job.checkpoint.filter(|_| step > known);
            if path.is_some_and(|path| save(path, step).is_ok()) {
                watch.saved(step);
            }
            match verdict {
                Verdict::Continue => {}
                Verdict::Stop => return Evaluation::ended(Outcome::Stopped, metrics),
                Verdict::Cancel => return Evaluation::Interrupted,
            }
            if step == 2 && (0.3..0.6).contains(&fate) {
                let reason = "the loss is infinite".to_owned();
                return Evaluation::ended(Outcome::Diverged { reason }, metrics);
            }
            let crashes = step == 2 && (0.6..1.0).contains(&fate);
            assert!(!crashes, "this network panics");
        }
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }
}

/// The step after which the checkpoint was written.
fn load(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}

/// Writes a checkpoint whole or not at all.
fn save(path: &Path, step: u64) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("new");
    std::fs::write(&draft, step.to_string())?;
    std::fs::rename(draft, path)
}

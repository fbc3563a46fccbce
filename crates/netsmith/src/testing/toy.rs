//! An evaluator that trains nothing and does everything that one may do.

use crate::evaluate::{Evaluation, Evaluator, Job, Repeatability, Verdict, Watch};
use crate::random::Seed;
use crate::trial::{Measurement, Metric, Metrics, Outcome};
use rand::RngExt;
use std::time::Duration;

/// Gives every network a learning curve, drawn from its key; some networks
/// diverge, crash or answer NaN, as a share of the keys.
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
        let mut metrics = Metrics::new();
        for step in 1..=u64::from(job.proposal.fidelity.epochs.max(1)) {
            std::thread::sleep(self.pause.mul_f64(random.random()));
            if watch.cancelled() {
                return Evaluation::Interrupted;
            }
            let accuracy = best * (1.0 - 0.5_f64.powi(step as i32));
            let accuracy = if (0.0..0.3).contains(&fate) {
                f64::NAN
            } else {
                accuracy
            };
            metrics.set(Metric::validation_accuracy(), accuracy);
            let measurement = Measurement {
                step,
                metric: Metric::validation_accuracy(),
                value: accuracy,
            };
            match watch.measure(&[measurement]) {
                Verdict::Continue => {}
                Verdict::Stop => return Evaluation::ended(Outcome::Stopped, metrics),
                Verdict::Cancel => return Evaluation::Interrupted,
            }
        }
        if (0.3..0.6).contains(&fate) {
            let reason = "the loss is infinite".to_owned();
            return Evaluation::ended(Outcome::Diverged { reason }, metrics);
        }
        assert!(!(0.6..1.0).contains(&fate), "this network panics");
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }
}

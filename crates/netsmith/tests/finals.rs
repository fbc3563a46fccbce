//! The runs of the final phase under a clock that the evaluator moves: what is
//! running at the deadline keeps its best step, and what would not end in time
//! is not begun.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::network::{Builder, Network, Operation, Shape, operation::Linear};
use netsmith::search::{FinalJob, Finals, FinalsEnd};
use netsmith::study::{FIRST_FINAL, Header, Role, Study};
use netsmith::trial::{Fidelity, Measurement, Metric, Metrics, Outcome, Proposal};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Takes so many seconds of its own clock for each epoch, and gives these values.
struct Slow {
    clock: AtomicU64,
    deadline: u64,
    epoch: u64,
    values: &'static [f64],
    evaluated: AtomicU64,
}

impl Slow {
    fn new(deadline: u64, epoch: u64, values: &'static [f64]) -> Self {
        Self {
            clock: AtomicU64::new(0),
            deadline,
            epoch,
            values,
            evaluated: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }
}

impl Evaluator for Slow {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        self.evaluated.fetch_add(1, Ordering::SeqCst);
        let mut metrics = Metrics::new();
        for epoch in 0..job.proposal.fidelity.epochs as usize {
            let now = self.clock.fetch_add(self.epoch, Ordering::SeqCst) + self.epoch;
            if now >= self.deadline {
                while !watch.cancelled() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                return Evaluation::Interrupted;
            }
            let value = self.values[epoch % self.values.len()];
            let measure = |metric: Metric, value| Measurement {
                step: epoch as u64 + 1,
                metric,
                value,
            };
            let loss = measure(Metric::train_loss(), epoch as f64);
            watch.measure(&[loss, measure(Metric::validation_accuracy(), value)]);
            metrics.set(Metric::validation_accuracy(), value);
        }
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }
}

fn network() -> Network {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::vector(2));
    let x = builder.add("head", Operation::Linear(Linear::new(2_usize)), &[x]);
    builder.finish(&[x.unwrap()])
}

/// The first of these runs is always begun.
fn jobs(count: u64, epochs: u32, expected: f64) -> Vec<FinalJob> {
    let job = |place: u64| FinalJob {
        role: Role::Candidate,
        name: format!("run {place}"),
        proposal: Proposal {
            number: FIRST_FINAL + place,
            architecture: "a".into(),
            key: format!("{place}"),
            fidelity: Fidelity::epochs(epochs),
            seed: place,
            parent: None,
        },
        architecture: None,
        network: network(),
        expected: Some(expected),
        optional: place > 0,
    };
    (0..count).map(job).collect()
}

fn run(study: &Study, evaluator: &Slow, jobs: Vec<FinalJob>) -> FinalsEnd {
    let clock = || evaluator.now() as f64;
    let finals = Finals {
        study,
        evaluator,
        workers: 1,
        metric: &Metric::validation_accuracy(),
        deadline: Some((evaluator.deadline - evaluator.now()) as f64),
        clock: Some(&clock),
        interrupt: &AtomicBool::new(false),
    };
    finals.run(jobs, &mut |_| ()).unwrap().unwrap()
}

#[test]
fn a_run_that_meets_the_deadline_keeps_its_best_step() {
    let dir = tempfile::tempdir().unwrap();
    let study = Study::create(dir.path(), &Header::new("", 1, 0)).unwrap();
    let evaluator = Slow::new(35, 10, &[0.1, 0.5, 0.3]);
    let mut given = jobs(2, 9, 30.0);
    given[1].optional = false;
    let end = run(&study, &evaluator, given);
    assert_eq!(end.trials[0].outcome, Outcome::CutShort { steps: 3 });
    let values: Vec<f64> = end.trials[0].metrics.iter().map(|(_, q)| q.value).collect();
    // The loss and the accuracy of the second step.
    assert_eq!(values, [1.0, 0.5]);
    assert_eq!(
        end.trials[1].outcome,
        Outcome::TimedOut {
            limit_seconds: 35.0
        }
    );
    assert_eq!(evaluator.evaluated.into_inner(), 1);
    let known = study.view().unwrap().trials().unwrap().finals;
    assert_eq!(known[0].trial, end.trials[0]);
}

#[test]
fn what_would_not_end_in_time_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let study = Study::create(dir.path(), &Header::new("", 1, 0)).unwrap();
    // Three times as slow as expected: the third run ends at 90 seconds.
    let evaluator = Slow::new(100, 10, &[0.5]);
    let end = run(&study, &evaluator, jobs(5, 3, 10.0));
    let ended: Vec<u64> = end.trials.iter().map(|trial| trial.number).collect();
    assert_eq!(ended, [0, 1, 2].map(|place| FIRST_FINAL + place));
    assert!(end.trials.iter().all(|trial| trial.is_finished()));
    assert_eq!(end.left_out, [3, 4].map(|place| FIRST_FINAL + place));
    // Nothing is done twice.
    let again = run(&study, &evaluator, jobs(3, 3, 10.0));
    assert_eq!(again.trials, end.trials);
    assert_eq!(evaluator.evaluated.into_inner(), 3);
}

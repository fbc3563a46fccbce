//! How fast the loop is where evaluating costs nothing, and how fast strategies
//! propose.
//!
//! `cargo bench -p netsmith --bench search`

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use netsmith::catalogue::Settings;
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::network::Shape;
use netsmith::objective::Objective;
use netsmith::random::Seed;
use netsmith::search::{Budget, Search};
use netsmith::space::{Limits, Space, Task, nas_bench_201};
use netsmith::strategy::{self, Ask, Observation};
use netsmith::study::{Header, Study};
use netsmith::trial::{Fidelity, Metric, Metrics, Outcome};
use std::hint::black_box;
use std::sync::atomic::AtomicBool;

/// The space of the benchmarks, in full size.
fn space() -> Space {
    let entry = &nas_bench_201::ENTRY;
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("a space")
}

/// Costs nothing.
struct Free;

impl Evaluator for Free {
    fn evaluate(&self, job: &Job<'_>, _watch: &mut dyn Watch) -> Evaluation {
        let mut metrics = Metrics::new();
        let accuracy = (job.proposal.seed % 1_000) as f64 / 1_000.0;
        metrics.set(Metric::validation_accuracy(), accuracy);
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::SameSeed
    }

    fn goes_by_text(&self) -> bool {
        true
    }
}

fn durable_trials(criterion: &mut Criterion) {
    const TRIALS: u64 = 2_000;
    let space = space();
    let mut group = criterion.benchmark_group("search, durable trials");
    group.throughput(Throughput::Elements(TRIALS));
    group.sample_size(10);
    for entry in strategy::CATALOGUE {
        group.bench_function(entry.name, |bencher| {
            let new = || tempfile::tempdir().expect("a directory");
            let run = |dir: tempfile::TempDir| {
                let study = Study::create(dir.path(), &Header::new("", 1, 0)).expect("a study");
                let settings = Settings::defaults(entry.parameters);
                let mut strategy = (entry.build)(&settings).expect("a strategy");
                let search = Search {
                    space: &space,
                    strategy: strategy.as_mut(),
                    evaluator: &Free,
                    study: &study,
                    objective: &Objective::new(Metric::validation_accuracy()),
                    limits: Limits::default(),
                    latency: None,
                    fidelity: Fidelity::epochs(1),
                    stopping: None,
                    budget: Budget {
                        trials: Some(TRIALS),
                        ..Budget::default()
                    },
                    workers: 2,
                    window: 4,
                    memory: None,
                    seed: Seed::new(1),
                    interrupt: &AtomicBool::new(false),
                };
                let (_, trials) = search.run(&mut |_| {}).expect("a search");
                assert_eq!(trials.len() as u64, TRIALS);
                study.close().expect("room");
                dir
            };
            bencher.iter_batched(new, run, BatchSize::PerIteration);
        });
    }
    group.finish();
}

fn proposals(criterion: &mut Criterion) {
    const PROPOSALS: u64 = 10_000;
    let (space, limits) = (space(), Limits::default());
    let mut group = criterion.benchmark_group("proposals, asked and told");
    group.throughput(Throughput::Elements(PROPOSALS));
    for entry in strategy::CATALOGUE {
        group.bench_function(entry.name, |bencher| {
            bencher.iter(|| {
                let settings = Settings::defaults(entry.parameters);
                let mut strategy = (entry.build)(&settings).expect("a strategy");
                let seed = Seed::new(1).child("proposal");
                for number in 0..PROPOSALS {
                    let mut random = seed.nth(number).stream();
                    let suggestion = strategy.ask(&mut Ask {
                        space: &space,
                        limits: &limits,
                        running: &[],
                        number,
                        random: &mut random,
                    });
                    let architecture = black_box(suggestion.expect("no limits").architecture);
                    strategy.tell(Observation {
                        number,
                        architecture,
                        scores: Some(vec![(number % 97) as f64]),
                        progress: Vec::new(),
                    });
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, proposals, durable_trials);
criterion_main!(benches);

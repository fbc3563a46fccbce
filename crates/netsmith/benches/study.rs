//! How fast a study takes trials, and how fast a large one opens.
//!
//! `cargo bench -p netsmith --bench study`

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use netsmith::cost::{MACS, MEMORY, PARAMETERS};
use netsmith::study::{Header, Study, View};
use netsmith::trial::{Costs, Curve, Fidelity, Measurement, Metric, Outcome, Proposal, Trial};

/// A trial as a search on images writes it: a text of some length, costs, and
/// two metrics over five epochs.
fn trial(number: u64, metrics: &[Metric; 2]) -> Trial {
    let cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|none~0|avg_pool_3x3~1|none~2|";
    let proposal = Proposal {
        number,
        architecture: format!("{cell} channels={}", 8 + number % 57),
        key: format!("{number:032x}"),
        fidelity: Fidelity::epochs(5),
        seed: number,
        parent: number.checked_sub(1),
    };
    let mut trial = proposal.complete(Outcome::Finished);
    for metric in metrics {
        for step in 1..=5u8 {
            let value = f64::from(step) / 7.0;
            let metric = metric.clone();
            Curve::record(
                &mut trial.curves,
                Measurement {
                    step: step.into(),
                    metric,
                    value,
                },
            );
        }
        trial.metrics.set(metric.clone(), 5.0 / 7.0);
    }
    trial.costs = Costs::default()
        .with(PARAMETERS, (9_210 + number) as f64)
        .with(MACS, 310_000.0)
        .with(MEMORY, 81_920.0);
    trial
}

/// Proposes, starts and completes trials, and waits until all are durable.
fn fill(study: &Study, count: u64) {
    let metrics = [Metric::validation_accuracy(), Metric::train_loss()];
    for number in 0..count {
        let trial = trial(number, &metrics);
        study.propose(trial.proposal()).expect("room");
        study.start(number).expect("room");
        study.complete(trial).expect("room");
    }
    study.sync().expect("room");
}

fn create(dir: &Path) -> Study {
    Study::create(dir, &Header::new("", 1, 0)).expect("a new study")
}

fn writing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("study");
    let new = || {
        let dir = tempfile::tempdir().expect("a directory");
        (create(dir.path()), dir)
    };
    group.throughput(Throughput::Elements(5_000));
    group.sample_size(10);
    group.bench_function("durable trials, in groups", |bencher| {
        bencher.iter_batched(
            new,
            |(study, dir)| {
                fill(&study, 5_000);
                (study, dir)
            },
            BatchSize::PerIteration,
        );
    });
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("durable trials, each waited for", |bencher| {
        let metrics = [Metric::validation_accuracy(), Metric::train_loss()];
        bencher.iter_batched(
            new,
            |(study, dir)| {
                for number in 0..1_000 {
                    study.complete(trial(number, &metrics)).expect("room");
                    study.sync().expect("room");
                }
                (study, dir)
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn opening(criterion: &mut Criterion) {
    let dir = tempfile::tempdir().expect("a directory");
    let study = create(dir.path());
    fill(&study, 100_000);
    study.close().expect("room");
    let mut group = criterion.benchmark_group("study of 100,000 trials");
    group.sample_size(10);
    group.bench_function("read all trials", |bencher| {
        bencher.iter(|| {
            let trials = View::open(dir.path())
                .and_then(|view| view.trials())
                .expect("a study");
            assert_eq!(black_box(trials).completed.len(), 100_000);
        });
    });
    group.bench_function("open to resume, and read all trials", |bencher| {
        bencher.iter(|| {
            let study = Study::open(dir.path()).expect("a study");
            let trials = study
                .view()
                .and_then(|view| view.trials())
                .expect("a study");
            assert_eq!(black_box(trials).completed.len(), 100_000);
        });
    });
    group.finish();
}

criterion_group!(benches, writing, opening);
criterion_main!(benches);

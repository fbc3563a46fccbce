//! How long a controller takes to propose and to learn.
//!
//! `cargo bench -p netsmith --bench controller`

use criterion::{Criterion, criterion_group, criterion_main};
use netsmith::catalogue::Settings;
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{self, Limits, Space, Task};
use netsmith::strategy::controller::{Controller, Design, Optimizer, OptimizerKind, Policy, Terms};

fn space(name: &str) -> Space {
    let entry = space::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a space of the catalogue");
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("a space")
}

fn controllers(criterion: &mut Criterion) {
    let policies = [
        ("independent", Policy::Independent),
        (
            "lstm 2x35",
            Policy::Lstm {
                width: 35,
                layers: 2,
            },
        ),
        (
            "lstm 1x100",
            Policy::Lstm {
                width: 100,
                layers: 1,
            },
        ),
    ];
    for name in ["nas-bench-201", "darts"] {
        let space = space(name);
        for (label, policy) in policies {
            let mut group = criterion.benchmark_group(format!("{name}, {label}"));
            let mut controller = Controller::new(
                &space,
                Design {
                    policy,
                    initial_range: 0.08,
                    temperature: 1.0,
                    option_clip: 0.0,
                    select_clip: 0.0,
                },
            );
            let mut random = Seed::new(1).stream();
            let mut theta = controller.initial(&mut random);
            let limits = Limits::default();
            group.bench_function("sample", |bencher| {
                bencher.iter(|| controller.sample(&theta, &space, &limits, &mut random));
            });
            let drawn = controller.sample(&theta, &space, &limits, &mut random);
            let episode = drawn.expect("no limits").expect("a draw");
            let scores = vec![0.01; episode.steps.len()];
            let mut gradient = vec![0.0; theta.len()];
            group.bench_function("gradient", |bencher| {
                bencher.iter(|| {
                    let terms = Terms {
                        scores: &scores,
                        entropy: 0.01,
                        skip: None,
                    };
                    controller
                        .pass(&theta, &episode)
                        .add_gradient(&terms, &mut gradient);
                });
            });
            let mut adam = Optimizer::new(OptimizerKind::ADAM, 1e-4);
            group.bench_function("adam", |bencher| {
                bencher.iter(|| adam.descend(&mut theta, &gradient));
            });
            group.finish();
        }
    }
}

criterion_group!(benches, controllers);
criterion_main!(benches);

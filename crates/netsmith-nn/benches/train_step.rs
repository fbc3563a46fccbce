//! One training step at batch 64, one thread: our kernels beside burn's.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

use criterion::{Criterion, criterion_group, criterion_main};
use netsmith::catalogue::Settings;
use netsmith::cost::PARAMETERS;
use netsmith::network::{Network, Shape};
use netsmith::random::Seed;
use netsmith::space::{self, Limits, Space, Task};
use netsmith_nn::module::{Kernels, Module, Noise, Weights};

const BATCH: usize = 64;

fn space(name: &str, input: Shape, set: &[(&str, &str)]) -> Space {
    let entry = space::CATALOGUE.iter().find(|e| e.name == name).unwrap();
    let given = set
        .iter()
        .map(|(key, value)| ((*key).into(), (*value).into()));
    let settings = Settings::new(entry.parameters, &given.collect()).unwrap();
    let task = Task::vector(input, 10);
    (entry.build)(&task, &settings).unwrap()
}

/// All six edges 3x3 convolutions, one cell a stage, 16 channels, 3x32x32.
fn nas_bench_201() -> Network {
    let set = [("channels", "16"), ("cells", "1")];
    let space = space("nas-bench-201", Shape::image(3, 32, 32), &set);
    let text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|\
                +|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
    space.network(&space.parse(text).unwrap()).unwrap()
}

/// The hand-designed networks that a chain is compared with, on 1x28x28.
fn baselines() -> Vec<(&'static str, Network)> {
    let space = space("chain", Shape::image(1, 28, 28), &[]);
    let limits = Limits::FREE.with(PARAMETERS, 80_000.0);
    let baselines = space.baselines(&limits).into_iter();
    baselines
        .map(|(name, architecture)| (name, space.network(&architecture).unwrap()))
        .collect()
}

fn train_step(criterion: &mut Criterion) {
    let mut networks = vec![("nas-bench-201 network", nas_bench_201())];
    networks.extend(baselines());
    for (name, network) in networks {
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10);
        for kernels in [Kernels::Fused, Kernels::Burn] {
            let mut module = Module::new(&network, kernels).unwrap();
            let mut weights = Weights::init(&network, &Seed::new(1));
            let inputs = vec![0.5; BATCH * module.input().elements()];
            let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
            let pool = pool.build().unwrap();
            group.bench_function(kernels.name(), |bencher| {
                bencher.iter(|| {
                    pool.install(|| {
                        module.step(&mut weights, &inputs, &Noise::none(), |_, gradient| {
                            gradient.fill(1e-3);
                            0.0
                        })
                    })
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, train_step);
criterion_main!(benches);

//! How fast architectures are drawn and changed under limits.
//!
//! `cargo bench -p netsmith --bench limits`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use netsmith::catalogue::Settings;
use netsmith::cost::{Cost, MACS, MEMORY, PARAMETERS};
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Bounds, CATALOGUE, Limits, Space, Task};
use rand::RngExt;
use std::hint::black_box;

/// Every space for small images in full size, but that which needs a file.
fn spaces() -> Vec<Space> {
    let task = Task::vector(Shape::image(1, 28, 28), 10);
    let build = |entry: &netsmith::space::Entry| {
        (entry.build)(&task, &Settings::defaults(entry.parameters)).ok()
    };
    CATALOGUE.iter().filter_map(build).collect()
}

/// A limit a quarter of the way from the least to the most.
fn tight(limits: Limits, cost: Cost, bounds: &Bounds) -> Limits {
    let range = cost.bounds(bounds).expect("a cost of the graph");
    limits.with(cost, (range.low + (range.high - range.low) / 4) as f64)
}

fn drawing(criterion: &mut Criterion) {
    for space in spaces() {
        let undecided = Architecture::undecided(space.decisions().len());
        let bounds = space
            .bounds(&undecided)
            .expect("a space that fits together");
        let free = Limits::default();
        let parameters = tight(free, PARAMETERS, &bounds);
        let all = tight(tight(parameters, MACS, &bounds), MEMORY, &bounds);
        let mut group = criterion.benchmark_group(space.name());
        group.throughput(Throughput::Elements(1));
        for (name, limits) in [("free", free), ("parameters", parameters), ("all", all)] {
            let mut random = Seed::new(1).stream();
            group.bench_function(format!("sample, {name}"), |bencher| {
                bencher.iter(|| black_box(space.sample(&limits, &mut random).expect("room")));
            });
            let mut guide = space.guide(&limits).expect("room");
            group.bench_function(format!("policy, {name}"), |bencher| {
                // As a policy does it: all options that are left, at each decision.
                bencher.iter(|| {
                    black_box(guide.walk(&mut |open| {
                        let allowed = open.allowed();
                        let place = random.random_range(0..allowed.len().max(1));
                        allowed.get(place).copied()
                    }))
                });
            });
            let parent = space.sample(&limits, &mut random).expect("room");
            group.bench_function(format!("mutate, {name}"), |bencher| {
                bencher.iter(|| black_box(space.mutate(&parent, &limits, &mut random)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, drawing);
criterion_main!(benches);

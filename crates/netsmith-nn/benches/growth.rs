//! How the time of a training step grows with the size of the network, of the
//! supernet and of the batch, and what a second worker is worth: tables with
//! the exponents that fit, on two threads.
//!
//! `cargo bench -p netsmith-nn --bench growth`, and with `-- --steps N` medians of
//! so many steps each.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on fails, and its tables are printed"
)]

use netsmith::catalogue::Settings;
use netsmith::network::{Network, Shape};
use netsmith::random::Seed;
use netsmith::space::{self, Space, Task};
use netsmith_nn::module::{Goal, Kernels, Module, Weights};
use netsmith_nn::supernet::{self, Supernet};
use netsmith_nn::train::time_steps;
use std::time::Instant;

/// Steps of which the median is taken, if nothing else is asked for.
const STEPS: usize = 5;

/// How often one worker and two are timed, in turns.
const ROUNDS: usize = 3;

fn space(name: &str, side: usize, set: &[(&str, usize)]) -> Space {
    let entry = space::CATALOGUE.iter().find(|e| e.name == name).unwrap();
    let given = set
        .iter()
        .map(|(key, value)| ((*key).into(), value.to_string()));
    let settings = Settings::new(entry.parameters, &given.collect()).unwrap();
    let task = Task::vector(Shape::image(3, side, side), 10);
    (entry.build)(&task, &settings).unwrap()
}

/// NAS-Bench-201's network whose edges are all 3x3 convolutions.
fn network(channels: usize, cells: usize, side: usize) -> Network {
    let set = [("channels", channels), ("cells", cells)];
    let space = space("nas-bench-201", side, &set);
    let text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|\
                +|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";
    space.network(&space.parse(text).unwrap()).unwrap()
}

fn trained(channels: usize, cells: usize, side: usize, batch: usize, steps: usize) -> f64 {
    let network = network(channels, cells, side);
    let times = time_steps(&network, Kernels::Fused, batch, steps).unwrap();
    times.median().as_secs_f64() * 1e3
}

fn searched(channels: usize, cells: usize, steps: usize) -> f64 {
    let space = space("darts", 32, &[("channels", channels), ("cells", cells)]);
    let supernet = Supernet::of(&space).unwrap();
    let entry = supernet::CATALOGUE
        .iter()
        .find(|e| e.name == "darts")
        .unwrap();
    let method = (entry.build)(&Settings::new(entry.parameters, &Default::default()).unwrap());
    let times = supernet::time_steps(&supernet, &*method, Kernels::Fused, 64, steps).unwrap();
    times.median().as_secs_f64() * 1e3
}

/// A step of a DARTS supernet in which only so many operations count.
fn mixed(operations: usize, steps: usize) -> f64 {
    let supernet = Supernet::of(&space("darts", 32, &[("channels", 8), ("cells", 3)])).unwrap();
    let weights = Weights::init(&supernet.network, &Seed::new(1));
    let sites = supernet.sites.iter().map(|site| {
        // The zero operation, which comes first, is not computed anyway.
        let counts = |at: usize| {
            if (1..=operations).contains(&at) {
                0.1
            } else {
                0.0
            }
        };
        (0..site.zero.len()).map(counts).collect()
    });
    let mixture = supernet.mixture(&sites.collect::<Vec<_>>());
    let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
    let inputs = vec![0.5; 64 * module.input().elements()];
    let mut times: Vec<f64> = (0..steps + 1)
        .map(|_| {
            let start = Instant::now();
            let goal = Some(Goal::Both);
            module.mixed_step(&weights, &mixture, &inputs, goal, |_, gradient| {
                gradient.fill(1e-3);
                0.0
            });
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    // The first step takes the buffers.
    times.remove(0);
    median(times)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the times of some sizes and the slope of their logarithms.
fn table(what: &str, sizes: &[usize], time: impl Fn(usize) -> f64) {
    let times: Vec<f64> = sizes.iter().map(|&size| time(size)).collect();
    let logs = sizes.iter().zip(&times);
    let logs: Vec<[f64; 2]> = logs.map(|(s, t)| [(*s as f64).ln(), t.ln()]).collect();
    let mean = |at: usize| logs.iter().map(|log| log[at]).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(0), mean(1));
    let products = logs.iter().map(|log| (log[0] - x) * (log[1] - y));
    let squares = logs.iter().map(|log| (log[0] - x).powi(2));
    let exponent = products.sum::<f64>() / squares.sum::<f64>();
    let cells = sizes.iter().zip(&times);
    let cells: Vec<String> = cells
        .map(|(size, time)| format!("{size}: {time:.1}"))
        .collect();
    println!("| {what} | {} | {exponent:.2} |", cells.join(" · "));
}

/// Steps per second of so many workers, each with a pool of one thread.
fn throughput(workers: usize, steps: usize) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let pool = rayon::ThreadPoolBuilder::new()
                    .num_threads(1)
                    .build()
                    .unwrap();
                pool.install(|| {
                    time_steps(&network(16, 1, 32), Kernels::Fused, 64, 2 * steps).unwrap();
                });
            });
        }
    });
    (workers * 2 * steps) as f64 / start.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut pairs = arguments.windows(2);
    let given = pairs.find(|pair| pair[0] == "--steps");
    let steps = given.map_or(STEPS, |pair| pair[1].parse().unwrap());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    println!("| step of | milliseconds by size | exponent |\n|---|---|---|");
    pool.install(|| {
        table("network, channels", &[8, 16, 32], |n| {
            trained(n, 1, 32, 64, steps)
        });
        table("network, cells a stage", &[1, 2, 4], |n| {
            trained(16, n, 32, 64, steps)
        });
        table("network, batch", &[16, 32, 64, 128], |n| {
            trained(16, 1, 32, n, steps)
        });
        table("network, side of the image", &[8, 16, 32], |n| {
            trained(16, 1, n, 64, steps)
        });
        table("supernet, channels", &[4, 8, 16], |n| searched(n, 3, steps));
        table("supernet, cells", &[2, 4, 8], |n| searched(8, n, steps));
        table("supernet, operations", &[2, 4, 7], |n| mixed(n, steps));
    });
    let rounds: Vec<[f64; 2]> = (0..ROUNDS)
        .map(|_| [1, 2].map(|workers| throughput(workers, steps)))
        .collect();
    let of = |value: &dyn Fn(&[f64; 2]) -> f64| median(rounds.iter().map(value).collect());
    println!(
        "\nsteps a second of a thread each, medians of {ROUNDS} rounds: \
         one worker {:.2}, two workers {:.2}, {:.2} times",
        of(&|round| round[0]),
        of(&|round| round[1]),
        of(&|round| round[1] / round[0]),
    );
}

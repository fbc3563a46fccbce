//! Evolution, local search and their parts against toys with known answers.

use netsmith::catalogue::Settings;
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{self, Architecture, Limits, Space, Task};
use netsmith::strategy::{self, Ask, Entry, Observation, Strategy};
use netsmith::testing::check_strategy;
use std::collections::BTreeSet;

fn space(name: &str, input: Shape) -> Space {
    let entry = space::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a space of the catalogue");
    let task = Task::vector(input, 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("a space")
}

fn nas_bench_201() -> Space {
    space("nas-bench-201", Shape::image(3, 32, 32))
}

fn entry(name: &str) -> &'static Entry {
    let entry = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    entry.expect("a strategy of the catalogue")
}

fn settings(entry: &Entry, given: &[(&str, &str)]) -> Settings {
    let given = given
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Settings::new(entry.parameters, &given.collect()).expect("settings")
}

fn build(name: &str, given: &[(&str, &str)]) -> Box<dyn Strategy> {
    let entry = entry(name);
    (entry.build)(&settings(entry, given)).expect("a strategy")
}

/// Asks and tells `trials` times; returns what was proposed with its scores.
fn search(
    strategy: &mut dyn Strategy,
    space: &Space,
    seed: u64,
    trials: u64,
    mut scores: impl FnMut(&Architecture) -> Vec<f64>,
) -> Vec<(Architecture, Vec<f64>)> {
    let seed = Seed::new(seed);
    let mut history = Vec::new();
    for number in 0..trials {
        let mut random = seed.nth(number).stream();
        let suggestion = strategy.ask(&mut Ask {
            space,
            limits: &Limits::default(),
            running: &[],
            number,
            random: &mut random,
        });
        let architecture = suggestion.expect("no limits").architecture;
        let own = scores(&architecture);
        strategy.tell(Observation {
            number,
            architecture: architecture.clone(),
            scores: Some(own.clone()),
            progress: Vec::new(),
        });
        history.push((architecture, own));
    }
    history
}

fn matches(hidden: &Architecture, own: &Architecture) -> f64 {
    let pairs = hidden.options().zip(own.options());
    pairs.filter(|(a, b)| a == b).count() as f64
}

fn hidden(space: &Space, seed: u64) -> Architecture {
    let mut random = Seed::new(seed).child("hidden").stream();
    space
        .sample(&Limits::default(), &mut random)
        .expect("no limits")
}

/// Queries until a hidden cell is found, on average over the seeds; the score is
/// the number of edges that are right.
fn queries(name: &str, given: &[(&str, &str)], seeds: u64) -> f64 {
    let space = nas_bench_201();
    let total: usize = (0..seeds)
        .map(|seed| {
            let hidden = hidden(&space, seed);
            let mut strategy = build(name, given);
            let history = search(strategy.as_mut(), &space, seed, 400, |own| {
                vec![matches(&hidden, own)]
            });
            let found = history.iter().position(|(_, scores)| scores[0] >= 6.0);
            found.map_or(400, |at| at + 1)
        })
        .sum();
    total as f64 / seeds as f64
}

/// Simulated by others with the same settings: 35.5 on average, 65 at most.
#[test]
fn local_search_finds_a_hidden_cell() {
    let mean = queries("local-search", &[], 200);
    assert!((32.0..=39.0).contains(&mean), "{mean}");
}

/// A random search would take 15,625 queries, aging evolution takes 219; what
/// learns how decisions act takes fewer than a climb that does not.
#[test]
fn the_others_find_it_too() {
    for (name, given, most) in [
        ("genetic", &[][..], 120.0),
        ("islands", &[], 150.0),
        ("nsga2", &[], 220.0),
        ("tpe", &[], 160.0),
        ("npenas", &[], 70.0),
        ("auto", &[("encoding", "decisions")], 25.0),
    ] {
        let mean = queries(name, given, 20);
        assert!(mean <= most, "{name}: {mean}");
    }
}

/// Each of two blocks of three edges scores 3 where all are right, otherwise 2 less
/// the right ones: climbing leads away from the best, and restarts find it.
#[test]
fn restarts_leave_a_trap() {
    let space = nas_bench_201();
    let reached = (0..10).map(|seed| {
        let hidden = hidden(&space, seed);
        let trap = |own: &Architecture| {
            let right: Vec<bool> = hidden
                .options()
                .zip(own.options())
                .map(|(a, b)| a == b)
                .collect();
            let block = |block: &[bool]| match block.iter().filter(|right| **right).count() {
                3 => 3.0,
                count => 2.0 - count as f64,
            };
            right.chunks(3).map(block).sum::<f64>()
        };
        let mut strategy = build("local-search", &[]);
        let history = search(strategy.as_mut(), &space, seed, 2_000, |own| {
            vec![trap(own)]
        });
        let best = history.iter().map(|(_, scores)| scores[0]);
        best.fold(f64::NEG_INFINITY, f64::max)
    });
    // Without both blocks right, 5 is the most.
    let reached: Vec<f64> = reached.collect();
    assert!(reached.iter().all(|best| *best >= 5.0), "{reached:?}");
}

/// One score counts edges that are right, the other those that are wrong: every
/// count is on the front, and all seven must be found and kept.
#[test]
fn nsga2_covers_its_front() {
    let space = nas_bench_201();
    for seed in 0..5 {
        let hidden = hidden(&space, seed);
        let mut strategy = build("nsga2", &[]);
        let history = search(strategy.as_mut(), &space, seed, 600, |own| {
            let right = matches(&hidden, own);
            vec![right, 6.0 - right]
        });
        let counts: BTreeSet<u32> = history.iter().map(|(_, own)| own[0] as u32).collect();
        assert_eq!(counts.len(), 7, "{counts:?}");
    }
}

/// Every variant of every step keeps the promises of a strategy, in a space where
/// decisions depend on others as well.
#[test]
fn every_part_conforms() {
    let spaces = [nas_bench_201(), space("mlp", Shape::vector(20))];
    let entry = entry("genetic");
    for (part, variants) in [
        ("initialisation", &["trivial", "rich", "baselines"][..]),
        ("selection", &["roulette", "truncation"]),
        (
            "crossover",
            &["uniform", "one-point", "two-point", "subtree"],
        ),
        (
            "mutation",
            &["each", "adaptive", "hidden-state-or-operation"],
        ),
        ("survival", &["aging"]),
    ] {
        for variant in variants {
            let settings = settings(entry, &[(part, variant), ("population", "5")]);
            for space in &spaces {
                let checked = check_strategy(entry, &settings, space, &Limits::default());
                assert_eq!(checked, Ok(()), "{part} {variant} on {}", space.name());
            }
        }
    }
}

/// The first of a population are small or large where that is asked for.
#[test]
fn populations_begin_as_told() {
    let space = nas_bench_201();
    let size = |kind: &str| -> f64 {
        let mut strategy = build("genetic", &[("initialisation", kind), ("population", "30")]);
        let history = search(strategy.as_mut(), &space, 1, 30, |_| vec![0.0]);
        let parameters = history.iter().map(|(own, _)| {
            let network = space.network(own).expect("a network");
            network.parameters() as f64
        });
        parameters.sum::<f64>() / 30.0
    };
    let [trivial, random, rich] = ["trivial", "random", "rich"].map(size);
    assert!(
        trivial < 0.7 * random && 1.3 * random < rich,
        "{trivial} {random} {rich}"
    );
}

/// No proposal comes twice while there are others.
#[test]
fn nothing_is_proposed_twice() {
    let space = nas_bench_201();
    let hidden = hidden(&space, 3);
    for name in [
        "local-search",
        "genetic",
        "islands",
        "nsga2",
        "tpe",
        "npenas",
        "bananas",
        "auto",
    ] {
        let mut strategy = build(name, &[]);
        let history = search(strategy.as_mut(), &space, 3, 150, |own| {
            vec![matches(&hidden, own)]
        });
        let different: BTreeSet<&Architecture> = history.iter().map(|(own, _)| own).collect();
        assert_eq!(different.len(), 150, "{name}");
    }
}

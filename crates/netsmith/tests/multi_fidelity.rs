//! Multi-fidelity strategies: their properties, and a toy with learning curves.

use netsmith::catalogue::Settings;
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{self, Architecture, Limits, Space, Task};
use netsmith::strategy::multi_fidelity::asha::Asha;
use netsmith::strategy::{self, Ask, Observation, Scorer, Strategy};
use rand::RngExt;
use std::sync::Arc;

fn nas_bench_201() -> Space {
    let entry = &space::nas_bench_201::ENTRY;
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("a space")
}

fn build(name: &str, given: &[(&str, &str)]) -> Box<dyn Strategy> {
    let entry = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a strategy of the catalogue");
    let given = given
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    let settings = Settings::new(entry.parameters, &given.collect()).expect("settings");
    (entry.build)(&settings).expect("a strategy")
}

/// A trial. They stand in the order of their ends; those that still ran when the
/// search ended come last.
#[derive(Clone, Debug)]
struct Ended {
    number: u64,
    architecture: Architecture,
    parent: Option<u64>,
    epochs: f64,
    score: f64,
    /// How many trials had ended when it was proposed.
    seen: usize,
}

/// Runs a strategy with so many workers until so many epochs of `most` each were
/// paid; a trial takes as long as its epochs, a little more or less.
fn search(
    strategy: &mut dyn Strategy,
    space: &Space,
    seed: u64,
    [most, budget]: [f64; 2],
    workers: usize,
    mut score: impl FnMut(&Architecture, f64) -> f64,
) -> Vec<Ended> {
    let seed = Seed::new(seed);
    let mut pace = seed.child("pace").stream();
    let (mut clock, mut paid, mut number) = (0.0, 0.0, 0);
    let mut running: Vec<(f64, Ended)> = Vec::new();
    let mut ended: Vec<Ended> = Vec::new();
    while paid < budget {
        while running.len() >= workers {
            let first = (0..running.len())
                .min_by(|&a, &b| running[a].0.total_cmp(&running[b].0))
                .expect("one runs");
            let (ends, own) = running.remove(first);
            clock = ends;
            strategy.tell(Observation {
                number: own.number,
                architecture: own.architecture.clone(),
                scores: Some(vec![own.score]),
                progress: Vec::new(),
            });
            ended.push(own);
        }
        let open: Vec<(u64, Architecture)> = running
            .iter()
            .map(|(_, own)| (own.number, own.architecture.clone()))
            .collect();
        let mut random = seed.child("proposal").nth(number).stream();
        let plan = strategy.plan(&mut Ask {
            space,
            limits: &Limits::default(),
            running: &open,
            number,
            random: &mut random,
        });
        let plan = plan.expect("no limits");
        let epochs = most * plan.share;
        paid += epochs;
        let architecture = plan.suggestion.architecture;
        let own = Ended {
            number,
            score: score(&architecture, epochs),
            architecture,
            parent: plan.suggestion.parent,
            epochs,
            seen: ended.len(),
        };
        running.push((clock + epochs * pace.random_range(0.8..1.2), own));
        number += 1;
    }
    ended.extend(running.into_iter().map(|(_, own)| own));
    ended
}

/// The share of the edges that are convolutions of three by three.
fn quality(space: &Space, architecture: &Architecture) -> f64 {
    space.text(architecture).matches("nor_conv_3x3").count() as f64 / 6.0
}

/// The rung of a trial of so many epochs, where the highest has `3^rungs`.
fn rung(epochs: f64) -> usize {
    (epochs.ln() / 3.0_f64.ln()).round() as usize
}

/// No trial is on a rung without having ended on the one below; each promotion
/// was of the best third at its own time and happens once; and where something
/// could go on, nothing new begins.
#[test]
fn asha_promotes_the_best_third_at_its_time_and_never_waits() {
    let space = nas_bench_201();
    for (seed, workers) in [(1, 1), (2, 4), (3, 25)] {
        let mut strategy = build("asha", &[("rungs", "4")]);
        let mut noise = Seed::new(seed).child("noise").stream();
        let ended = search(
            strategy.as_mut(),
            &space,
            seed,
            [27.0, 3_000.0],
            workers,
            // Few different scores, so that there are equals.
            |own, _| quality(&space, own) + f64::from(noise.random_range(0..3)) / 3.0,
        );
        assert!(ended.iter().any(|own| rung(own.epochs) == 3));
        let best = |on: usize, seen: usize| -> Vec<u64> {
            let there = ended[..seen].iter().filter(|own| rung(own.epochs) == on);
            let mut there: Vec<&Ended> = there.collect();
            let count = there.len();
            there.sort_by(|a, b| b.score.total_cmp(&a.score));
            there.iter().take(count / 3).map(|own| own.number).collect()
        };
        let mut promoted: Vec<u64> = Vec::new();
        let mut by_number: Vec<&Ended> = ended.iter().collect();
        by_number.sort_by_key(|own| own.number);
        for own in by_number {
            let on = rung(own.epochs);
            if on == 0 {
                for on in 0..3 {
                    let waits = |number: &u64| !promoted.contains(number);
                    assert!(!best(on, own.seen).iter().any(waits), "{own:?}");
                }
                continue;
            }
            let parent = own.parent.expect("it comes from the rung below");
            let before = ended[..own.seen].iter().find(|old| old.number == parent);
            let before = before.expect("it ended there");
            assert_eq!(rung(before.epochs), on - 1);
            assert_eq!(before.architecture, own.architecture);
            let tied = best(on - 1, own.seen);
            assert!(tied.contains(&parent), "{own:?} {tied:?}");
            assert!(!promoted.contains(&parent));
            promoted.push(parent);
        }
    }
}

/// Where a little training already orders architectures as all of it does, the
/// best of those that began is the one that is trained in full.
#[test]
fn halving_finds_the_best_that_began() {
    let space = nas_bench_201();
    for name in ["successive-halving", "hyperband", "bohb", "asha"] {
        let mut strategy = build(name, &[("rungs", "4")]);
        // Different for every architecture.
        let score = |own: &Architecture| {
            let digits = own.options().flatten();
            digits.fold(0.0, |sum, digit| sum * 5.0 + f64::from(digit))
        };
        let ended = search(
            strategy.as_mut(),
            &space,
            4,
            [27.0, 27.0 * 30.0],
            1,
            |own, _| score(own),
        );
        let first = ended.iter().take_while(|own| rung(own.epochs) < 3);
        let best = first.map(|own| own.score).fold(0.0, f64::max);
        let full = ended.iter().find(|own| rung(own.epochs) == 3);
        let full = full.expect("one is trained in full");
        assert!((full.score - best).abs() < 1e-9, "{name} {full:?} {best}");
    }
}

/// A worker that is slow holds nobody up, and a rung whose trials all failed ends
/// its bracket.
#[test]
fn failures_never_go_on() {
    let space = nas_bench_201();
    for name in ["successive-halving", "hyperband", "bohb", "asha"] {
        let mut strategy = build(name, &[]);
        for number in 0..100 {
            let mut random = Seed::new(5).nth(number).stream();
            let plan = strategy.plan(&mut Ask {
                space: &space,
                limits: &Limits::default(),
                running: &[],
                number,
                random: &mut random,
            });
            let plan = plan.expect("no limits");
            assert_eq!(plan.suggestion.parent, None, "{name}");
            strategy.tell(Observation {
                number,
                architecture: plan.suggestion.architecture,
                scores: None,
                progress: Vec::new(),
            });
        }
    }
}

/// `accuracy(r) = q (1 - e^(-r / 4)) + noise / sqrt(r)`: with the same epochs in
/// all, each finds better architectures than random ones that are all trained
/// in full.
#[test]
fn little_training_of_many_beats_full_training_of_few() {
    let space = nas_bench_201();
    let seeds = 30;
    let answer = |name: &str, given: &[(&str, &str)]| -> f64 {
        let found = (0..seeds).map(|seed| {
            let mut strategy = build(name, given);
            let mut noise = Seed::new(seed).child("noise").stream();
            let ended = search(
                strategy.as_mut(),
                &space,
                seed,
                [27.0, 27.0 * 20.0],
                4,
                |own, epochs| {
                    // Nearly normal: the sum of twelve draws.
                    let draws = (0..12).map(|_| noise.random::<f64>()).sum::<f64>() - 6.0;
                    let learnt = 1.0 - (-epochs / 4.0).exp();
                    quality(&space, own) * learnt + 0.1 * draws / epochs.sqrt()
                },
            );
            let longest = ended.iter().map(|own| own.epochs).fold(0.0, f64::max);
            let whole = ended.iter().filter(|own| own.epochs > longest - 0.5);
            let best = whole.max_by(|a, b| a.score.total_cmp(&b.score));
            quality(&space, &best.expect("one ended").architecture)
        });
        found.sum::<f64>() / seeds as f64
    };
    let random = answer("random", &[]);
    for name in ["successive-halving", "hyperband", "bohb", "asha"] {
        let found = answer(name, &[("rungs", "4")]);
        assert!(found > random + 0.05, "{name}: {found} against {random}");
    }
    let evolving = answer(
        "asha",
        &[("proposer", "regularized-evolution"), ("rungs", "4")],
    );
    assert!(evolving > random + 0.05, "{evolving} against {random}");
}

/// Counts the convolutions of three by three.
#[derive(Debug)]
struct Convolutions;

impl Scorer for Convolutions {
    fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
        vec![quality(space, architecture)]
    }
}

/// Where a few epochs tell nothing apart, training-free scores choose what goes on.
#[test]
fn training_free_scores_have_a_say_on_low_rungs() {
    let space = nas_bench_201();
    let promoted = |assists: bool| {
        let mut ladder = Asha::above(build("random", &[]), 3, 2, 9);
        if assists {
            ladder.assist(Arc::new(Convolutions));
        }
        let ended = search(&mut ladder, &space, 5, [9.0, 600.0], 1, |_, _| 0.5);
        let high = ended.iter().filter(|own| own.epochs > 3.0);
        let high: Vec<f64> = high.map(|own| quality(&space, &own.architecture)).collect();
        assert!(high.len() > 10, "{}", high.len());
        // Most of the time is left for something new.
        let lower = ended.len() - high.len();
        assert!(
            assists || (8..=10).contains(&(lower / high.len())),
            "{lower}"
        );
        high.iter().sum::<f64>() / high.len() as f64
    };
    // One operation in five is such a convolution.
    let [by_age, by_score] = [false, true].map(promoted);
    assert!((by_age - 0.2).abs() < 0.1, "{by_age}");
    assert!(by_score > by_age + 0.1, "{by_score} {by_age}");
}

//! Policy gradients: exact values, baselines, and toys that are to be learned.

use crate::{LSTM, catalogued, choices, design, draw, option_of};
use netsmith::catalogue::Settings;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits, Space};
use netsmith::strategy::controller::{
    Controller, Optimizer, OptimizerKind, Policy, SkipTarget, Terms, derive,
};
use netsmith::strategy::policy_gradient::Baseline;
use netsmith::strategy::{self, Ask, Observation, Strategy};

const LOGITS: [f64; 4] = [1.0, 0.0, -1.0, 0.5];
const REWARDS: [f64; 4] = [0.1, 0.2, 0.9, 0.4];

/// `∂J/∂θ_i = p_i (R_i − Σ p_j R_j)` for one softmax.
#[test]
fn the_gradient_of_a_bandit() {
    let space = choices(&["arm"], &["a", "b", "c", "d"], None);
    let mut controller = Controller::new(&space, design(Policy::Independent));
    assert_eq!(controller.size(), 4);
    let mut exact = [0.0; 4];
    let mut objective = 0.0;
    let mut seen = [false; 4];
    for seed in 0..200 {
        let episode = draw(&mut controller, &LOGITS, &space, seed);
        let arm = option_of(&episode.architecture, &space, "arm") as usize;
        if std::mem::replace(&mut seen[arm], true) {
            continue;
        }
        let pass = controller.pass(&LOGITS, &episode);
        let chance = pass.log_probability().exp();
        let expected = [0.473_991, 0.174_371, 0.064_148, 0.287_490];
        assert!((chance - expected[arm]).abs() < 1e-6);
        objective += chance * REWARDS[arm];
        let terms = Terms {
            scores: &[chance * REWARDS[arm]],
            entropy: 0.0,
            skip: None,
        };
        pass.add_gradient(&terms, &mut exact);
    }
    assert_eq!(seen, [true; 4]);
    assert!((objective - 0.255_002_3).abs() < 1e-7);
    let expected = [-0.073_469_7, -0.009_590_8, 0.041_375_1, 0.041_685_4];
    for (own, expected) in exact.iter().zip(expected) {
        assert!((own - expected).abs() < 1e-7, "{exact:?}");
    }
    assert!(exact.iter().sum::<f64>().abs() < 1e-12);
}

/// A constant baseline leaves the mean of the estimate and changes its spread.
#[test]
fn baselines_do_not_move_the_mean() {
    const DRAWS: u64 = 100_000;
    let space = choices(&["arm"], &["a", "b", "c", "d"], None);
    let mut controller = Controller::new(&space, design(Policy::Independent));
    let exact = [-0.073_469_7, -0.009_590_8, 0.041_375_1, 0.041_685_4];
    let mut random = Seed::new(11).stream();
    let limits = Limits::default();
    let mut spreads = Vec::new();
    for baseline in [0.0, 0.255, 2.0] {
        let (mut sum, mut squares) = ([0.0; 4], [0.0; 4]);
        for _ in 0..DRAWS {
            let drawn = controller.sample(&LOGITS, &space, &limits, &mut random);
            let episode = drawn.expect("no limits").expect("a draw");
            let arm = option_of(&episode.architecture, &space, "arm") as usize;
            let terms = Terms {
                scores: &[REWARDS[arm] - baseline],
                entropy: 0.0,
                skip: None,
            };
            let mut own = [0.0; 4];
            controller
                .pass(&LOGITS, &episode)
                .add_gradient(&terms, &mut own);
            for i in 0..4 {
                sum[i] += own[i];
                squares[i] += own[i] * own[i];
            }
        }
        let count = DRAWS as f64;
        let spread: Vec<f64> = (0..4)
            .map(|i| (squares[i] / count - (sum[i] / count).powi(2)).sqrt())
            .collect();
        for i in 0..4 {
            let apart = (sum[i] / count - exact[i]).abs();
            assert!(apart < 4.0 * spread[i] / count.sqrt(), "{i} at {baseline}");
        }
        spreads.push(spread[0]);
    }
    assert!(
        spreads[1] < spreads[0] && spreads[0] < spreads[2],
        "{spreads:?}"
    );
}

fn build(name: &str, given: &[(&str, &str)]) -> Box<dyn Strategy> {
    let entry = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a strategy of the catalogue");
    let given = given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let settings = Settings::new(entry.parameters, &given.collect()).expect("settings");
    (entry.build)(&settings).expect("a strategy")
}

/// Asks and tells so many times with this window, scoring by the share of
/// decisions that are as in the hidden architecture; returns the share of the
/// hidden options among the last `tail` proposals.
fn learned(
    strategy: &mut dyn Strategy,
    space: &Space,
    hidden: &Architecture,
    [trials, tail, window]: [u64; 3],
) -> f64 {
    let share = |own: &Architecture| {
        let pairs = own.options().zip(hidden.options());
        pairs.filter(|(a, b)| a == b).count() as f64 / own.options().len() as f64
    };
    let mut running = std::collections::VecDeque::new();
    let mut found = 0.0;
    for number in 0..trials {
        if running.len() as u64 >= window
            && let Some((number, architecture)) = running.pop_front()
        {
            let scores = Some(vec![share(&architecture)]);
            strategy.tell(Observation {
                number,
                architecture,
                scores,
                progress: Vec::new(),
            });
        }
        let mut random = Seed::new(4).child("proposal").nth(number).stream();
        let suggestion = strategy.ask(&mut Ask {
            space,
            limits: &Limits::default(),
            running: running.make_contiguous(),
            number,
            random: &mut random,
        });
        let architecture = suggestion.expect("no limits").architecture;
        if number >= trials - tail {
            found += share(&architecture) / tail as f64;
        }
        running.push_back((number, architecture));
    }
    found
}

/// Each reaches a hidden string of NAS-Bench-201 within a few thousand samples.
#[test]
fn hidden_strings_are_found() {
    let space = catalogued("nas-bench-201");
    let mut random = Seed::new(2).child("hidden").stream();
    let hidden = space.sample(&Limits::default(), &mut random).expect("any");
    for (name, given) in [
        ("nas-rl", &[("learning-rate", "0.01")][..]),
        (
            "nas-rl",
            &[
                ("policy", "independent"),
                ("learning-rate", "0.05"),
                ("power", "1"),
            ],
        ),
        ("ppo", &[("learning-rate", "0.003"), ("width", "32")]),
        (
            "ppo",
            &[("policy", "independent"), ("learning-rate", "0.03")],
        ),
    ] {
        for window in [1, 8] {
            let mut strategy = build(name, given);
            let found = learned(strategy.as_mut(), &space, &hidden, [3_000, 500, window]);
            assert!(found > 0.99, "{name} {given:?} window {window}: {found}");
        }
    }
}

/// The same by hand: ENAS' update with baseline, skips held near their target.
/// Where the reward does not care, the rate of skips becomes the target.
#[test]
fn the_skip_term_holds_the_rate() {
    let space = crate::selecting();
    let mut controller = Controller::new(&space, design(LSTM));
    let mut theta = controller.initial(&mut Seed::new(1).stream());
    let mut adam = Optimizer::new(OptimizerKind::ENAS, 0.02);
    let mut baseline = Baseline::new(0.99, false);
    for seed in 0..1_000 {
        let episode = draw(&mut controller, &theta, &space, seed);
        baseline.tell(0.5);
        let advantage = 0.5 - baseline.value().expect("a reward");
        let scores = vec![-advantage; episode.steps.len()];
        let terms = Terms {
            scores: &scores,
            entropy: 0.0,
            skip: Some((0.8, SkipTarget::ENAS)),
        };
        let mut gradient = vec![0.0; theta.len()];
        controller
            .pass(&theta, &episode)
            .add_gradient(&terms, &mut gradient);
        adam.descend(&mut theta, &gradient);
    }
    let (mut skips, mut tosses) = (0, 0);
    for seed in 0..2_000 {
        let episode = draw(&mut controller, &theta, &space, 5_000 + seed);
        for (name, candidates) in [("node0.inputs", 2), ("node4.inputs", 6)] {
            skips += option_of(&episode.architecture, &space, name).count_ones();
            tosses += candidates;
        }
    }
    let rate = f64::from(skips) / f64::from(tosses);
    assert!((rate - 0.4).abs() < 0.03, "{rate}");
}

#[test]
fn derivation_keeps_the_best_and_scores_each_once() {
    let space = choices(&["x", "y"], &["a", "b"], None);
    let mut controller = Controller::new(&space, design(Policy::Independent));
    let theta = vec![0.0; controller.size()];
    let mut random = Seed::new(6).stream();
    let mut calls = 0;
    let limits = Limits::default();
    let derived = derive(
        &mut controller,
        &theta,
        (&space, &limits),
        40,
        &mut random,
        &mut |episode| {
            calls += 1;
            let [x, y] = ["x", "y"].map(|name| option_of(&episode.architecture, &space, name));
            match (x, y) {
                (1, 1) => f64::NAN,
                _ => f64::from(x) + 0.5 * f64::from(y),
            }
        },
    );
    let derived = derived.expect("no limits").expect("a best");
    assert_eq!((derived.scored, calls), (4, 4));
    assert_eq!(space.text(&derived.best.architecture), "x=b,y=a");
    assert!((derived.score - 1.0).abs() < 1e-12);
}

/// Overlapping batches are learned from when they are one update behind.
#[test]
fn staleness_is_counted() {
    use netsmith::strategy::nas_rl::{ENTRY, NasRl};
    let space = catalogued("nas-bench-201");
    let hidden = space.sample(&Limits::default(), &mut Seed::new(1).stream());
    let hidden = hidden.expect("any");
    for (window, most) in [(1, 0), (8, 1), (16, 2)] {
        let mut strategy = NasRl::new(&Settings::defaults(ENTRY.parameters));
        learned(&mut strategy, &space, &hidden, [1_600, 1, window]);
        let staleness = strategy.staleness();
        assert!(staleness.updates > 190);
        assert!(
            (staleness.mean() - most as f64).abs() < 0.05,
            "{staleness:?}"
        );
        assert_eq!(staleness.most, most);
    }
}

/// A trial counts by the best of its last five epochs, not by the last one nor by one
/// before them.
#[test]
fn the_last_epochs_are_the_reward() {
    let space = catalogued("nas-bench-201");
    let proposals = |progress: fn(f64) -> Vec<f64>, last: fn(f64) -> f64| {
        let mut strategy = build("nas-rl", &[]);
        let mut asked = Vec::new();
        for number in 0..64 {
            let mut random = Seed::new(6).child("proposal").nth(number).stream();
            let suggestion = strategy.ask(&mut Ask {
                space: &space,
                limits: &Limits::default(),
                running: &[],
                number,
                random: &mut random,
            });
            let architecture = suggestion.expect("no limits").architecture;
            asked.push(space.text(&architecture));
            let best = asked[number as usize].matches("conv_3x3").count() as f64 / 6.0;
            strategy.tell(Observation {
                number,
                architecture,
                scores: Some(vec![last(best)]),
                progress: progress(best),
            });
        }
        asked
    };
    let curve = |best: f64| vec![2.0, 0.1 * best, 0.5 * best, best, 0.2 * best, 0.3 * best];
    let plain = proposals(|_| Vec::new(), |best| best);
    assert!(proposals(curve, |best| 0.3 * best) == plain);
    assert!(proposals(|_| Vec::new(), |best| 2.0 - best) != plain);
}

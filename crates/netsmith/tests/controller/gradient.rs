//! Gradients by differences, for every parameter.

use crate::{LSTM, at_most_one, catalogued, choices, design, draw, selecting};
use netsmith::cost::PARAMETERS;
use netsmith::random::Seed;
use netsmith::space::{Limits, Space};
use netsmith::strategy::controller::{
    Controller, Design, Episode, Policy, SkipChance, SkipTarget, Terms,
};

const TARGET: SkipTarget = SkipTarget {
    rate: 0.4,
    chance: SkipChance::Half,
};

/// The sum of all terms at these parameters.
fn value(controller: &mut Controller, theta: &[f64], episode: &Episode, scores: &[f64]) -> f64 {
    let pass = controller.pass(theta, episode);
    let logs = pass.log_probabilities().zip(scores);
    let weighted: f64 = logs.map(|(log, score)| score * log).sum();
    weighted + 0.3 * pass.entropies().sum::<f64>() + 0.7 * pass.skip_divergence(TARGET)
}

/// What the controller itself says its slope is.
fn gradient(
    controller: &mut Controller,
    theta: &[f64],
    episode: &Episode,
    scores: &[f64],
) -> Vec<f64> {
    let mut gradient = vec![0.0; theta.len()];
    let terms = Terms {
        scores,
        entropy: 0.3,
        skip: Some((0.7, TARGET)),
    };
    controller
        .pass(theta, episode)
        .add_gradient(&terms, &mut gradient);
    gradient
}

#[track_caller]
fn check(space: &Space, design: Design, limits: &Limits) {
    let mut controller = Controller::new(space, design);
    let mut random = Seed::new(3).stream();
    let theta = controller.initial(&mut random);
    for seed in 0..3 {
        let mut random = Seed::new(seed).stream();
        let drawn = controller.sample(&theta, space, limits, &mut random);
        let episode = drawn.expect("feasible").expect("a draw");
        let count = episode.steps.len();
        let scores: Vec<f64> = (0..count).map(|step| 1.0 - 0.3 * step as f64).collect();
        let gradient = gradient(&mut controller, &theta, &episode, &scores);
        let mut moved = theta.clone();
        let mut touched = 0;
        for index in 0..theta.len() {
            let mut at = |by: f64| {
                moved[index] = theta[index] + by;
                let value = value(&mut controller, &moved, &episode, &scores);
                moved[index] = theta[index];
                value
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            let own = gradient[index];
            let close = (slope - own).abs() < 1e-8 + 1e-6 * own.abs();
            assert!(close, "parameter {index}: {own} {slope}");
            touched += u32::from(own.abs() > 1e-12);
        }
        assert!(
            touched as usize * 4 > theta.len(),
            "{touched} of {}",
            theta.len()
        );
    }
}

#[test]
fn choices_and_all_ways_of_picking() {
    let free = Limits::default();
    for policy in [LSTM, Policy::Independent] {
        check(&selecting(), design(policy), &free);
        let shaped = Design {
            temperature: 1.7,
            option_clip: 2.5,
            select_clip: 1.1,
            ..design(policy)
        };
        check(&selecting(), shaped, &free);
    }
}

#[test]
fn masked_options() {
    let space = choices(&["x", "y", "z", "u"], &["a", "b", "c"], Some(at_most_one));
    for policy in [LSTM, Policy::Independent] {
        check(&space, design(policy), &Limits::default());
    }
}

#[test]
fn limits_mask() {
    let space = catalogued("nas-bench-201");
    let limits = Limits::FREE.with(PARAMETERS, 400_000.0);
    check(&space, design(LSTM), &limits);
}

/// Cells whose inactive decisions take no step. Not every operation of every
/// edge is drawn, so most heads have no gradient: a few parameters are looked at.
#[test]
fn cells_with_inactive_decisions() {
    let space = catalogued("darts");
    let mut controller = Controller::new(&space, design(LSTM));
    let theta = controller.initial(&mut Seed::new(1).stream());
    let episode = draw(&mut controller, &theta, &space, 5);
    // Six selects of two slots and sixteen operations: two selects have one option.
    assert_eq!(episode.steps.len(), 28);
    let scores = vec![1.0; 28];
    let gradient = gradient(&mut controller, &theta, &episode, &scores);
    let mut moved = theta.clone();
    for index in (0..theta.len()).step_by(7) {
        let mut at = |by: f64| {
            moved[index] = theta[index] + by;
            let value = value(&mut controller, &moved, &episode, &scores);
            moved[index] = theta[index];
            value
        };
        let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((slope - gradient[index]).abs() < 1e-7, "parameter {index}");
    }
}

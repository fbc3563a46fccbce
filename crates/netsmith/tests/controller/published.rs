//! Values that the papers' own settings imply.

use crate::{choices, design, draw, selecting};
use netsmith::random::Seed;
use netsmith::strategy::controller::{Controller, Design, Part, Policy};

/// A policy that prefers nothing: ln 6 for the operations of ENAS' whole
/// networks, ln 5 for those of its cells, and `log p = −Σ log|set|`.
#[test]
fn entropies_of_a_uniform_policy() {
    let six = &["conv3", "sep3", "conv5", "sep5", "avg3", "max3"][..];
    for (options, expected) in [(six, 1.791_759), (&six[1..], 1.609_438)] {
        let space = choices(&["a", "b", "c"], options, None);
        let mut controller = Controller::new(&space, design(crate::LSTM));
        let theta = vec![0.0; controller.size()];
        let episode = draw(&mut controller, &theta, &space, 1);
        let pass = controller.pass(&theta, &episode);
        let entropies: Vec<f64> = pass.entropies().collect();
        assert_eq!(entropies.len(), 3);
        assert!(entropies.iter().all(|h| (h - expected).abs() < 1e-6));
        assert!((pass.log_probability() + 3.0 * expected).abs() < 1e-5);
        // −p log p of the pick alone is a share of that.
        let share = expected / options.len() as f64;
        assert!(pass.picked_entropies().all(|h| (h - share).abs() < 1e-6));
    }
}

/// With the clip of 1.5, no chance of a skip leaves σ(−3) to σ(3), whatever the
/// parameters; two options are never further apart than e³.
#[test]
fn a_clip_keeps_chances_from_the_ends() {
    let space = selecting();
    for policy in [crate::LSTM, Policy::Independent] {
        let clipped = Design {
            initial_range: 50.0,
            option_clip: 1.5,
            select_clip: 1.5,
            ..design(policy)
        };
        let mut controller = Controller::new(&space, clipped);
        let (mut most, mut ratio) = (0.0_f64, 0.0_f64);
        for seed in 0..50 {
            let theta = controller.initial(&mut Seed::new(seed).stream());
            let episode = draw(&mut controller, &theta, &space, seed);
            let parts: Vec<Part> = episode.steps.iter().map(|step| step.part).collect();
            let pass = controller.pass(&theta, &episode);
            for (step, part) in parts.into_iter().enumerate() {
                let chances = pass.chances(step);
                let largest = chances.iter().copied().fold(0.0, f64::max);
                let smallest = chances.iter().copied().fold(1.0, f64::min);
                match part {
                    Part::Members { .. } => most = most.max(largest).max(1.0 - smallest),
                    Part::Option => ratio = ratio.max(largest / smallest),
                    Part::Slot(_) => {}
                }
            }
        }
        assert!(most <= 0.952_575 && most > 0.94, "{most}");
        assert!(ratio <= 20.086 && ratio > 15.0, "{ratio}");
    }
}

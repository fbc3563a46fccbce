//! Log-probabilities: what is drawn, how often, and that all chances make one.

use crate::{LSTM, at_most_one, choices, design, draw, option_of, selecting};
use netsmith::cost::PARAMETERS;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits, Space};
use netsmith::strategy::controller::{Controller, Part, Policy};
use std::collections::BTreeMap;

/// Draws until nothing new comes, and returns the chance of each architecture
/// and how often it was drawn.
fn chances(space: &Space, policy: Policy, draws: u64) -> BTreeMap<Architecture, (f64, f64)> {
    let mut controller = Controller::new(space, design(policy));
    let theta = controller.initial(&mut Seed::new(8).stream());
    let mut found = BTreeMap::new();
    for seed in 0..draws {
        let episode = draw(&mut controller, &theta, space, seed);
        assert_eq!(space.check(&episode.architecture), Ok(()));
        let log = controller.pass(&theta, &episode).log_probability();
        let entry = found
            .entry(episode.architecture)
            .or_insert((log.exp(), 0.0));
        assert!((entry.0 - log.exp()).abs() < 1e-12);
        entry.1 += 1.0;
    }
    found
}

/// All chances make one, and each architecture comes as often as it should.
#[test]
fn chances_are_exact_under_masks() {
    let space = choices(&["x", "y", "z"], &["a", "b", "c"], Some(at_most_one));
    // Of 27 strings, 7 have more than one `a`.
    assert_eq!(space.size(), Some(20));
    for policy in [LSTM, Policy::Independent] {
        let (draws, found) = (20_000, chances(&space, policy, 20_000));
        assert_eq!(found.len(), 20);
        let total: f64 = found.values().map(|(chance, _)| chance).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        let chi: f64 = found
            .values()
            .map(|(chance, count)| {
                (count - chance * draws as f64).powi(2) / (chance * draws as f64)
            })
            .sum();
        // The 0.9999 quantile at 19 degrees of freedom.
        assert!(chi < 52.4, "{chi}");
    }
}

/// Equal scores make all options of a select equally likely, however it picks,
/// and the log-probability is minus the sum of the logarithms of the numbers.
#[test]
fn equal_logits_are_uniform() {
    let space = selecting();
    for policy in [LSTM, Policy::Independent] {
        let mut controller = Controller::new(&space, design(policy));
        let theta = vec![0.0; controller.size()];
        for seed in 0..50 {
            let episode = draw(&mut controller, &theta, &space, seed);
            let counts = space.decisions().iter().enumerate();
            let active = episode.architecture.options().collect::<Vec<_>>();
            let active = counts.filter(|(index, _)| active[*index].is_some());
            let logs = active.map(|(_, decision)| f64::from(decision.count()).ln());
            let expected: f64 = -logs.sum::<f64>();
            let pass = controller.pass(&theta, &episode);
            assert!((pass.log_probability() - expected).abs() < 1e-9);
            let steps: f64 = pass.log_probabilities().sum();
            assert!((pass.log_probability() - steps).abs() < 1e-12);
        }
    }
}

/// A subset under a rule: candidates that the rule settles are not tossed.
#[test]
fn subsets_keep_rules() {
    use netsmith::network::Shape;
    use netsmith::space::{Graph, Pick, Rule};
    let space = Space::new("subsets", &[Shape::vector(3); 3], |_, decisions| {
        let mut graph = Graph::new(3);
        let inputs = [graph.input(0), graph.input(1), graph.input(2)];
        let first = crate::select(&mut graph, decisions, "first", Pick::Subset, &inputs);
        let inputs = [inputs[0], inputs[1], first];
        let second = crate::select(&mut graph, decisions, "second", Pick::Subset, &inputs);
        let ids =
            ["first.inputs", "second.inputs"].map(|name| decisions.select(name, 3, Pick::Subset));
        decisions.rule(Rule::AllDifferent(ids.to_vec()));
        graph.with_output(second)
    })
    .expect("a space");
    for policy in [LSTM, Policy::Independent] {
        let found = chances(&space, policy, 20_000);
        assert_eq!(found.len(), 56);
        let total: f64 = found.values().map(|(chance, _)| chance).sum();
        assert!((total - 1.0).abs() < 1e-12, "{total}");
        for architecture in found.keys() {
            let [first, second] =
                ["first.inputs", "second.inputs"].map(|name| option_of(architecture, &space, name));
            assert_ne!(first, second);
        }
    }
}

/// Limits mask options, and what is drawn keeps them.
#[test]
fn limits_are_kept() {
    let space = crate::catalogued("nas-bench-201");
    let limits = Limits::FREE.with(PARAMETERS, 250_000.0);
    let mut controller = Controller::new(&space, design(LSTM));
    let theta = controller.initial(&mut Seed::new(1).stream());
    let mut masked = 0;
    for seed in 0..50 {
        let mut random = Seed::new(seed).stream();
        let drawn = controller.sample(&theta, &space, &limits, &mut random);
        let episode = drawn.expect("feasible").expect("a draw");
        assert!(space.keeps(&episode.architecture, &limits));
        let bias = episode.steps.iter().flat_map(|step| &step.bias);
        masked += bias.filter(|bias| **bias == f64::NEG_INFINITY).count();
        assert!(episode.steps.iter().all(|step| step.part == Part::Option));
    }
    assert!(masked > 0);
}

//! Children compute what their parents do, on the spaces `chain` and `mlp`.

use super::*;
use crate::module::{Kernels, Module, Noise};
use netsmith::catalogue::Settings;
use netsmith::network::Shape;
use netsmith::space::{Architecture, Limits, Space, Task, chain, mlp};
use std::collections::BTreeMap;

fn space(name: &str, settings: &[(&str, &str)]) -> Space {
    let (entry, input) = match name {
        "chain" => (&chain::ENTRY, Shape::image(3, 8, 8)),
        _ => (&mlp::ENTRY, Shape::vector(7)),
    };
    let given: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let settings = Settings::new(entry.parameters, &given).unwrap();
    (entry.build)(&Task::vector(input, 4), &settings).unwrap()
}

fn samples(network: &Network) -> Vec<f32> {
    let input = network.inputs().next().unwrap().elements();
    normal(&mut Seed::new(9).stream(), 6 * input)
}

/// Weights that no rule of drawing gives, with statistics of real batches.
fn trained(network: &Network) -> Weights {
    let mut weights = Weights::init(network, &Seed::new(5));
    for (weight, values) in network.weights().iter().zip(&mut weights.0) {
        if let Role::Scale | Role::Bias = weight.shape.role {
            let mut random = Seed::new(6).child(&weight.name).stream();
            let draws = normal(&mut random, values.len());
            values
                .iter_mut()
                .zip(draws)
                .for_each(|(v, z)| *v += 0.3 * z);
        }
    }
    let mut module = Module::new(network, Kernels::Fused).unwrap();
    for _ in 0..3 {
        module.step(
            &mut weights,
            &samples(network),
            &Noise::none(),
            |_, gradient| {
                gradient.fill(0.0);
                0.0
            },
        );
    }
    weights
}

/// Whether the child preserves; if so, that its answers are the parent's.
#[track_caller]
fn preserves(space: &Space, parent: &Architecture, child: &Architecture) -> bool {
    let network = |architecture| space.network(architecture).unwrap().pruned();
    let (old, new) = (network(parent), network(child));
    let weights = trained(&old);
    let inherited = inherit(&old, &weights, &new, &Seed::new(7), 0.0);
    assert!(inherited.weights.all_finite());
    if inherited.preserves {
        let infer = |network: &Network, weights: &Weights| {
            let mut module = Module::new(network, Kernels::Fused).unwrap();
            module.infer(weights, &samples(network))
        };
        let (before, after) = (infer(&old, &weights), infer(&new, &inherited.weights));
        for (a, b) in before.iter().zip(&after) {
            assert!(
                (a - b).abs() <= 1e-5 * a.abs().max(1.0),
                "{a} {b}: {} from {}",
                space.text(child),
                space.text(parent)
            );
        }
    }
    inherited.preserves
}

/// Parents of a space with their neighbours in which only a decision of such a
/// name took a larger value.
fn grown(space: &Space, name: &str, seeds: u64) -> Vec<(Architecture, Architecture)> {
    let mut pairs = Vec::new();
    for seed in 0..seeds {
        let parent = space.sample(&Limits::default(), &mut Seed::new(seed).stream());
        let parent = parent.unwrap();
        for child in space.neighbours(&parent, &Limits::default()) {
            let larger = |decision: &netsmith::space::DecisionId| {
                child.option(*decision) > parent.option(*decision)
            };
            let changed = space.order().iter().filter(|&&decision| {
                child.option(decision) != parent.option(decision)
                    && parent.option(decision).is_some()
            });
            let changed: Vec<_> = changed.copied().collect();
            let named = |decision: &netsmith::space::DecisionId| {
                space.decision(*decision).name.ends_with(name)
            };
            if changed.len() == 1 && changed.iter().all(|d| named(d) && larger(d)) {
                pairs.push((parent.clone(), child));
            }
        }
    }
    assert!(pairs.len() > 3, "{name}: {} pairs", pairs.len());
    pairs
}

/// The share of children that preserve, each of which is checked.
fn share(space: &Space, name: &str, seeds: u64) -> f64 {
    let pairs = grown(space, name, seeds);
    let exact = pairs
        .iter()
        .filter(|(parent, child)| preserves(space, parent, child));
    exact.count() as f64 / pairs.len() as f64
}

#[test]
fn wider_chains_answer_alike() {
    // Where the wider stage has the width of what enters it, a projected shortcut
    // is gone.
    assert!(share(&space("chain", &[]), ".width", 6) > 0.8);
    assert!(share(&space("chain", &[]), ".kernel", 6) > 0.8);
    let bottlenecks = space("chain", &[("kinds", "mbconv")]);
    assert!(share(&bottlenecks, ".expansion", 4) > 0.8);
}

#[test]
fn deeper_chains_answer_alike() {
    // Only a rectifier leaves what is rectified as it is, and a stage that comes in halves
    // the image.
    let settings = [
        ("activations", "relu"),
        ("kinds", "convolution,residual"),
        ("depths", "1,2,3"),
    ];
    let space = space("chain", &settings);
    // A new block without a shortcut scales where it squeezes and excites.
    assert!(share(&space, ".depth", 8) > 0.4);
}

#[test]
fn wider_networks_for_tables_answer_alike() {
    let space = space("mlp", &[("norms", "none,batch")]);
    assert!(share(&space, ".width", 6) > 0.8);
}

#[test]
fn deeper_networks_for_tables_answer_alike() {
    let settings = [
        ("norms", "none,batch"),
        ("activations", "relu"),
        // From no hidden layer there is nothing rectified, and a narrower layer
        // loses channels.
        ("depths", "1,2,3"),
        ("widths", "16"),
    ];
    assert!(share(&space("mlp", &settings), "depth", 12) > 0.8);
}

#[test]
fn any_child_starts_with_finite_weights() {
    for name in ["chain", "mlp"] {
        let space = space(name, &[]);
        let draw = |seed| space.sample(&Limits::default(), &mut Seed::new(seed).stream());
        for seed in 0..12 {
            let (parent, child) = (draw(seed).unwrap(), draw(seed + 100).unwrap());
            preserves(&space, &parent, &child);
            assert!(preserves(&space, &parent, &parent));
        }
    }
}

#[test]
fn noise_tells_copies_apart() {
    let space = space("mlp", &[("norms", "none")]);
    let (parent, child) = grown(&space, "layer0.width", 20).swap_remove(0);
    let network = |architecture| space.network(architecture).unwrap().pruned();
    let (old, new) = (network(&parent), network(&child));
    let weights = trained(&old);
    let with = |noise| inherit(&old, &weights, &new, &Seed::new(7), noise).weights;
    let (plain, noisy) = (with(0.0), with(0.1));
    let size = old.weights()[0].shape.elements();
    assert_eq!(plain.0[0][..size], noisy.0[0][..size]);
    assert_ne!(plain.0[0][size..], noisy.0[0][size..]);
    let close = plain.0[0]
        .iter()
        .zip(&noisy.0[0])
        .all(|(a, b)| (a - b).abs() < 0.5);
    assert!(close);
}

//! How much memory the activations of a step take, found without running it.

use super::Fused;
use super::arena::Arena;
use crate::module::{Goal, Mixture, Weights, answer};
use netsmith::network::Network;

/// Bytes of activations and their gradients that a training step on this many
/// samples takes at most, the same to the byte as what the fused kernels take:
/// the pass of a step itself runs over an arena that only counts. A supernet is
/// run with a mixture.
pub fn activation_bytes(network: &Network, samples: usize, mixture: Option<&Mixture>) -> u64 {
    let mut fused = Fused::with(network, Arena::of_counts());
    let weights = Weights::default();
    let mut pass = fused.pass(network, &weights, samples, None);
    pass.goal = Some(match mixture {
        None => Goal::Weights,
        Some(_) => Goal::Both,
    });
    pass.mixture = mixture.map(|mixture| (mixture, mixture.needed(network)));
    pass.forward(&[]);
    pass.backward(&[(answer(network), &[])]);
    pass.finish();
    fused.arena.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;
    use crate::module::Noise;
    use crate::supernet::Supernet;
    use netsmith::catalogue::Settings;
    use netsmith::network::Shape;
    use netsmith::random::Seed;
    use netsmith::space::{CATALOGUE, Limits, Space, Task};

    fn space(name: &str, input: Shape, set: &[(&str, &str)]) -> Space {
        let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
        let set = set
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        let settings = Settings::new(entry.parameters, &set.collect()).unwrap();
        (entry.build)(&Task::vector(input, 10), &settings).unwrap()
    }

    #[test]
    fn networks_take_what_was_planned() {
        for (name, shape) in [
            ("nas-bench-201", Shape::image(3, 16, 16)),
            ("darts", Shape::image(1, 16, 16)),
            ("chain", Shape::image(1, 16, 16)),
            ("mlp", Shape::vector(9)),
        ] {
            let space = space(name, shape, &[]);
            let mut random = Seed::new(4).stream();
            for _ in 0..3 {
                let architecture = space.sample(&Limits::default(), &mut random).unwrap();
                let network = space.network(&architecture).unwrap();
                let samples = 20;
                let weights = Weights::init(&network, &Seed::new(1));
                let inputs = vec![0.5; samples * shape.elements()];
                let mut fused = Fused::new(&network);
                let planned = activation_bytes(&network, samples, None);
                // The second step takes nothing more.
                for _ in 0..2 {
                    let noise = Noise::new(Seed::new(2), 0.3);
                    let loss = |_: &[f32], gradient: &mut [f32]| {
                        gradient.fill(0.1);
                        0.0
                    };
                    fused.step(&network, &weights, &inputs, samples, &noise, loss);
                    assert_eq!(fused.arena.bytes(), planned, "{name}");
                }
            }
        }
    }

    #[test]
    fn every_operation_takes_what_was_planned() {
        for (name, network) in examples::networks() {
            let samples = 20;
            let weights = Weights::init(&network, &Seed::new(1));
            let size: usize = network.inputs().map(Shape::elements).sum();
            let inputs = vec![0.5; samples * size];
            let mut fused = Fused::new(&network);
            let planned = activation_bytes(&network, samples, None);
            for _ in 0..2 {
                let noise = Noise::new(Seed::new(2), 0.3);
                let loss = |_: &[f32], gradient: &mut [f32]| {
                    gradient.fill(0.1);
                    0.0
                };
                fused.step(&network, &weights, &inputs, samples, &noise, loss);
                assert_eq!(fused.arena.bytes(), planned, "{name}");
            }
        }
    }

    #[test]
    fn supernets_take_what_was_planned() {
        for (name, set) in [
            ("nas-bench-201", &[("channels", "4"), ("cells", "1")]),
            ("darts", &[("channels", "4"), ("cells", "3")]),
            ("chain", &[("widths", "4,8,12"), ("depths", "1,2")]),
            ("mlp", &[("widths", "4,8,12"), ("depths", "0,1,2")]),
        ] {
            let shape = Shape::image(3, 16, 16);
            let supernet = Supernet::of(&space(name, shape, set)).unwrap();
            let network = &supernet.network;
            let weights = Weights::init(network, &Seed::new(1));
            let inputs = vec![0.5; 17 * shape.elements()];
            let sites = supernet.sites.iter().map(|site| site.zero.len());
            let even = sites.clone().map(|n| vec![1.0 / n as f64; n]);
            let hard = sites.map(|n| (0..n).map(move |k| f64::from(u8::from(k + 2 == n))));
            for mixture in [
                even.collect::<Vec<_>>(),
                hard.map(Iterator::collect).collect(),
            ] {
                let mixture = supernet.mixture(&mixture);
                let planned = activation_bytes(network, 17, Some(&mixture));
                let mut fused = Fused::new(network);
                let mut loss = |_: &[f32], gradient: &mut [f32]| {
                    gradient.fill(0.1);
                    0.0
                };
                let goal = Some(Goal::Both);
                fused.mixed(network, &weights, &mixture, &inputs, 17, goal, &mut loss);
                assert_eq!(fused.arena.bytes(), planned, "{name}");
            }
        }
    }
}

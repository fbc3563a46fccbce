//! Every space trains alike on our own kernels and on burn's operations: its
//! networks, and its supernet where it has one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::network::{Network, Shape};
use netsmith::random::Seed;
use netsmith::space::{CATALOGUE, Limits, Space, Task};
use netsmith_nn::module::{Goal, Kernels, Module, Noise, Weights};
use netsmith_nn::supernet::Supernet;
use rand::RngExt;

/// Samples of a step: one block and part of another.
const SAMPLES: usize = 19;
const CLASSES: usize = 10;
const STEPS: usize = 3;
const RATE: f32 = 1e-3;
/// How far two losses may be apart, as a share of the loss.
const TOLERANCE: f64 = 1e-5;
/// The same for networks of `nas-bench-101`: in one of them all gradients of the
/// first step agree to 1e-4 of the largest, and rounding then grows to 7e-4 of the
/// loss in the third step, as in deep networks with kinks it may.
const WIDE: f64 = 1e-3;

/// Each space on samples that it takes, with as few channels and cells as it
/// lets one ask for.
fn spaces(side: usize) -> impl Iterator<Item = Space> {
    CATALOGUE.iter().map(move |entry| {
        let channels = if entry.name == "nas-bench-101" {
            "8"
        } else {
            "4"
        };
        let small = [("channels", channels), ("cells", "3"), ("layers", "4")];
        let known = |key: &str| entry.parameters.iter().any(|p| p.name == key);
        let small = small.into_iter().filter(|(key, _)| known(key));
        let given = small.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let given = given.collect();
        let of = |input| {
            let settings = Settings::new(entry.parameters, &given).unwrap();
            (entry.build)(&Task::vector(input, CLASSES), &settings)
        };
        of(Shape::image(3, side, side))
            .or_else(|_| of(Shape::vector(9)))
            .unwrap()
    })
}

fn inputs(size: usize) -> Vec<f32> {
    let mut random = Seed::new(5).stream();
    (0..SAMPLES * size)
        .map(|_| random.random_range(-1.0..1.0))
        .collect()
}

/// The mean cross-entropy with the classes 0, 1, 2, ... in turns.
fn cross_entropy(answers: &[f32], gradient: &mut [f32]) -> f64 {
    let rows = answers.chunks(CLASSES).zip(gradient.chunks_mut(CLASSES));
    let losses = rows.enumerate().map(|(sample, (answers, gradient))| {
        let most = answers.iter().fold(f32::MIN, |a, b| a.max(*b));
        let powers = answers.iter().map(|a| f64::from(a - most).exp());
        let sum: f64 = powers.clone().sum();
        for (gradient, power) in gradient.iter_mut().zip(powers) {
            *gradient = (power / sum) as f32 / SAMPLES as f32;
        }
        let class = sample % CLASSES;
        gradient[class] -= 1.0 / SAMPLES as f32;
        sum.ln() - f64::from(answers[class] - most)
    });
    losses.sum::<f64>() / SAMPLES as f64
}

fn descend(weights: &mut Weights, gradients: &[Vec<f32>]) {
    for (weights, gradients) in weights.0.iter_mut().zip(gradients) {
        for (weight, gradient) in weights.iter_mut().zip(gradients) {
            *weight -= RATE * gradient;
        }
    }
}

fn losses(network: &Network, kernels: Kernels) -> Vec<f64> {
    let mut module = Module::new(network, kernels).unwrap();
    let mut weights = Weights::init(network, &Seed::new(1));
    let inputs = inputs(module.input().elements());
    let noise = Noise::new(Seed::new(2), 0.2);
    let step = |_| {
        let step = module.step(&mut weights, &inputs, &noise, cross_entropy);
        descend(&mut weights, &step.gradients);
        step.loss
    };
    (0..STEPS).map(step).collect()
}

/// The losses of a supernet whose mixture is learnt too; a hard one takes one
/// option of each site.
fn supernet_losses(supernet: &Supernet, kernels: Kernels, hard: bool) -> Vec<f64> {
    let network = &supernet.network;
    let mut module = Module::supernet(network, kernels).unwrap();
    let mut weights = Weights::init(network, &Seed::new(1));
    let inputs = inputs(module.input().elements());
    let mut random = Seed::new(3).stream();
    let sites = supernet.sites.iter().map(|site| {
        let options = site.zero.len();
        let taken = random.random_range(0..options);
        let share = |option: usize| match hard {
            true => f64::from(u8::from(option == taken)),
            false => (1.0 + random.random_range(0.0..1.0)) / (1.5 * options as f64),
        };
        (0..options).map(share).collect::<Vec<f64>>()
    });
    let mut mixed: Vec<Vec<f64>> = sites.collect();
    let step = |_| {
        let mixture = supernet.mixture(&mixed);
        let goal = Some(Goal::Both);
        let step = module.mixed_step(&weights, &mixture, &inputs, goal, cross_entropy);
        descend(&mut weights, &step.gradients);
        let slopes = supernet.slopes_with_ones(&step.mixing, &step.ones, &mixed);
        for (mixed, slopes) in mixed.iter_mut().zip(slopes) {
            for (weight, slope) in mixed.iter_mut().zip(slopes) {
                *weight -= f64::from(RATE) * slope;
            }
        }
        step.loss
    };
    (0..STEPS).map(step).collect()
}

/// What is wrong, if the losses are apart.
fn apart(what: &str, tolerance: f64, [fused, burn]: [Vec<f64>; 2]) -> Option<String> {
    let mut pairs = fused.iter().zip(&burn);
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * b.abs().max(1.0);
    let is_alike = pairs.all(near);
    (!is_alike).then(|| format!("{what}: {fused:?} with our kernels, {burn:?} with burn's"))
}

#[test]
fn networks_of_every_space_train_alike() {
    let mut wrong = Vec::new();
    for space in spaces(16) {
        let mut random = Seed::new(4).stream();
        let tolerance = match space.name() {
            "nas-bench-101" => WIDE,
            _ => TOLERANCE,
        };
        for _ in 0..2 {
            let architecture = space.sample(&Limits::default(), &mut random).unwrap();
            let network = space.network(&architecture).unwrap();
            let of = [Kernels::Fused, Kernels::Burn].map(|kernels| losses(&network, kernels));
            let what = format!("{} {}", space.name(), space.text(&architecture));
            wrong.extend(apart(&what, tolerance, of));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn supernets_of_every_space_train_alike() {
    let (mut names, mut wrong) = (Vec::new(), Vec::new());
    for space in spaces(8) {
        let Ok(supernet) = Supernet::of(&space) else {
            continue;
        };
        for hard in [false, true] {
            let of = [Kernels::Fused, Kernels::Burn];
            let of = of.map(|kernels| supernet_losses(&supernet, kernels, hard));
            let what = format!("supernet of {}, hard: {hard}", space.name());
            wrong.extend(apart(&what, TOLERANCE, of));
        }
        names.push(space.name().to_owned());
    }
    assert!(
        names.contains(&"darts".to_owned()) && names.len() > 3,
        "{names:?}"
    );
}

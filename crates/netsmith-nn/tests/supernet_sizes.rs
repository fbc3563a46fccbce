//! Supernets whose decisions set sizes: widths, kernels, expansions, depths.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::cost::PARAMETERS;
use netsmith::network::{Network, Shape};
use netsmith::random::Seed;
use netsmith::space::{Limits, Space, Task, build_named};
use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
use netsmith_nn::module::{Goal, Kernels, Module, Noise, Weights};
use netsmith_nn::supernet::{CATALOGUE, Decision, Method, OptionCosts, Search, SiteForm, Supernet};
use rand::RngExt;
use std::collections::BTreeMap;

const SAMPLES: usize = 19;

fn named(name: &str, settings: &[(&str, &str)], input: Shape) -> Space {
    let settings: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    build_named(name, &Task::vector(input, 10), &settings).unwrap()
}

/// A chain in which neighbours may and may not agree in width.
fn chain(activations: &str) -> Space {
    chain_of(activations, Shape::image(2, 8, 8))
}

fn chain_of(activations: &str, input: Shape) -> Space {
    let settings = [
        ("widths", "3,6,8"),
        ("stem-widths", "3,8"),
        ("head-widths", "7,12"),
        ("depths", "1,2"),
        ("expansions", "1,3"),
        ("activations", activations),
        // What a maximum passes on changes in steps, which a difference may lie across.
        ("reductions", "stride"),
    ];
    named("chain", &settings, input)
}

fn mlp(activations: &str, norms: &str) -> Space {
    let settings = [
        ("widths", "4,8,16"),
        ("depths", "0,1,3"),
        ("activations", activations),
        ("norms", norms),
    ];
    named("mlp", &settings, Shape::vector(9))
}

/// Filters whose height and width are decided apart.
fn filters() -> Space {
    let settings = [
        ("layers", "3"),
        ("skips", "false"),
        ("kernels", "1,2,3"),
        ("filters", "3,5"),
    ];
    named("nas-rl-cnn", &settings, Shape::image(2, 6, 6))
}

fn method(name: &str, set: &[(&str, &str)]) -> Box<dyn Method> {
    let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
    let set = set.iter();
    let set = set.map(|(key, value)| ((*key).into(), (*value).into()));
    (entry.build)(&Settings::new(entry.parameters, &set.collect()).unwrap())
}

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Seed::new(seed).stream();
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Weights none of which is where it starts, so that a bias shows.
fn uneven(supernet: &Supernet) -> Weights {
    let mut weights = Weights::init(&supernet.network, &Seed::new(5));
    let shapes = supernet
        .network
        .weights()
        .iter()
        .map(|weight| &weight.shape);
    for (number, (shape, values)) in shapes.zip(&mut weights.0).enumerate() {
        if shape.role.trains() {
            let moves = numbers(values.len(), number as u64);
            values
                .iter_mut()
                .zip(moves)
                .for_each(|(v, m)| *v += 0.2 * m);
        }
    }
    weights
}

/// The place of the largest.
fn largest(values: &[f64]) -> usize {
    let mut places = 0..values.len();
    let rank = |&place: &usize| values.iter().all(|value| *value <= values[place]);
    places.find(rank).unwrap()
}

fn squares(all: &[Vec<f32>]) -> f64 {
    all.iter().flatten().map(|v| f64::from(*v).powi(2)).sum()
}

/// One architecture in a supernet gives the answers and the gradients of its own
/// network on the first slices of the weights; no other weight gets a gradient.
#[track_caller]
fn a_path_is_its_network(space: &Space, drawn: usize) {
    let supernet = Supernet::of(space).unwrap();
    let weights = uneven(&supernet);
    for kernels in [Kernels::Fused, Kernels::Burn] {
        let mut module = Module::supernet(&supernet.network, kernels).unwrap();
        let inputs = numbers(SAMPLES * module.input().elements(), 1);
        let factors = numbers(SAMPLES * 10, 2);
        let mut random = Seed::new(9).stream();
        for _ in 0..drawn {
            let architecture = space.sample(&Limits::default(), &mut random).unwrap();
            let text = space.text(&architecture);
            let network = space.network(&architecture).unwrap().pruned();
            let seen = |into: &mut Vec<f32>, answers: &[f32], gradient: &mut [f32]| {
                *into = answers.to_vec();
                gradient.copy_from_slice(&factors);
                0.0
            };
            let (mut found, mut expected) = (Vec::new(), Vec::new());
            let path = supernet.path(space, &architecture);
            let loss = |a: &[f32], g: &mut [f32]| seen(&mut found, a, g);
            let step = module.mixed_step(&weights, &path, &inputs, Some(Goal::Both), loss);
            let mut own = supernet.inherited(&weights, &network);
            let mut alone = Module::new(&network, kernels).unwrap();
            let loss = |a: &[f32], g: &mut [f32]| seen(&mut expected, a, g);
            let trained = alone.step(&mut own, &inputs, &Noise::none(), loss);
            for (found, expected) in found.iter().zip(&expected) {
                let off = (found - expected).abs();
                assert!(
                    off < 1e-4 * (1.0 + expected.abs()),
                    "{text}: {found} {expected}"
                );
            }
            let total = squares(&step.gradients);
            let cut = supernet.inherited(&Weights(step.gradients), &network);
            let pairs = cut.0.iter().zip(&trained.gradients);
            let off: f64 = pairs
                .filter(|(_, expected)| !expected.is_empty())
                .flat_map(|(cut, expected)| cut.iter().zip(expected))
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum();
            let whole = squares(&trained.gradients);
            assert!(off < 1e-5 * whole, "{text}: {off} of {whole}");
            assert!(
                (total - whole).abs() < 1e-3 * whole,
                "{text}: {total} {whole}"
            );
        }
    }
}

#[test]
fn a_path_of_a_chain_is_its_network() {
    a_path_is_its_network(&chain("relu,relu6,hard-swish,silu,gelu"), 25);
}

#[test]
fn a_path_of_a_chain_over_a_sequence_is_its_network() {
    a_path_is_its_network(&chain_of("relu,gelu", Shape::sequence(2, 11)), 12);
}

#[test]
fn a_path_of_a_perceptron_is_its_network() {
    let activations = "relu,gelu,silu,tanh,hard-swish,sigmoid";
    a_path_is_its_network(&mlp(activations, "none,batch,layer"), 40);
    let image = named("mlp", &[("widths", "8,100")], Shape::image(1, 8, 8));
    a_path_is_its_network(&image, 6);
}

#[test]
fn a_path_of_filters_is_its_network() {
    a_path_is_its_network(&filters(), 10);
}

/// Small enough for the curvature, large enough for the rounding.
const STEP: f64 = 2e-3;

#[track_caller]
fn the_gradient_is_the_slope(space: &Space) {
    let supernet = Supernet::of(space).unwrap();
    let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
    let weights = uneven(&supernet);
    let inputs = numbers(SAMPLES * module.input().elements(), 3);
    let factors = numbers(SAMPLES * 10, 4);
    let mut random = Seed::new(2).stream();
    let mut share = |site: &netsmith_nn::supernet::Site| -> Vec<f64> {
        let parts: Vec<f64> = site
            .zero
            .iter()
            .map(|_| random.random_range(0.5..1.5))
            .collect();
        let sum: f64 = parts.iter().sum();
        parts.iter().map(|part| part / sum).collect()
    };
    let mixed: Vec<Vec<f64>> = supernet.sites.iter().map(&mut share).collect();
    let mut loss = |mixed: &[Vec<f64>], goal| {
        let mixture = supernet.mixture(mixed);
        let of = |answers: &[f32], gradient: &mut [f32]| {
            gradient.copy_from_slice(&factors);
            let terms = answers.iter().zip(&factors);
            terms.map(|(a, f)| f64::from(*a) * f64::from(*f)).sum()
        };
        module.mixed_step(&weights, &mixture, &inputs, goal, of)
    };
    let slopes = supernet.slopes(&loss(&mixed, Some(Goal::Mixture)).mixing, &mixed);
    for (number, site) in supernet.sites.iter().enumerate() {
        let (mut errors, mut squares) = (0.0, 0.0);
        for option in 0..mixed[number].len() {
            let mut at = |sign: f64| {
                let mut moved = mixed.clone();
                moved[number][option] += sign * STEP;
                loss(&moved, None).loss
            };
            let slope = (at(1.0) - at(-1.0)) / (2.0 * STEP);
            let found = slopes[number][option];
            errors += (found - slope).powi(2);
            squares += slope.powi(2);
        }
        assert!(
            errors < 1e-3 * squares + 1e-4,
            "{}: {errors} of {squares}",
            site.name
        );
        let is_size = site.name.ends_with("width") || site.name.ends_with("kernel");
        assert!(!is_size || squares > 1e-3, "{} learns nothing", site.name);
    }
}

#[test]
fn the_gradient_of_sizes_is_the_slope() {
    the_gradient_is_the_slope(&mlp("tanh,silu", "none,batch,layer"));
    the_gradient_is_the_slope(&chain("silu,gelu"));
}

#[test]
fn the_strongest_sizes_are_derived_within_limits() {
    for space in [chain("relu"), mlp("relu", "none,layer"), filters()] {
        let supernet = Supernet::of(&space).unwrap();
        let mut random = Seed::new(6).stream();
        for _ in 0..10 {
            let sites = supernet.sites.iter();
            let strengths: Vec<Vec<f64>> = sites
                .map(|site| site.zero.iter().map(|_| random.random::<f64>()).collect())
                .collect();
            let free = supernet
                .derive(&space, &strengths, &Limits::default())
                .unwrap();
            for (site, strengths) in supernet.sites.iter().zip(&strengths) {
                let Some(taken) = free.option(site.decision) else {
                    continue;
                };
                match &site.form {
                    SiteForm::Options(options) => {
                        assert_eq!(options[largest(strengths)], Some(taken), "{}", site.name);
                    }
                    SiteForm::Gate(candidate) => {
                        let members = space.decision(site.decision).members(taken);
                        let enters = strengths[1] > strengths[0];
                        assert_eq!(members.contains(candidate), enters, "{}", site.name);
                    }
                    SiteForm::Edges { .. } => {}
                }
            }
            let parameters = space.network(&free).unwrap().parameters();
            let limits = Limits::FREE.with(PARAMETERS, (parameters * 3 / 4) as f64);
            // The smallest network of the space may be larger.
            let Ok(kept) = supernet.derive(&space, &strengths, &limits) else {
                continue;
            };
            let kept = space.network(&kept).unwrap().parameters();
            assert!(kept <= parameters * 3 / 4, "{kept} of {parameters}");
        }
    }
}

#[test]
fn what_cannot_be_relaxed_is_refused_by_name() {
    let strides = [("skips", "false"), ("strides", "1,2")];
    let space = named("nas-rl-cnn", &strides, Shape::image(2, 6, 6));
    let error = Supernet::of(&space).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("layer0.stride-height"), "{text}");
    assert!(text.contains("cannot learn strides"), "{text}");
    assert!(error.hint().unwrap().contains("--set"));
    let options = *method("pc-darts", &[("partial", "2")]).options();
    let error = Supernet::for_options(&chain("relu"), &options).unwrap_err();
    let rule = "operations alone may be chosen";
    assert!(error.to_string().contains(rule), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn methods_search_sizes() {
    let digits = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (data, _test) = digits.split(&SplitOptions::default()).unwrap();
    let (train, valid) = (data.train(), data.valid());
    let contract = Contract::fit(&train);
    let input = Shape::image(1, 8, 8);
    let small = [("widths", "4,8"), ("stem-widths", "4,8"), ("depths", "1,2")];
    let spaces = [
        named("chain", &small, input),
        named("mlp", &[("widths", "8,16"), ("depths", "0,1,2")], input),
    ];
    let evolution = [
        ("selection", "evolution"),
        ("candidates", "4"),
        ("generations", "2"),
        ("recalibration", "2"),
    ];
    for space in &spaces {
        for (name, set) in [
            ("darts", &[][..]),
            ("gdas", &[][..]),
            ("drnas", &[][..]),
            ("enas", &[][..]),
            ("single-path", &evolution[..]),
        ] {
            let method = method(name, set);
            let supernet = Supernet::for_options(space, method.options()).unwrap();
            let limits = Limits::FREE.with(PARAMETERS, 6_000.0);
            let search = Search {
                limits,
                seed: Seed::new(7),
                epochs: 2,
                epoch_steps: Some(2),
                ..Search::new(
                    space,
                    &supernet,
                    method.as_ref(),
                    [&train, &valid],
                    &contract,
                )
            };
            let found = search.run(search.start(), &mut |_, _| Decision::Continue);
            let found = found.unwrap();
            assert_eq!(space.check(&found.architecture), Ok(()), "{name}");
            assert!(space.keeps(&found.architecture, &limits), "{name}");
            assert!(
                found
                    .state
                    .history
                    .iter()
                    .all(|epoch| epoch.path_loss.is_finite())
            );
        }
    }
}

#[test]
fn a_cost_in_the_loss_makes_sizes_smaller() {
    let digits = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (data, _test) = digits.split(&SplitOptions::default()).unwrap();
    let (train, valid) = (data.train(), data.valid());
    let contract = Contract::fit(&train);
    let small = [("widths", "8,16,32"), ("depths", "0,1,2")];
    let space = named("mlp", &small, Shape::image(1, 8, 8));
    let macs = |network: &Network| network.macs() as f64;
    let mut sums = [0, 0];
    for name in ["darts", "gdas", "drnas"] {
        let settings = [
            ("warm-up", "0"),
            ("watch", "false"),
            ("architecture-rate", "0.2"),
        ];
        let method = method(name, &settings);
        let supernet = Supernet::for_options(&space, method.options()).unwrap();
        let costs = OptionCosts {
            weight: 20.0,
            ..OptionCosts::of(&supernet, &space, &macs)
        };
        for (site, costs) in supernet.sites.iter().zip(&costs.costs) {
            let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(least.abs() < 1e-9, "{}: {costs:?}", site.name);
            if site.name.contains("width") {
                assert!(costs.is_sorted() && costs[1] > 0.0, "{costs:?}");
            }
        }
        let found = |costs: Option<&OptionCosts<'_>>| {
            let search = Search {
                costs,
                seed: Seed::new(3),
                epochs: 2,
                epoch_steps: Some(12),
                ..Search::new(
                    &space,
                    &supernet,
                    method.as_ref(),
                    [&train, &valid],
                    &contract,
                )
            };
            let found = search.run(search.start(), &mut |_, _| Decision::Continue);
            let found = found.unwrap();
            let cost = found.state.history.last().unwrap().cost;
            (space.network(&found.architecture).unwrap().macs(), cost)
        };
        let (free, unknown) = found(None);
        let (pressed, cost) = found(Some(&costs));
        assert!(unknown.is_none());
        // What is reported is the cost of the network itself, not a sum of options.
        assert_eq!(cost.map(|cost| cost as u64), Some(pressed), "{name}");
        assert!(pressed <= free, "{name}: {pressed} of {free}");
        sums = [sums[0] + pressed, sums[1] + free];
        // A target that every network keeps changes nothing.
        let wide = OptionCosts {
            target: Some(1e12),
            ..costs.clone()
        };
        assert_eq!(found(Some(&wide)).0, free, "{name}");
    }
    assert!(2 * sums[0] < sums[1], "{sums:?}");
}

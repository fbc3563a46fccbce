//! Supernets: what is computed, the gradients of the mixture, and searches that
//! are killed, diverge, or must choose.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::cost::{MEMORY, PARAMETERS};
use netsmith::network::operation::{Convolution, Linear};
use netsmith::network::{Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{Choice, Form, Graph, Limits, Space, Task, build_named};
use netsmith_nn::data::modality::Images;
use netsmith_nn::data::{self, Contract, LoadOptions, SearchData, SplitOptions};
use netsmith_nn::module::{Goal, Kernels, Module, Noise, Weights};
use netsmith_nn::supernet::{
    CATALOGUE, Decision, DerivationError, End, Method, OptionCosts, Search, SearchError, State,
    Supernet,
};
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn space(name: &str, settings: &[(&str, &str)], input: Shape) -> Space {
    let settings: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    build_named(name, &Task::vector(input, 10), &settings).unwrap()
}

fn cells(input: Shape) -> Space {
    space("nas-bench-201", &[("channels", "4"), ("cells", "1")], input)
}

fn method(name: &str, settings: &[(&str, &str)]) -> Box<dyn Method> {
    let settings: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
    (entry.build)(&Settings::new(entry.parameters, &settings).unwrap())
}

fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = Seed::new(seed).stream();
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// The weighted sum of the answers as a loss.
fn weighted(factors: &[f32]) -> impl FnMut(&[f32], &mut [f32]) -> f64 {
    move |answers, gradient| {
        gradient.copy_from_slice(factors);
        let terms = answers.iter().zip(factors);
        terms.map(|(a, f)| f64::from(*a) * f64::from(*f)).sum()
    }
}

/// One architecture in a supernet computes the nodes of its own network, and
/// gives the same answers and gradients.
#[track_caller]
fn a_path_is_its_network(space: &Space) {
    let supernet = Supernet::of(space).unwrap();
    let weights = Weights::init(&supernet.network, &Seed::new(5));
    let named: BTreeMap<&str, &Vec<f32>> = supernet
        .network
        .weights()
        .iter()
        .zip(&weights.0)
        .map(|(weight, values)| (weight.name.as_str(), values))
        .collect();
    let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
    let inputs = numbers(17 * module.input().elements(), 1);
    let factors = numbers(17 * 10, 2);
    let mut random = Seed::new(9).stream();
    for _ in 0..6 {
        let architecture = space.sample(&Limits::default(), &mut random).unwrap();
        let network = space
            .resolve(&architecture, Form::Supernet)
            .unwrap()
            .pruned();
        let path = supernet.path(space, &architecture);
        let goal = Some(Goal::Both);
        let step = module.mixed_step(&weights, &path, &inputs, goal, weighted(&factors));
        let of = |weight: &netsmith::network::Weight| {
            let known = named.get(weight.name.as_str());
            known.map_or_else(|| vec![0.0; weight.shape.elements()], |v| (*v).clone())
        };
        let mut own = Weights(network.weights().iter().map(of).collect());
        let mut alone = Module::new(&network, Kernels::Fused).unwrap();
        let expected = alone.step(&mut own, &inputs, &Noise::none(), weighted(&factors));
        let text = space.text(&architecture);
        assert!((step.loss - expected.loss).abs() < 1e-3, "{text}");
        let convolutions = |nodes: &mut dyn Iterator<Item = &netsmith::network::Node>| {
            let heavy = nodes.filter(|n| matches!(n.operation, Operation::Convolution(_)));
            heavy.map(|node| node.name.clone()).collect::<BTreeSet<_>>()
        };
        let mut run = step.computed.iter().map(|&i| &supernet.network.nodes()[i]);
        let ran = convolutions(&mut run);
        // What leads to nothing but zeros is pruned from the network alone.
        assert!(
            convolutions(&mut network.nodes().iter()).is_subset(&ran),
            "{text}"
        );
        let own: BTreeSet<&str> = network.weights().iter().map(|w| w.name.as_str()).collect();
        for (weight, gradient) in supernet.network.weights().iter().zip(&step.gradients) {
            // Edges of zeros leave operations on the path that reach no answer.
            let rests = gradient.iter().all(|slope| slope.abs() < 1e-12);
            let name = weight.name.as_str();
            assert!(own.contains(name) || rests, "{text}: {name}");
        }
        let trained = network.weights().iter().zip(&expected.gradients);
        for (weight, gradient) in trained.filter(|(_, gradient)| !gradient.is_empty()) {
            let place = supernet
                .network
                .weights()
                .iter()
                .position(|w| w.name == weight.name);
            let found = &step.gradients[place.unwrap()];
            let pairs = found.iter().zip(gradient);
            assert!(
                pairs
                    .clone()
                    .all(|(a, b)| (a - b).abs() < 2e-3 * (1.0 + b.abs())),
                "{text}: {}",
                weight.name
            );
        }
    }
}

#[test]
fn a_path_of_each_space_is_its_network() {
    a_path_is_its_network(&cells(Shape::image(3, 8, 8)));
    let darts = [("channels", "4"), ("cells", "3")];
    a_path_is_its_network(&space("darts", &darts, Shape::image(3, 8, 8)));
    a_path_is_its_network(&space("enas-micro", &darts, Shape::image(3, 8, 8)));
    let layers = [("channels", "4"), ("layers", "6")];
    a_path_is_its_network(&space("enas-macro", &layers, Shape::image(3, 8, 8)));
}

#[test]
fn exactly_one_operation_of_each_edge_is_computed() {
    let space = cells(Shape::image(3, 8, 8));
    let supernet = Supernet::of(&space).unwrap();
    let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
    let weights = Weights::init(&supernet.network, &Seed::new(1));
    let inputs = numbers(16 * 192, 3);
    // A 3x3 convolution everywhere: six in each of three cells, behind the stem
    // and two reductions of three convolutions each.
    let chosen = vec![vec![0.0, 0.0, 0.0, 1.0, 0.0]; 6];
    let mixture = supernet.mixture(&chosen);
    let step = module.mixed_step(&weights, &mixture, &inputs, None, |_, _| 0.0);
    let convolutions = step.computed.iter().filter(|&&index| {
        let operation = &supernet.network.nodes()[index].operation;
        matches!(operation, Operation::Convolution(_))
    });
    assert_eq!(convolutions.count(), 18 + 7);
    let hard = supernet.planned_memory(64, true);
    assert!(hard < supernet.planned_memory(64, false));
}

/// Small enough that few rectifiers change sides.
const STEP: f64 = 3e-4;

#[test]
fn the_gradient_of_the_mixture_is_the_slope() {
    let space = cells(Shape::image(3, 8, 8));
    let supernet = Supernet::of(&space).unwrap();
    let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
    let weights = Weights::init(&supernet.network, &Seed::new(1));
    let (inputs, factors) = (numbers(16 * 192, 3), numbers(160, 4));
    let mixed = vec![vec![0.1, 0.2, 0.3, 0.25, 0.15]; 6];
    let mut loss = |mixed: &[Vec<f64>], goal| {
        let mixture = supernet.mixture(mixed);
        module.mixed_step(&weights, &mixture, &inputs, goal, weighted(&factors))
    };
    let slopes = supernet.slopes(&loss(&mixed, Some(Goal::Mixture)).mixing, &mixed);
    let (mut errors, mut squares) = (0.0, 0.0);
    for site in 0..6 {
        // Zero counts nothing, whatever its weight.
        assert!(slopes[site][0].abs() < 1e-12);
        for option in 1..5 {
            let mut at = |sign: f64| {
                let mut moved = mixed.clone();
                moved[site][option] += sign * STEP;
                loss(&moved, None).loss
            };
            let slope = (at(1.0) - at(-1.0)) / (2.0 * STEP);
            errors += (slopes[site][option] - slope).powi(2);
            squares += slope.powi(2);
        }
    }
    // Rectifiers that change sides within the step make single slopes rough.
    assert!(errors < 0.04 * squares, "{errors} of {squares}");
}

/// Both kinds of space in which nodes choose their inputs: one where states that
/// nothing reads are put together, and one of skips.
fn with_inputs() -> [Space; 2] {
    let input = Shape::image(3, 8, 8);
    let layers = [("channels", "4"), ("layers", "6")];
    [
        space("enas-micro", &[("channels", "4"), ("cells", "3")], input),
        space("enas-macro", &layers, input),
    ]
}

#[test]
fn a_hard_mixture_is_the_path_of_its_architecture() {
    for space in with_inputs()
        .into_iter()
        .chain([cells(Shape::image(3, 8, 8))])
    {
        let supernet = Supernet::of(&space).unwrap();
        let mut random = Seed::new(3).stream();
        for _ in 0..20 {
            let drawn = space.sample(&Limits::default(), &mut random).unwrap();
            let mixture = supernet.mixture(&supernet.taken(&space, &drawn));
            let path = supernet.path(&space, &drawn);
            assert_eq!(mixture, path, "{}", space.text(&drawn));
        }
    }
}

/// So wide that the rounding of single numbers does not count.
const WIDE_STEP: f64 = 2e-3;

/// Which candidates enter a node decides which states are loose ends, too.
#[test]
fn the_gradient_of_inputs_goes_through_loose_ends() {
    for space in with_inputs() {
        let supernet = Supernet::of(&space).unwrap();
        let mut module = Module::supernet(&supernet.network, Kernels::Fused).unwrap();
        let weights = Weights::init(&supernet.network, &Seed::new(1));
        let (inputs, factors) = (numbers(16 * 192, 3), numbers(160, 4));
        let even = |site: &netsmith_nn::supernet::Site| {
            let count = site.zero.len();
            (0..count)
                .map(|k| (1.0 + 0.2 * k as f64) / (count as f64 * 1.6))
                .collect()
        };
        let mixed: Vec<Vec<f64>> = supernet.sites.iter().map(even).collect();
        let mut loss = |mixed: &[Vec<f64>], goal| {
            let mixture = supernet.mixture(mixed);
            module.mixed_step(&weights, &mixture, &inputs, goal, weighted(&factors))
        };
        let slopes = supernet.slopes(&loss(&mixed, Some(Goal::Mixture)).mixing, &mixed);
        let (mut errors, mut squares) = (0.0, 0.0);
        for (site, of) in supernet.sites.iter().enumerate() {
            if of.name.contains("operation") {
                continue;
            }
            for option in 0..of.zero.len() {
                let mut at = |sign: f64| {
                    let mut moved = mixed.clone();
                    moved[site][option] += sign * WIDE_STEP;
                    loss(&moved, None).loss
                };
                let slope = (at(1.0) - at(-1.0)) / (2.0 * WIDE_STEP);
                errors += (slopes[site][option] - slope).powi(2);
                squares += slope.powi(2);
            }
        }
        let name = space.name();
        assert!(errors < 0.04 * squares, "{name}: {errors} of {squares}");
    }
}

/// Skip connections lead everywhere: the strongest one stays, the other edges take
/// what comes second.
#[test]
fn a_cell_of_skip_connections_keeps_the_strongest() {
    let space = cells(Shape::image(1, 8, 8));
    let supernet = Supernet::of(&space).unwrap();
    let limits = Limits::default();
    let strengths: Vec<Vec<f64>> = (supernet.sites.iter().enumerate())
        .map(|(at, site)| {
            let options = site.skip.iter().enumerate();
            let strength = |(place, skip): (usize, &bool)| match skip {
                true => 0.5 + 0.01 * at as f64,
                false => 0.01 * place as f64,
            };
            options.map(strength).collect()
        })
        .collect();
    let free = supernet.derive(&space, &strengths, &limits).unwrap();
    assert_eq!(supernet.skips(&free).into_values().next(), Some([6, 6]));
    let few = supernet.derive_restrained(&space, &strengths, &limits);
    let text = space.text(&few.unwrap());
    assert_eq!(
        text,
        "|avg_pool_3x3~0|+|avg_pool_3x3~0|avg_pool_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1|skip_connect~2|"
    );
    // Where a limit leaves nothing but skip connections they stay.
    let parameters = space.network(&free).unwrap().parameters();
    let tight = limits.with(PARAMETERS, parameters as f64);
    let kept = supernet.derive_restrained(&space, &strengths, &tight);
    assert!(space.keeps(&kept.unwrap(), &tight));
}

/// A block that holds three tensors at its peak, of which bounds see only the two of one
/// operation: a limit between allows it until the whole network is known.
#[test]
fn bounds_that_are_too_loose_are_told() {
    let convolution = |out: usize| Operation::Convolution(Convolution::square(out, 1, 1));
    let space = Space::new("loose", &[Shape::image(4, 16, 16)], |_, decisions| {
        let decision = decisions.choice("block", ["residual", "identity"]);
        let mut residual = Graph::new(1);
        let input = residual.input(0);
        let wide = residual.operation("wide", convolution(16), &[input]);
        let again = residual.operation("again", convolution(16), &[wide]);
        let narrow = residual.operation("narrow", convolution(4), &[again]);
        let sum = residual.operation("sum", Operation::Add, &[input, narrow]);
        let choice = Choice {
            decision,
            options: vec![
                residual.with_output(sum),
                Graph::chain([Operation::Identity]),
            ],
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let x = graph.operation("stem", convolution(4), &[x]);
        let x = graph.choice("block", choice, &[x]);
        let x = graph.operation("pool", Operation::GlobalPool, &[x]);
        let x = graph.operation("head", Operation::Linear(Linear::new(10_usize)), &[x]);
        graph.with_output(x)
    })
    .unwrap();
    let supernet = Supernet::of(&space).unwrap();
    let strengths = vec![vec![0.9, 0.1]];
    let free = supernet.derive(&space, &strengths, &Limits::FREE).unwrap();
    let taken = |architecture| space.text(&architecture);
    assert_eq!(taken(free.clone()), "block=residual");
    let peak = MEMORY.count(&space.network(&free).unwrap()).unwrap();
    let tight = Limits::FREE.with(MEMORY, (peak - 1) as f64);
    let error = supernet.derive(&space, &strengths, &tight).unwrap_err();
    assert_eq!(error, DerivationError::Loose);
    // Nothing is drawn in silence, and what holds within bounds is derived.
    let other = supernet.derive(&space, &[vec![0.1, 0.9]], &tight);
    assert_eq!(taken(other.unwrap()), "block=identity");
}

#[test]
fn the_published_discretisation() {
    let darts = [("channels", "4"), ("cells", "3")];
    let space = space("darts", &darts, Shape::image(3, 16, 16));
    let supernet = Supernet::of(&space).unwrap();
    let even = vec![vec![0.125; 8]; supernet.sites.len()];
    let limits = Limits::default();
    let derived = supernet.derive(&space, &even, &limits).unwrap();
    // Equal strengths: the first two inputs and the first operation.
    let text = space.text(&derived);
    assert_eq!(text.matches("'max_pool_3x3'").count(), 16, "{text}");
    assert_eq!(
        text.matches(", 2)").count() + text.matches(", 3)").count(),
        0
    );
    // The option that only the supernet has is never taken, but costs strength.
    let mut strengths = even.clone();
    for (site, strengths) in supernet.sites.iter().zip(&mut strengths) {
        if site.name == "normal.node1.from0" {
            *strengths = vec![0.93, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01];
        }
        if site.name == "normal.node3.from4" {
            *strengths = vec![0.0, 0.1, 0.1, 0.2, 0.6, 0.0, 0.0, 0.0];
        }
    }
    let text = space.text(&supernet.derive(&space, &strengths, &limits).unwrap());
    assert!(
        text.contains("('max_pool_3x3', 1), ('max_pool_3x3', 2)"),
        "{text}"
    );
    assert!(text.contains("('sep_conv_3x3', 4)"), "{text}");
    // A limit is kept at the cost of strength.
    let network = space.network(&supernet.derive(&space, &strengths, &limits).unwrap());
    let most = network.unwrap().parameters() - 1;
    let limits = Limits::FREE.with(PARAMETERS, most as f64);
    let derived = supernet.derive(&space, &strengths, &limits).unwrap();
    assert!(space.network(&derived).unwrap().parameters() <= most);
}

struct Digits {
    data: SearchData,
    contract: Contract,
    space: Space,
    supernet: Supernet,
}

/// With the supernet that a method needs.
fn digits_for(method: &dyn Method) -> Digits {
    let digits = digits();
    Digits {
        supernet: Supernet::for_options(&digits.space, method.options()).unwrap(),
        ..digits
    }
}

fn digits() -> Digits {
    let digits = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (data, _test) = digits.split(&SplitOptions::default()).unwrap();
    let contract = Contract::fit(&data.train());
    let space = cells(Shape::image(1, 8, 8));
    let supernet = Supernet::of(&space).unwrap();
    Digits {
        data,
        contract,
        space,
        supernet,
    }
}

fn search_of<T>(
    digits: &Digits,
    method: &dyn Method,
    epochs: usize,
    run: impl FnOnce(&Search<'_>) -> T,
) -> T {
    let (train, valid) = (digits.data.train(), digits.data.valid());
    run(&Search {
        seed: Seed::new(7),
        epochs,
        ..Search::new(
            &digits.space,
            &digits.supernet,
            method,
            [&train, &valid],
            &digits.contract,
        )
    })
}

#[test]
fn a_search_that_was_killed_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    for (name, settings) in [
        ("gdas", vec![]),
        ("pc-darts", vec![("partial", "2")]),
        ("darts", vec![("second-order", "true")]),
        ("beta-darts", vec![]),
        ("single-path", vec![]),
    ] {
        let mut settings = settings;
        settings.extend([("warm-up", "0.3"), ("watch", "false")]);
        let method = method(name, &settings);
        let digits = digits_for(method.as_ref());
        search_of(&digits, method.as_ref(), 3, |search| {
            let whole = search.run(search.start(), &mut |_, _| Decision::Continue);
            let whole = whole.unwrap();
            let path = folder.path().join("state");
            let network = &digits.supernet.network;
            let broken = search.run(search.start(), &mut |report, state| {
                state.save(network, &path).unwrap();
                match report.number {
                    1 => Decision::Stop,
                    _ => Decision::Continue,
                }
            });
            assert_eq!(broken.unwrap().end, End::Stopped);
            let state = State::load(network, &path).unwrap();
            let resumed = search.run(state, &mut |_, _| Decision::Continue).unwrap();
            // Thousands of numbers help nobody.
            assert!(whole == resumed, "{name}");
            assert_eq!(whole.end, End::Finished);
            let learnt = whole.state.logits != search.start().logits;
            assert_eq!(learnt, name != "single-path", "{name}");
            assert!(whole.state.history[2].train_loss < whole.state.history[0].train_loss);
        });
    }
}

#[test]
fn a_supernet_that_never_had_a_finite_loss_is_an_error() {
    let digits = digits();
    let method = method("gdas", &[]);
    search_of(&digits, method.as_ref(), 2, |search| {
        let mut state = search.start();
        state.weights.0[0][0] = f32::NAN;
        let found = search.run(state, &mut |_, _| Decision::Continue);
        assert!(matches!(found, Err(SearchError::Diverged)), "{found:?}");
    });
}

#[test]
fn an_epoch_that_is_no_number_is_rolled_back() {
    let digits = digits();
    let method = method("darts", &[("watch", "false")]);
    search_of(&digits, method.as_ref(), 3, |search| {
        let mut healthy = None;
        let found = search.run(search.start(), &mut |report, state| {
            if report.number == 0 {
                healthy = Some(state.clone());
                return Decision::Stop;
            }
            Decision::Continue
        });
        assert_eq!(found.unwrap().state, healthy.clone().unwrap());
        let mut poisoned = healthy.clone().unwrap();
        poisoned.weights.0[0][0] = f32::NAN;
        let found = search
            .run(poisoned.clone(), &mut |_, _| Decision::Continue)
            .unwrap();
        // All roll-backs lead to the same poisoned epoch: it ends there, with
        // the architecture that was healthy.
        assert_eq!(found.end, End::Diverged);
        assert_eq!(found.state.history, healthy.unwrap().history);
    });
}

#[test]
fn batches_that_are_no_numbers_end_at_the_last_healthy_epoch() {
    let digits = digits();
    let mut poisoned = digits.contract.clone();
    let mut images = Images::identity([1, 8, 8]);
    images.channels[0].mean = f32::NAN;
    poisoned.modality = Arc::new(images);
    for name in ["darts", "gdas", "single-path"] {
        let method = method(name, &[("warm-up", "0"), ("watch", "false")]);
        search_of(&digits, method.as_ref(), 3, |search| {
            let first = search.run(search.start(), &mut |_, _| Decision::Stop);
            let first = first.unwrap();
            let bad = Search {
                contract: &poisoned,
                ..*search
            };
            let found = bad.run(first.state.clone(), &mut |_, _| Decision::Continue);
            let found = found.unwrap();
            assert_eq!(found.end, End::Diverged, "{name}");
            // Thousands of numbers help nobody.
            let kept = found.state.weights == first.state.weights
                && found.state.logits == first.state.logits
                && found.state.history == first.state.history;
            assert!(kept, "{name}");
            let never = bad.run(bad.start(), &mut |_, _| Decision::Continue);
            assert!(matches!(never, Err(SearchError::Diverged)), "{name}");
        });
    }
}

#[test]
fn an_exploding_learning_rate_never_gives_a_result_that_is_no_number() {
    let digits = digits();
    for name in ["darts", "gdas"] {
        let settings = [
            ("learning-rate", "10"),
            ("warm-up", "0"),
            ("watch", "false"),
        ];
        let method = method(name, &settings);
        search_of(&digits, method.as_ref(), 3, |search| {
            let found = search.run(search.start(), &mut |_, _| Decision::Continue);
            let found = match found {
                Err(error) => {
                    assert!(matches!(error, SearchError::Diverged), "{name}: {error}");
                    return;
                }
                Ok(found) => found,
            };
            assert_eq!(digits.space.check(&found.architecture), Ok(()));
            let state = &found.state;
            let weights = state.weights.0.iter().flatten();
            assert!(
                weights.into_iter().all(|weight| weight.is_finite()),
                "{name}"
            );
            let logits = state.logits.iter().flatten();
            assert!(logits.into_iter().all(|logit| logit.is_finite()), "{name}");
            let losses = state.history.iter();
            let mut losses = losses.flat_map(|epoch| [epoch.train_loss, epoch.path_loss]);
            assert!(losses.all(f64::is_finite), "{name}");
        });
    }
}

/// The tests of what each method does to a search that is not on its own loop
/// alone: they are judged, selected and ended alike.
#[test]
fn every_method_searches_and_selects() {
    for entry in CATALOGUE {
        let mut settings = vec![("warm-up", "0.3"), ("watch", "false")];
        if entry.name == "single-path" {
            settings.extend([
                ("selection", "evolution"),
                ("candidates", "4"),
                ("generations", "2"),
                ("recalibration", "2"),
            ]);
        }
        if entry.name == "pc-darts" {
            settings.push(("partial", "2"));
        }
        let method = method(entry.name, &settings);
        let digits = digits_for(method.as_ref());
        search_of(&digits, method.as_ref(), 3, |search| {
            let found = search.run(search.start(), &mut |_, _| Decision::Continue);
            let found = found.unwrap();
            let again = search.run(search.start(), &mut |_, _| Decision::Continue);
            assert_eq!(digits.space.check(&found.architecture), Ok(()));
            assert!(again.unwrap().architecture == found.architecture);
            let text = digits.space.text(&found.architecture);
            assert!(!text.contains("none"), "{}: {text}", entry.name);
        });
    }
}

#[test]
fn a_cost_in_the_loss_makes_networks_smaller() {
    let digits = digits();
    let parameters = |network: &netsmith::network::Network| network.parameters() as f64;
    let costs = OptionCosts {
        weight: 50.0,
        ..OptionCosts::of(&digits.supernet, &digits.space, &parameters)
    };
    // A 3x3 convolution in three cells of 4, 8 and 16 channels.
    let convolution = 9.0 * f64::from(4 * 4 + 8 * 8 + 16 * 16);
    assert!((costs.costs[0][3] - convolution).abs() < 1e-9);
    assert!(costs.costs[0][1].abs() < 1e-9);
    let settings = [
        ("warm-up", "0"),
        ("watch", "false"),
        ("architecture-rate", "0.1"),
    ];
    let mut sums = [0, 0];
    for name in ["darts", "gdas", "drnas", "fair-darts"] {
        let method = method(name, &settings);
        search_of(&digits, method.as_ref(), 3, |search| {
            let total = |costs: Option<&OptionCosts>| {
                let pressed = Search { costs, ..*search };
                let found = pressed.run(pressed.start(), &mut |_, _| Decision::Continue);
                let network = digits.space.network(&found.unwrap().architecture);
                network.unwrap().parameters()
            };
            let (free, pressed) = (total(None), total(Some(&costs)));
            assert!(pressed <= free, "{name}: {pressed} of {free}");
            sums = [sums[0] + pressed, sums[1] + free];
            // A target that every network keeps changes nothing.
            let wide = OptionCosts {
                target: Some(1e9),
                ..costs.clone()
            };
            assert_eq!(total(Some(&wide)), free, "{name}");
        });
    }
    assert!(sums[0] < sums[1], "{sums:?}");
}

//! PC-DARTS: operations on a part of the channels, and edges with weights.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::network::operation::{Activation, ChannelShuffle};
use netsmith::network::{Builder, Network, Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{Choice, Graph, Limits, Space, Task, build_named};
use netsmith_nn::module::{Goal, Kernels, Mixture, Module, Weights};
use netsmith_nn::supernet::{CATALOGUE, Supernet, SupernetError};
use rand::RngExt;
use std::collections::BTreeMap;

/// The supernet in which operations see one in `share` channels.
fn narrow(space: &Space, share: usize) -> Result<Supernet, SupernetError> {
    let mut entries = CATALOGUE.iter();
    let entry = entries.find(|entry| entry.name == "pc-darts").unwrap();
    let given = BTreeMap::from([("partial".to_owned(), share.to_string())]);
    let method = (entry.build)(&Settings::new(entry.parameters, &given).unwrap());
    Supernet::for_options(space, method.options())
}

fn named(name: &str, settings: &[(&str, &str)]) -> Space {
    let pairs = settings.iter();
    let settings = pairs.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let task = Task::vector(Shape::image(3, 8, 8), 10);
    build_named(name, &task, &settings.collect()).unwrap()
}

fn numbers(count: usize) -> Vec<f32> {
    let mut random = Seed::new(1).stream();
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// What a network answers, and the slopes of the mixture for the sum of the
/// answers times numbers.
fn answers(network: &Network, mixture: &Mixture, inputs: &[f32]) -> (Vec<f32>, Vec<Vec<f64>>) {
    let mut module = Module::supernet(network, Kernels::Fused).unwrap();
    let weights = Weights::init(network, &Seed::new(2));
    let mut seen = Vec::new();
    let goal = Some(Goal::Mixture);
    let step = module.mixed_step(&weights, mixture, inputs, goal, |answers, gradient| {
        seen = answers.to_vec();
        gradient.copy_from_slice(&numbers(answers.len()));
        0.0
    });
    (seen, step.mixing)
}

/// An edge of the identity and a rectifier on eight channels, which is all
/// there is.
fn edge() -> Space {
    Space::new("edge", &[Shape::image(8, 1, 1)], |_, decisions| {
        let choice = Choice {
            decision: decisions.choice("operation", ["skip", "relu"]),
            options: vec![
                Graph::chain([Operation::Identity]),
                Graph::chain([Operation::Activation(Activation::Relu)]),
            ],
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let x = graph.choice("edge", choice, &[graph.input(0)]);
        graph.with_output(x)
    })
    .unwrap()
}

#[test]
fn the_first_channels_are_computed_and_all_are_shuffled() {
    let edge = narrow(&edge(), 4).unwrap();
    let inputs: Vec<f32> = (0..8).map(|i| -1.0 - i as f32).collect();
    let run = |weights: [f32; 2]| {
        let mixture = Mixture(vec![weights.to_vec()]);
        answers(&edge.network, &mixture, &inputs).0
    };
    // Channels in the order 0 2 4 6 1 3 5 7.
    let skipped = vec![-1.0, -3.0, -5.0, -7.0, -2.0, -4.0, -6.0, -8.0];
    assert_eq!(run([1.0, 0.0]), skipped);
    let rectified = vec![0.0, -3.0, -5.0, -7.0, 0.0, -4.0, -6.0, -8.0];
    assert_eq!(run([0.0, 1.0]), rectified);
    let half = vec![-0.5, -3.0, -5.0, -7.0, -1.0, -4.0, -6.0, -8.0];
    assert_eq!(run([0.5, 0.5]), half);
    // A node that one edge enters has no weights of edges.
    assert_eq!(edge.sites.len(), 1);
}

#[test]
fn a_shuffle_of_the_other_groups_undoes_it() {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(12, 2, 2));
    let shuffle = |groups| Operation::ChannelShuffle(ChannelShuffle { groups });
    let mixed = builder.add("there", shuffle(4), &[x]).unwrap();
    let back = builder.add("back", shuffle(3), &[mixed]).unwrap();
    let network = builder.finish(&[back]);
    let inputs = numbers(48);
    let found = answers(&network, &Mixture::default(), &inputs).0;
    assert_eq!(found, inputs);
}

/// With all channels an edge's weight and an operation's are one product.
#[test]
fn with_all_channels_it_is_darts_with_weighted_edges() {
    let space = named("nas-bench-201", &[("channels", "4"), ("cells", "1")]);
    let plain = Supernet::of(&space).unwrap();
    let weighted = narrow(&space, 1).unwrap();
    // Nodes 2 and 3 are entered by several edges.
    assert_eq!(weighted.sites.len(), 8);
    let alphas = vec![vec![0.1, 0.2, 0.3, 0.25, 0.15]; 6];
    let betas = [vec![0.3, 0.7], vec![0.2, 0.5, 0.3]];
    let own: Vec<Vec<f64>> = alphas.iter().chain(&betas).cloned().collect();
    let factors = [1.0, 0.3, 0.7, 0.2, 0.5, 0.3];
    let folded = alphas.iter().zip(factors);
    let folded: Vec<Vec<f64>> = folded
        .map(|(alphas, factor)| alphas.iter().map(|a| a * factor).collect())
        .collect();
    let inputs = numbers(16 * 192);
    let (found, mixing) = answers(&weighted.network, &weighted.mixture(&own), &inputs);
    let (expected, of) = answers(&plain.network, &plain.mixture(&folded), &inputs);
    let pairs = || found.iter().zip(&expected);
    assert!(pairs().all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + b.abs())));
    // ∂L/∂β_j = Σ_k α_jk ∂L/∂(α_jk β_j).
    let (slopes, of) = (weighted.slopes(&mixing, &own), plain.slopes(&of, &folded));
    for (edge, expected) in [(1, slopes[6][0]), (4, slopes[7][1])] {
        let pairs = alphas[edge].iter().zip(&of[edge]);
        let sum: f64 = pairs.map(|(alpha, slope)| alpha * slope).sum();
        assert!(
            (sum - expected).abs() < 1e-2 * (1.0 + expected.abs()),
            "{sum} {expected}"
        );
    }
}

#[test]
fn operations_have_a_part_of_the_channels() {
    let space = named("darts", &[("channels", "8"), ("cells", "3")]);
    let supernet = narrow(&space, 4).unwrap();
    let shape = |name: &str| {
        let mut nodes = supernet.network.nodes().iter();
        let node = nodes.find(|node| node.name == name);
        node.unwrap_or_else(|| panic!("no node `{name}`")).shape
    };
    // Cell 1 halves the image and doubles the channels.
    let part = "cell1.node0.from0.operation.";
    assert_eq!(shape(&format!("{part}mix")), Shape::image(4, 4, 4));
    assert_eq!(shape(&format!("{part}rest.pool")), Shape::image(12, 4, 4));
    assert_eq!(shape(&format!("{part}shuffle")), Shape::image(16, 4, 4));
    let all = Supernet::of(&space).unwrap().network.parameters();
    assert!(3 * supernet.network.parameters() < 2 * all);
    // Four nodes of each kind of cell, each entered by two edges or more.
    assert_eq!(supernet.sites.len(), 28 + 8);
    assert!(
        supernet.planned_memory(64, false)
            < Supernet::of(&space).unwrap().planned_memory(64, false)
    );
}

/// The strength of an edge is that of its operation times its own.
#[test]
fn edges_are_taken_by_both_weights() {
    let space = named("darts", &[("channels", "8"), ("cells", "3")]);
    let supernet = narrow(&space, 4).unwrap();
    let even = supernet.sites.iter().map(|site| vec![0.1; site.zero.len()]);
    let mut strengths: Vec<Vec<f64>> = even.collect();
    let place = |name: &str| supernet.sites.iter().position(|site| site.name == name);
    // The operations alone would take inputs 0 and 1.
    let strong = place("normal.node1.from0").unwrap();
    strengths[strong][3] = 0.2;
    strengths[place("normal.node1.edges").unwrap()] = vec![0.1, 0.3, 0.6];
    let derived = supernet
        .derive(&space, &strengths, &Limits::default())
        .unwrap();
    let text = space.text(&derived);
    assert!(
        text.contains("('max_pool_3x3', 1), ('max_pool_3x3', 2)"),
        "{text}"
    );
    // A path counts the edges that enter alike.
    let taken = supernet.taken(&space, &derived);
    assert_eq!(
        taken[place("normal.node1.edges").unwrap()],
        vec![0.0, 0.5, 0.5]
    );
}

#[test]
fn what_cannot_be_divided_is_refused() {
    let refusal = |name: &str, settings: &[(&str, &str)]| {
        let error = narrow(&named(name, settings), 4).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string()
    };
    let odd = refusal("nas-bench-201", &[("channels", "4")]);
    assert!(odd.contains("a multiple of twice it"), "{odd}");
    let inputs = refusal("enas-micro", &[("channels", "8")]);
    assert!(inputs.contains("`normal.node0.input0`"), "{inputs}");
    let skips = refusal("enas-macro", &[("channels", "8")]);
    assert!(skips.contains("`layer1.skips`"), "{skips}");
}

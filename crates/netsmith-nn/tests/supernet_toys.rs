//! Gradient search where the right answer is known: one edge, on data that one
//! of its operations explains.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::network::operation::{Activation, Linear};
use netsmith::network::{Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{Choice, Graph, Size, Space};
use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
use netsmith_nn::supernet::{CATALOGUE, Decision, Search, Supernet};
use rand::RngExt;
use std::collections::BTreeMap;
use std::fmt::Write;

const SEEDS: [u64; 3] = [1, 2, 3];

/// A space of one edge from the columns, and what stands behind it.
fn edge(
    columns: usize,
    options: fn() -> Vec<Graph>,
    names: &[&str],
    head: Operation<Size>,
) -> Space {
    Space::new("edge", &[Shape::vector(columns)], |_, decisions| {
        let decision = decisions.choice("operation", names.iter().copied());
        let choice = Choice {
            decision,
            options: options(),
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let x = graph.choice("edge", choice, &[x]);
        let x = graph.operation("head", head.clone(), &[x]);
        graph.with_output(x)
    })
    .unwrap()
}

/// The option that a method takes on rows of `target`.
fn taken(
    space: &Space,
    name: &str,
    settings: &[(&str, &str)],
    epochs: usize,
    seed: u64,
    target: impl Fn(&[f64]) -> f64,
) -> String {
    let mut random = Seed::new(seed).child("rows").stream();
    let network = space.supernet().unwrap();
    let columns = network.inputs().map(Shape::elements).sum::<usize>();
    let mut csv = String::new();
    for column in 0..columns {
        write!(csv, "x{column},").unwrap();
    }
    csv.push_str("y\n");
    for _ in 0..1_200 {
        let mut value = || random.random_range(-1.0..1.0);
        let row: Vec<f64> = (0..columns).map(|_| value()).collect();
        for value in &row {
            write!(csv, "{value},").unwrap();
        }
        writeln!(csv, "{}", target(&row)).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, csv).unwrap();
    let options = LoadOptions {
        target: Some("y".into()),
        ..LoadOptions::default()
    };
    let source = format!("csv:{}", path.display()).parse().unwrap();
    let (data, _test) = data::load(&source, &options)
        .unwrap()
        .split(&SplitOptions::default())
        .unwrap();
    let (train, valid) = (data.train(), data.valid());
    let contract = Contract::fit(&train);
    let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
    let given: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let method = (entry.build)(&Settings::new(entry.parameters, &given).unwrap());
    let supernet = Supernet::for_options(space, method.options()).unwrap();
    let search = Search {
        seed: Seed::new(seed),
        epochs,
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
    let decision = space.order()[0];
    let option = found.architecture.option(decision).unwrap();
    space.decision(decision).option_name(option)
}

#[test]
fn the_operation_that_made_the_data_is_found() {
    let options = || {
        vec![
            Graph::chain([Operation::Identity]),
            Graph::chain([Operation::Activation(Activation::Relu)]),
            Graph::chain([Operation::Activation(Activation::Tanh)]),
        ]
    };
    let head = Operation::Linear(Linear::new(1_usize));
    let space = edge(4, options, &["skip", "relu", "tanh"], head);
    let usual = [
        ("batch", "32"),
        ("architecture-rate", "0.05"),
        ("watch", "false"),
    ];
    // Methods that run one option at a time share the head among options of other
    // scales, and take the one whose scale fits the compromise.
    for name in ["darts", "pc-darts", "drnas", "darts-pt"] {
        let mut settings = usual.to_vec();
        if name == "pc-darts" {
            // Columns of a table are no channels that could take turns.
            settings.push(("partial", "1"));
        }
        for seed in SEEDS {
            let own = taken(&space, name, &settings, 15, seed, |row| {
                row.iter().map(|x| x.max(0.0)).sum()
            });
            assert_eq!(own, "relu", "{name} {seed}");
            let own = taken(&space, name, &settings, 15, seed, |row| row.iter().sum());
            assert_eq!(own, "skip", "{name} {seed}");
        }
    }
}

/// A skip connection explains most of the data at once; layers that must be learnt
/// explain all of it later, and alone: their outputs are bounded, so what the skip
/// adds cannot be made good. Without warm-up the skip wins wherever the first
/// weights of the layers point the wrong way.
#[test]
fn warm_up_springs_the_skip_trap() {
    let options = || {
        let tanh = || Operation::Activation(Activation::Tanh);
        let linear = |width: usize| Operation::Linear(Linear::new(width));
        vec![
            Graph::chain([Operation::Identity]),
            Graph::chain([linear(8), tanh(), linear(1), tanh()]),
        ]
    };
    let space = edge(1, options, &["skip", "layers"], Operation::Identity);
    let skips = |warm_up: &str| {
        let settings = [
            ("batch", "32"),
            ("learning-rate", "0.01"),
            ("architecture-rate", "1"),
            ("watch", "false"),
            ("warm-up", warm_up),
        ];
        let steep = |row: &[f64]| (4.0 * row[0]).tanh();
        let taken = |seed| taken(&space, "darts", &settings, 6, seed, steep);
        (1..=5).filter(|&seed| taken(seed) == "skip").count()
    };
    assert!(skips("0") >= 2);
    assert_eq!(skips("0.5"), 0);
}

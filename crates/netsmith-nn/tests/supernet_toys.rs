//! Gradient search where the right answer is known: one edge, on data that one
//! of its operations explains.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::catalogue::Settings;
use netsmith::network::operation::{Activation, Linear};
use netsmith::network::{Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{Choice, Graph, Limits, Space};
use netsmith_nn::data::{self, Augmentation, LoadOptions, Normalization, SplitOptions};
use netsmith_nn::module::Kernels;
use netsmith_nn::supernet::{CATALOGUE, Decision, Search, Supernet};
use rand::RngExt;
use std::collections::BTreeMap;
use std::fmt::Write;

const COLUMNS: usize = 4;

const SEEDS: [u64; 3] = [1, 2, 3];

/// A space of one edge between the columns and a linear head.
fn edge(options: fn() -> Vec<Graph>, names: &[&str]) -> Space {
    Space::new("edge", &[Shape::vector(COLUMNS)], |_, decisions| {
        let decision = decisions.choice("operation", names.iter().copied());
        let choice = Choice {
            decision,
            options: options(),
            search_only: Vec::new(),
        };
        let mut graph = Graph::new(1);
        let x = graph.input(0);
        let x = graph.choice("edge", choice, &[x]);
        let head = Operation::Linear(Linear::new(1_usize));
        let x = graph.operation("head", head, &[x]);
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
    let mut csv = "a,b,c,d,y\n".to_owned();
    for _ in 0..1_200 {
        let row: Vec<f64> = (0..COLUMNS)
            .map(|_| random.random_range(-1.0..1.0))
            .collect();
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
    let entry = CATALOGUE.iter().find(|entry| entry.name == name).unwrap();
    let given: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let method = (entry.build)(&Settings::new(entry.parameters, &given).unwrap());
    let supernet = Supernet::for_options(space, method.options()).unwrap();
    let search = Search {
        space,
        supernet: &supernet,
        method: method.as_ref(),
        kernels: Kernels::Fused,
        limits: Limits::default(),
        costs: None,
        reward: None,
        train: &train,
        valid: &valid,
        normalization: &Normalization::fit(&train),
        augmentation: Augmentation::NONE,
        seed: Seed::new(seed),
        epochs,
        epoch_steps: None,
        cancel: None,
        deadline: None,
        judging_deadline: None,
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
    let space = edge(options, &["skip", "relu", "tanh"]);
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

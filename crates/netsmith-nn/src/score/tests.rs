//! Scores against PyTorch, and on networks worked by hand. The values in
//! `tests/golden/scores.json` were written by `xtask/torch/golden_scores.py`,
//! which builds the same networks from the same integer hash.

use super::*;
use crate::data::{Batch, Column};
use crate::hashed::{hashed, weights};
use crate::module::Weights;
use crate::task::loss::LossOptions;
use crate::task::{Classification, Task};
use netsmith::catalogue::find;
use netsmith::network::operation::{Activation, BatchNorm, Convolution, Linear, Pool};
use netsmith::network::{Builder, Network, Operation, Shape};
use netsmith::random::Seed;
use netsmith::space::{self, Limits};

const SAMPLES: usize = 12;
const CLASSES: usize = 5;

fn start(network: &Network) -> Weights {
    Weights(weights(network))
}

struct Graph(Builder);

impl Graph {
    fn add(&mut self, operation: Operation, inputs: &[usize]) -> usize {
        self.0.add("node", operation, inputs).unwrap()
    }

    fn convolved(&mut self, x: usize, out: usize, stride: usize) -> usize {
        let convolution = Convolution::square(out, 3_usize, stride);
        let x = self.add(Operation::Convolution(convolution), &[x]);
        self.add(Operation::BatchNorm(BatchNorm { affine: true }), &[x])
    }

    fn relu(&mut self, x: usize) -> usize {
        self.add(Operation::Activation(Activation::Relu), &[x])
    }

    /// An edge of a NAS-Bench-201 cell.
    fn edge(&mut self, x: usize, out: usize, stride: usize) -> usize {
        let x = self.relu(x);
        self.convolved(x, out, stride)
    }

    fn cell(&mut self, x: usize, out: usize) -> usize {
        let a = self.edge(x, out, 1);
        let y = self.edge(a, out, 1);
        let b = self.add(Operation::Add, &[x, y]);
        let pool = Operation::AvgPool(Pool::square(3_usize, 1_usize));
        let direct = self.add(pool, &[x]);
        let (y, z) = (self.edge(a, out, 1), self.edge(b, out, 1));
        self.add(Operation::Add, &[direct, y, z])
    }

    fn linear(&mut self, x: usize, out: usize) -> usize {
        self.add(Operation::Linear(Linear::new(out)), &[x])
    }
}

fn image_network() -> Network {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(3, 8, 8));
    let mut graph = Graph(builder);
    let x = graph.convolved(x, 4, 1);
    let x = graph.relu(x);
    let y = graph.convolved(x, 4, 1);
    let x = graph.add(Operation::Add, &[x, y]);
    let x = graph.convolved(x, 6, 2);
    let x = graph.relu(x);
    let x = graph.add(Operation::GlobalPool, &[x]);
    let x = graph.linear(x, CLASSES);
    graph.0.finish(&[x])
}

/// Two cells in each of three stages, as in NAS-Bench-201.
fn deep_network() -> Network {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(3, 16, 16));
    let mut graph = Graph(builder);
    let mut x = graph.convolved(x, 8, 1);
    for out in [8, 16, 32_usize] {
        if out > 8 {
            let y = graph.edge(x, out, 2);
            let y = graph.edge(y, out, 1);
            let pool = Operation::AvgPool(Pool::square(2_usize, 2_usize));
            let short = graph.add(pool, &[x]);
            let projection = Convolution::square(out, 1_usize, 1_usize);
            let short = graph.add(Operation::Convolution(projection), &[short]);
            x = graph.add(Operation::Add, &[y, short]);
        }
        x = graph.cell(x, out);
        x = graph.cell(x, out);
    }
    let x = graph.add(Operation::BatchNorm(BatchNorm { affine: true }), &[x]);
    let x = graph.relu(x);
    let x = graph.add(Operation::GlobalPool, &[x]);
    let x = graph.linear(x, CLASSES);
    graph.0.finish(&[x])
}

fn table_network() -> Network {
    let mut builder = Builder::new();
    let mut x = builder.input("x", Shape::vector(7));
    let mut graph = Graph(builder);
    for _ in 0..2 {
        x = graph.linear(x, 8);
        x = graph.relu(x);
    }
    let x = graph.linear(x, CLASSES);
    graph.0.finish(&[x])
}

fn data(size: usize) -> ScoreData {
    let batch = |number: u64| Batch {
        inputs: vec![hashed(1000 + number, SAMPLES * size)],
        targets: vec![Column::index(
            (0..SAMPLES as u32).map(|i| (7 * i + 3) % 5).collect(),
            1,
        )],
        weights: None,
        positions: (0..SAMPLES as u32).collect(),
    };
    ScoreData {
        batches: [batch(0), batch(1)],
        loss: Classification::numbered(CLASSES).loss(&LossOptions::default()),
    }
}

fn golden(network: &str, score: &str) -> f64 {
    let text = include_str!("../../tests/golden/scores.json");
    let golden: serde_json::Value = serde_json::from_str(text).unwrap();
    golden[network][score].as_f64().unwrap()
}

#[track_caller]
fn check(name: &str, network: &Network) {
    let input = network.inputs().next().unwrap().elements();
    let data = data(input);
    let seed = Seed::new(1);
    let mut subject = Subject::with_weights(network, &data, &seed, start(network)).unwrap();
    let mut faults = Vec::new();
    for (score, tolerance) in [
        ("grad_norm", 1e-5),
        ("snip", 1e-5),
        ("grasp", 1e-3),
        ("fisher", 1e-4),
        ("synflow", 1e-6),
        ("logsynflow", 1e-6),
        ("jacob_cov", 1e-4),
        ("naswot", 1e-9),
        // Where the gradients of both batches are all but equal, their deviation is
        // known to few digits of 32 bits; a deep network has many such weights.
        ("zico", if name == "deep" { 2e-3 } else { 1e-4 }),
    ] {
        let found = subject.score(find("score", CATALOGUE, score).unwrap());
        let expected = golden(name, score);
        if (found / expected - 1.0).abs() >= tolerance {
            faults.push(format!("{score}: {found} instead of {expected}"));
        }
    }
    assert!(faults.is_empty(), "{name}: {faults:?}");
    let batches = data.batches.each_ref().map(|batch| &batch.inputs[0][..]);
    let found = zen::of(network, &mut start(network), batches, SAMPLES);
    let expected = golden(name, "zen");
    assert!(
        (found - expected).abs() < 1e-4,
        "{found} instead of {expected}"
    );
}

#[test]
fn a_network_for_images_scores_as_in_pytorch() {
    check("image", &image_network());
}

#[test]
fn a_deep_network_of_cells_scores_as_in_pytorch() {
    check("deep", &deep_network());
}

#[test]
fn a_network_for_tables_scores_as_in_pytorch() {
    check("table", &table_network());
}

/// W1 = [[1, 2], [3, 4]], W2 = [1, 1] and a sample of ones: the flow R is 10, and
/// each of the two layers has R of it.
#[test]
fn the_flow_of_two_layers_is_as_worked_by_hand() {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::vector(2));
    let linear = |out: usize| {
        Operation::Linear(Linear {
            bias: false,
            ..Linear::new(out)
        })
    };
    let x = builder.add("first", linear(2), &[x]).unwrap();
    let x = builder.add("second", linear(1), &[x]).unwrap();
    let network = builder.finish(&[x]);
    let weights = Weights(vec![vec![1.0, -2.0, 3.0, 4.0], vec![-1.0, 1.0]]);
    let data = ScoreData::random(Shape::vector(2), 1, 4, &Seed::new(1));
    let mut subject = Subject::with_weights(&network, &data, &Seed::new(1), weights).unwrap();
    let score = subject.score(&synflow::ENTRY);
    assert!((score - 20.0_f64.ln()).abs() < 1e-12, "{score}");
    // Slopes 1 of the first layer; 3 and 7 of the second.
    let by_hand = 10.0 * 2.0_f64.ln() + 4.0_f64.ln() + 8.0_f64.ln();
    let score = subject.score(&logsynflow::ENTRY);
    assert!((score - by_hand).abs() < 1e-12, "{score}");
}

/// L = mean (y − t)² of a linear layer y = w x: the Hessian is 2 mean x², so
/// that H g = 2 m₂ · 2 (w m₂ − m_xt).
#[test]
fn grasp_of_a_parabola_is_as_worked_by_hand() {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::vector(1));
    let linear = Linear {
        bias: false,
        ..Linear::new(1_usize)
    };
    let x = builder.add("y", Operation::Linear(linear), &[x]).unwrap();
    let network = builder.finish(&[x]);
    let mut data = ScoreData::random(Shape::vector(1), 1, 2, &Seed::new(1));
    data.batches[0].inputs = vec![vec![1.0, 2.0]];
    data.batches[0].targets = vec![Column::real(vec![1.0, 0.5], 1)];
    let weights = Weights(vec![vec![3.0]]);
    let mut subject = Subject::with_weights(&network, &data, &Seed::new(1), weights).unwrap();
    // m₂ = 2.5, m_xt = 1: g = 13, H g = 65.
    let score = subject.score(&grasp::ENTRY);
    assert!((score + 195.0).abs() < 0.1, "{score}");
    // ½ mean (y · ∂L/∂y)² with y = 3, 6 and ∂L/∂y = 2, 5.5.
    let fisher = subject.score(&fisher::ENTRY);
    assert!((fisher - 0.25 * (36.0 + 1089.0)).abs() < 1e-3, "{fisher}");
}

#[test]
fn every_score_is_a_finite_number_on_every_space() {
    for entry in space::CATALOGUE {
        for (input, outputs) in [(Shape::image(3, 8, 8), 4), (Shape::vector(6), 1)] {
            let task = space::Task::vector(input, outputs);
            let settings = netsmith::catalogue::Settings::defaults(entry.parameters);
            let Ok(space) = (entry.build)(&task, &settings) else {
                continue;
            };
            let mut random = Seed::new(3).stream();
            let architecture = space.sample(&Limits::default(), &mut random).unwrap();
            let network = space.network(&architecture).unwrap();
            let data = ScoreData::random(input, outputs, 6, &Seed::new(4));
            let scorer = |seed: u64| {
                let all = CATALOGUE.iter().collect();
                TrainingFree::new(all, data.clone(), &Seed::new(seed)).of(&network)
            };
            let first = scorer(5);
            assert!(first.iter().all(|score| score.is_finite()));
            assert_eq!(first, scorer(5), "{}", entry.name);
            assert_ne!(first, scorer(6), "{}", entry.name);
        }
    }
}

//! Three training steps of three networks against PyTorch: the values in
//! `golden/training.json` were written by `xtask/torch/golden_training.py`,
//! which builds the same networks from the same integer hash.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "golden/hashed.rs"]
mod hashed;

use hashed::{hashed, weights};
use netsmith::network::operation::{Activation, BatchNorm, Convolution, LayerNorm, Linear, Pool};
use netsmith::network::{Builder, Network, Operation, Shape};
use netsmith_nn::module::{Kernels, Module, Noise, Weights};
use netsmith_nn::train::{Optimizer, OptimizerState};
use serde_json::Value;

const SAMPLES: usize = 20;
const CLASSES: usize = 10;
const STEPS: usize = 3;
const SMOOTHING: f64 = 0.1;

fn start(network: &Network) -> Weights {
    Weights(weights(network))
}

/// A builder that names nodes by their number.
struct Graph(Builder);

impl Graph {
    fn add(&mut self, operation: Operation, inputs: &[usize]) -> usize {
        self.0.add("node", operation, inputs).unwrap()
    }

    fn convolution(&mut self, x: usize, out: usize, kernel: usize, stride: usize) -> usize {
        let convolution = Convolution::square(out, kernel, stride);
        self.add(Operation::Convolution(convolution), &[x])
    }

    fn norm(&mut self, x: usize) -> usize {
        self.add(Operation::BatchNorm(BatchNorm { affine: true }), &[x])
    }

    fn activation(&mut self, activation: Activation, x: usize) -> usize {
        self.add(Operation::Activation(activation), &[x])
    }

    fn linear(&mut self, x: usize, out: usize) -> usize {
        self.add(Operation::Linear(Linear::new(out)), &[x])
    }

    fn head(mut self, x: usize) -> Network {
        let x = match self.0.shape(x) {
            Shape::Image { .. } => self.add(Operation::GlobalPool, &[x]),
            Shape::Vector { .. } => x,
        };
        let x = self.linear(x, CLASSES);
        self.0.finish(&[x])
    }

    fn edge(&mut self, x: usize, kernel: usize) -> usize {
        let out = self.0.shape(x).channels();
        let y = self.activation(Activation::Relu, x);
        let y = self.convolution(y, out, kernel, 1);
        self.norm(y)
    }

    fn cell(&mut self, x: usize) -> usize {
        let a = self.edge(x, 3);
        let b = self.edge(a, 1);
        let b = self.add(Operation::Add, &[x, b]);
        let pooled = self.add(Operation::AvgPool(Pool::square(3_usize, 1_usize)), &[a]);
        let direct = self.edge(x, 3);
        let last = self.edge(b, 3);
        self.add(Operation::Add, &[direct, pooled, last])
    }

    fn bottleneck(&mut self, x: usize, kernel: usize, stride: usize) -> usize {
        let y = self.convolution(x, 24, 1, 1);
        let y = self.norm(y);
        let y = self.activation(Activation::HardSwish, y);
        let depthwise = Convolution::square(24_usize, kernel, stride).depthwise();
        let y = self.add(Operation::Convolution(depthwise), &[y]);
        let y = self.norm(y);
        let y = self.activation(Activation::HardSwish, y);
        let gate = self.add(Operation::GlobalPool, &[y]);
        let gate = self.linear(gate, 6);
        let gate = self.activation(Activation::Relu, gate);
        let gate = self.linear(gate, 24);
        let gate = self.activation(Activation::HardSigmoid, gate);
        let y = self.add(Operation::Multiply, &[y, gate]);
        let y = self.convolution(y, 12, 1, 1);
        let y = self.norm(y);
        if stride == 1 {
            self.add(Operation::Add, &[x, y])
        } else {
            y
        }
    }
}

fn input(shape: Shape) -> (Graph, usize) {
    let mut builder = Builder::new();
    let x = builder.input("x", shape);
    (Graph(builder), x)
}

fn cell_network() -> Network {
    let (mut graph, x) = input(Shape::image(3, 8, 8));
    let x = graph.convolution(x, 4, 3, 1);
    let x = graph.norm(x);
    let x = graph.cell(x);
    let y = graph.activation(Activation::Relu, x);
    let y = graph.convolution(y, 8, 3, 2);
    let y = graph.norm(y);
    let y = graph.activation(Activation::Relu, y);
    let y = graph.convolution(y, 8, 3, 1);
    let y = graph.norm(y);
    let pooled = graph.add(Operation::AvgPool(Pool::square(2_usize, 2_usize)), &[x]);
    let pooled = graph.convolution(pooled, 8, 1, 1);
    let x = graph.add(Operation::Add, &[y, pooled]);
    let x = graph.cell(x);
    let x = graph.norm(x);
    let x = graph.activation(Activation::Relu, x);
    graph.head(x)
}

fn chain_network() -> Network {
    let (mut graph, x) = input(Shape::image(1, 9, 9));
    let x = graph.convolution(x, 8, 3, 1);
    let x = graph.norm(x);
    let x = graph.activation(Activation::HardSwish, x);
    let x = graph.add(Operation::MaxPool(Pool::square(3_usize, 1_usize)), &[x]);
    let x = graph.bottleneck(x, 5, 2);
    let x = graph.bottleneck(x, 3, 1);
    graph.head(x)
}

fn dense_network() -> Network {
    let (mut graph, x) = input(Shape::vector(13));
    let x = graph.linear(x, 32);
    let y = graph.add(Operation::LayerNorm(LayerNorm { affine: true }), &[x]);
    let y = graph.activation(Activation::Gelu, y);
    let y = graph.linear(y, 32);
    let x = graph.add(Operation::Add, &[x, y]);
    let x = graph.norm(x);
    let x = graph.activation(Activation::Silu, x);
    graph.head(x)
}

/// Cross-entropy with label smoothing, as PyTorch defines it.
fn loss(answers: &[f32], gradient: &mut [f32]) -> f64 {
    let mut total = 0.0;
    let rows = answers.chunks(CLASSES).zip(gradient.chunks_mut(CLASSES));
    for (sample, (row, gradient)) in rows.enumerate() {
        let sum: f64 = row.iter().map(|z| f64::from(*z).exp()).sum();
        for class in 0..CLASSES {
            let own = if class == (7 * sample + 3) % CLASSES {
                1.0 - SMOOTHING
            } else {
                0.0
            };
            let target = own + SMOOTHING / CLASSES as f64;
            total += target * (sum.ln() - f64::from(row[class]));
            let probability = f64::from(row[class]).exp() / sum;
            gradient[class] = ((probability - target) / SAMPLES as f64) as f32;
        }
    }
    total / SAMPLES as f64
}

#[track_caller]
fn check(name: &str, network: &Network) {
    let text = include_str!("golden/training.json");
    let golden: Value = serde_json::from_str(text).unwrap();
    let golden = &golden[name];
    assert_eq!(golden["parameters"], network.parameters());
    for kernels in [Kernels::Fused, Kernels::Burn] {
        let mut module = Module::new(network, kernels).unwrap();
        let mut weights = start(network);
        let mut state = OptimizerState::new(network, Optimizer::SGD);
        let size = SAMPLES * module.input().elements();
        let batch = |number: usize| hashed(1000 + number as u64, size);
        for number in 0..STEPS {
            let step = module.step(&mut weights, &batch(number), &Noise::none(), loss);
            let expected = golden["losses"][number].as_f64().unwrap();
            assert!(
                (step.loss - expected).abs() < 1e-5,
                "{name}, {}, step {number}: {} instead of {expected}",
                kernels.name(),
                step.loss
            );
            state.update(network, &mut weights, &step.gradients, 0.05, 1e-3);
        }
        let answers = module.infer(&weights, &batch(STEPS));
        for (class, answer) in answers[..CLASSES].iter().enumerate() {
            let expected = golden["answers"][class].as_f64().unwrap();
            assert!(
                (f64::from(*answer) - expected).abs() < 1e-4,
                "{name}, {}, class {class}: {answer} instead of {expected}",
                kernels.name()
            );
        }
    }
}

#[test]
fn a_cell_network_trains_as_in_pytorch() {
    check("cell", &cell_network());
}

#[test]
fn a_chain_with_squeeze_and_excitation_trains_as_in_pytorch() {
    check("chain", &chain_network());
}

#[test]
fn a_residual_network_for_tables_trains_as_in_pytorch() {
    check("dense", &dense_network());
}

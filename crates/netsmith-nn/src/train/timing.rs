//! How long a training step takes.

use super::{Optimizer, OptimizerState, optimizer};
use crate::data::{Column, Contract};
use crate::module::{Kernels, Module, ModuleError, Noise, Weights};
use crate::task::Loss;
use crate::task::loss::LossOptions;
use netsmith::network::Network;
use netsmith::random::Seed;
use rand::RngExt;
use std::time::{Duration, Instant};

/// Steps before the clock starts.
pub(crate) const WARM_UP: usize = 2;

/// The share of the last step that is kept in timed steps.
pub(crate) const MOMENTUM: f32 = 0.9;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepTimes {
    /// How long each step took.
    pub steps: Vec<Duration>,
    /// The loss of each step: equal kernels give equal losses.
    pub losses: Vec<f64>,
}

impl StepTimes {
    /// The median step; zero where there is none.
    pub fn median(&self) -> Duration {
        let mut sorted = self.steps.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// The optimiser of timed steps.
pub(crate) const OPTIMIZER: Optimizer = Optimizer::Sgd {
    momentum: MOMENTUM,
    nesterov: false,
};

/// Samples of uniform noise with random classes, and their cross-entropy.
pub(crate) struct RandomBatch {
    pub(crate) inputs: Vec<f32>,
    pub(crate) targets: Vec<Column>,
    pub(crate) loss: Loss,
}

impl RandomBatch {
    pub(crate) fn new(module: &Module, batch: usize, seed: &Seed) -> Self {
        let mut random = seed.child("samples").stream();
        let size = batch * module.input().elements();
        let inputs = (0..size).map(|_| random.random_range(-1.0..1.0)).collect();
        let classes = module.output().elements();
        let labels = (0..batch).map(|_| random.random_range(0..classes as u32));
        // Classes of any number, one too.
        let contract = Contract::without_data(module.input(), classes.max(2));
        Self {
            inputs,
            targets: vec![Column::index(labels.collect(), 1)],
            loss: contract.task.loss(&LossOptions::default()),
        }
    }
}

/// Times training steps on random samples: forward, cross-entropy, backward and
/// SGD with momentum 0.9, after two steps of warm-up.
///
/// # Errors
/// The network cannot be trained.
pub fn time_steps(
    network: &Network,
    kernels: Kernels,
    batch: usize,
    steps: usize,
) -> Result<StepTimes, ModuleError> {
    let mut module = Module::new(network, kernels)?;
    let seed = Seed::new(0);
    let mut weights = Weights::init(network, &seed);
    let mut state = OptimizerState::new(network, OPTIMIZER);
    let RandomBatch {
        inputs,
        targets,
        loss,
    } = RandomBatch::new(&module, batch, &seed);
    let mut times = StepTimes::default();
    for number in 0..WARM_UP + steps {
        let start = Instant::now();
        let mut step = module.step(&mut weights, &inputs, &Noise::none(), |output, gradient| {
            loss.of(output, &targets, None, gradient)
        });
        optimizer::clip(&mut step.gradients, None);
        state.update(network, &mut weights, &step.gradients, 0.01, 0.0);
        if number >= WARM_UP {
            times.steps.push(start.elapsed());
            times.losses.push(step.loss);
        }
    }
    Ok(times)
}

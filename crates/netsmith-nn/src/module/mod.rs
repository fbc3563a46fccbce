//! A network made trainable.
//!
//! A [`Module`] runs a [`Network`] on weights that it does not own: forward and
//! backward for a training step, or forward alone with running statistics. It
//! does so in one of two ways, which give the same numbers up to rounding:
//!
//! - [`Kernels::Fused`]: our own kernels over buffers that are planned once and
//!   used again in every step;
//! - [`Kernels::Burn`]: the same operations composed of burn's, with burn's
//!   automatic differentiation: the reference.
//!
//! Each operation has one file with both forms, named after it, which implements
//! one trait; `trainable` holds the trait and the only list of operations.

mod activation;
mod add;
mod attention;
mod avg_pool;
mod batch_norm;
mod channel_shuffle;
mod composed;
mod concat;
mod convolution;
mod drop_path;
mod dropout;
mod embedding;
mod flatten;
mod fused;
mod global_pool;
mod identity;
mod inference;
mod inheritance;
mod input;
mod lanes;
mod layer_norm;
mod linear;
mod max_pool;
mod mix;
mod mixture;
mod moves;
mod multiply;
mod noise;
mod pad;
mod probe;
mod resize;
mod shift;
mod slice;
mod softmax;
mod stack;
mod trainable;
mod transposed_convolution;
mod truncate;
mod value;
mod weights;
mod windows;
mod zero;

pub use fused::activation_bytes;
pub use inference::Inference;
pub(crate) use inheritance::{Channels, Identity, Inheritance, Range, Zeros};
pub(crate) use mix::decision;
pub use mixture::Mixture;
pub use noise::Noise;
pub(crate) use probe::{LossFunction, Probe};
pub(crate) use trainable::{inheritance, is_norm, is_rectifier, is_repeatable, threshold};
pub use weights::Weights;
pub(crate) use weights::normal;
pub(crate) use zero::is_zero;

use composed::Composed;
use fused::Fused;
use netsmith::network::operation::BatchNorm;
use netsmith::network::{Network, Shape};

/// What computes a network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kernels {
    /// Our own kernels: the fastest on a processor.
    #[default]
    Fused,
    /// burn's operations and automatic differentiation.
    Burn,
}

impl Kernels {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fused => "fused",
            Self::Burn => "burn",
        }
    }
}

/// A network that can be trained.
///
/// It runs on the rayon pool that it is called in: give each worker a pool of
/// its own. The number of threads changes no result of the fused kernels.
///
/// # Example
/// ```
/// use netsmith::network::{Builder, Operation, Shape, operation::Linear};
/// use netsmith::random::Seed;
/// use netsmith_nn::module::{Kernels, Module, Noise, Weights};
///
/// let mut builder = Builder::new();
/// let x = builder.input("x", Shape::vector(2));
/// let y = builder.add("head", Operation::Linear(Linear::new(1_usize)), &[x])?;
/// let network = builder.finish(&[y]);
/// let mut module = Module::new(&network, Kernels::Fused)?;
/// let mut weights = Weights::init(&network, &Seed::new(1));
/// weights.0[0] = vec![2.0, 3.0];
/// assert_eq!(module.infer(&weights, &[1.0, 1.0, 0.0, 1.0]), vec![5.0, 3.0]);
///
/// // The loss is the sum of the answers, so that each gradient is one.
/// let step = module.step(&mut weights, &[1.0, 1.0, 0.0, 1.0], &Noise::none(), |_, gradient| {
///     gradient.fill(1.0);
///     8.0
/// });
/// assert_eq!(step.gradients[0], vec![1.0, 2.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Module {
    network: Network,
    engine: Engine,
}

#[derive(Debug)]
enum Engine {
    Fused(Box<Fused>),
    Burn(Composed),
}

impl Engine {
    fn new(network: &Network, kernels: Kernels) -> Self {
        match kernels {
            Kernels::Fused => Self::Fused(Box::new(Fused::new(network))),
            Kernels::Burn => Self::Burn(Composed::new()),
        }
    }
}

/// What one training step gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// What the loss function returned.
    pub loss: f64,
    /// The gradient of each weight, parallel to [`Network::weights`]; empty for
    /// running statistics.
    pub gradients: Vec<Vec<f32>>,
}

/// What one step of a supernet gives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MixedStep {
    /// What the loss function returned.
    pub loss: f64,
    /// The gradient of each weight, parallel to [`Network::weights`]; empty
    /// where it was not wanted, and for weights of nodes that did not run.
    pub gradients: Vec<Vec<f32>>,
    /// The gradient of each input's weight in the mixes of a decision, by the
    /// decision's number; what is missing is zero.
    pub mixing: Vec<Vec<f64>>,
    /// By the number of a decision whose mixes count one input: the sum of the
    /// gradient of their values, which is the slope of an input of ones; what is
    /// missing is zero.
    pub ones: Vec<f64>,
    /// The nodes that were computed, in order.
    pub computed: Vec<usize>,
}

/// Which gradients a step of a supernet finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Those of the weights.
    Weights,
    /// Those of the mixture.
    Mixture,
    /// Both.
    Both,
}

impl Goal {
    fn trains(self) -> bool {
        self != Self::Mixture
    }

    fn mixes(self) -> bool {
        self != Self::Weights
    }
}

/// Mean and biased variance of a batch, as one normalisation saw them.
#[derive(Clone, Debug)]
struct BatchStatistics {
    /// The node that normalised.
    node: usize,
    mean: Vec<f32>,
    variance: Vec<f32>,
    /// How many values each channel had.
    count: usize,
}

impl Module {
    /// Makes a network trainable.
    ///
    /// # Errors
    /// [`ModuleError`]: the network has an operation that cannot be trained
    /// yet, or not one input and one output.
    pub fn new(network: &Network, kernels: Kernels) -> Result<Self, ModuleError> {
        for node in network.nodes() {
            if mix::decision(&node.operation).is_some() {
                return Err(ModuleError::Unsupported {
                    node: node.name.clone(),
                    operation: node.operation.name(),
                });
            }
        }
        Self::supernet(network, kernels)
    }

    /// Makes a supernet trainable: it may hold mixes, and is run by
    /// [`mixed_step`](Self::mixed_step).
    ///
    /// # Errors
    /// [`ModuleError`]: the network has not one input and an output.
    pub fn supernet(network: &Network, kernels: Kernels) -> Result<Self, ModuleError> {
        Self::check_ends(network)?;
        Ok(Self {
            network: network.clone(),
            engine: Engine::new(network, kernels),
        })
    }

    /// Lets the gradients of [`watch`](Self::watch) go as far back as the samples.
    ///
    /// # Panics
    /// The network does not run on the fused kernels.
    pub(crate) fn reach_inputs(&mut self) {
        let Engine::Fused(fused) = &mut self.engine else {
            panic!("a probe watches the fused kernels — this is a bug in netsmith");
        };
        fused.reach_inputs(&self.network);
    }

    /// One pass in training mode, with the statistics of the batch and without
    /// dropout, that a probe is shown; backward only where there is a loss. The
    /// running statistics in `weights` are moved.
    ///
    /// # Panics
    /// As [`step`](Self::step); the network does not run on the fused kernels.
    pub(crate) fn watch(
        &mut self,
        weights: &mut Weights,
        inputs: &[f32],
        probe: &mut dyn Probe,
        loss: Option<LossFunction<'_>>,
    ) -> Step {
        let samples = self.samples(inputs, weights);
        let Engine::Fused(fused) = &mut self.engine else {
            panic!("a probe watches the fused kernels — this is a bug in netsmith");
        };
        let (step, statistics) =
            fused.watched(&self.network, weights, inputs, samples, probe, loss);
        for statistics in &statistics {
            self.move_running(weights, statistics);
        }
        step
    }

    /// The gradients of the sum of all answers in 64-bit numbers, for weights
    /// and samples of 64 bits: one for each tensor, empty for running statistics.
    ///
    /// # Panics
    /// The network is not composed of burn's operations.
    pub(crate) fn wide_gradients(&self, weights: &[Vec<f64>], inputs: &[f64]) -> Vec<Vec<f64>> {
        let Engine::Burn(composed) = &self.engine else {
            panic!("burn computes in 64 bits — this is a bug in netsmith");
        };
        let samples = inputs.len() / self.input().elements();
        composed.wide_gradients(&self.network, weights, inputs, samples)
    }

    fn check_ends(network: &Network) -> Result<(), ModuleError> {
        let (inputs, outputs) = (network.inputs().count(), network.outputs().len());
        if inputs != 1 || outputs == 0 {
            return Err(ModuleError::Ends { inputs, outputs });
        }
        Ok(())
    }

    /// The network that it runs.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The shape of one sample.
    pub fn input(&self) -> Shape {
        let mut inputs = self.network.inputs();
        inputs
            .next()
            .expect("it was checked when the module was made — this is a bug in netsmith")
    }

    /// The shape of one answer: that of the network's last output.
    pub fn output(&self) -> Shape {
        self.network.nodes()[answer(&self.network)].shape
    }

    /// One forward and backward pass in training mode: batch statistics,
    /// dropout and drop-path as `noise` says. The running statistics in
    /// `weights` are moved; the trained weights are left as they are.
    ///
    /// `loss` is given the answers, `[samples, answer]`, and writes the gradient
    /// of the loss with respect to them.
    ///
    /// # Panics
    /// When `inputs` is not a whole number of samples or empty, or the weights
    /// are not those of the network.
    pub fn step(
        &mut self,
        weights: &mut Weights,
        inputs: &[f32],
        noise: &Noise,
        loss: impl FnMut(&[f32], &mut [f32]) -> f64,
    ) -> Step {
        let samples = self.samples(inputs, weights);
        let (step, statistics) = match &mut self.engine {
            Engine::Fused(fused) => {
                fused.step(&self.network, weights, inputs, samples, noise, loss)
            }
            Engine::Burn(composed) => {
                composed.step(&self.network, weights, inputs, samples, noise, loss)
            }
        };
        for statistics in &statistics {
            self.move_running(weights, statistics);
        }
        step
    }

    /// One pass over a supernet: forward with the statistics of the batch and
    /// without dropout and, where there is a goal, backward. Only what the
    /// mixture lets count is computed. Running statistics are not moved.
    ///
    /// `loss` is given the answers, `[samples, answer]`, and writes the gradient
    /// of the loss with respect to them.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    pub fn mixed_step(
        &mut self,
        weights: &Weights,
        mixture: &Mixture,
        inputs: &[f32],
        goal: Option<Goal>,
        mut loss: impl FnMut(&[f32], &mut [f32]) -> f64,
    ) -> MixedStep {
        let samples = self.samples(inputs, weights);
        let network = &self.network;
        match &mut self.engine {
            Engine::Fused(fused) => {
                fused.mixed(network, weights, mixture, inputs, samples, goal, &mut loss)
            }
            Engine::Burn(composed) => {
                composed.mixed(network, weights, mixture, inputs, samples, goal, &mut loss)
            }
        }
    }

    /// The answers to some samples, with running statistics and without
    /// dropout: logits of the classes or values, `[samples, answer]`.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    pub fn infer(&mut self, weights: &Weights, inputs: &[f32]) -> Vec<f32> {
        let samples = self.samples(inputs, weights);
        match &mut self.engine {
            Engine::Fused(fused) => fused.infer(&self.network, weights, inputs, samples),
            Engine::Burn(composed) => composed.infer(&self.network, weights, inputs, samples),
        }
    }

    fn samples(&self, inputs: &[f32], weights: &Weights) -> usize {
        let size = self.input().elements();
        assert!(
            !inputs.is_empty() && inputs.len().is_multiple_of(size),
            "a batch is whole samples"
        );
        weights.check(&self.network);
        inputs.len() / size
    }

    fn move_running(&self, weights: &mut Weights, statistics: &BatchStatistics) {
        let node = &self.network.nodes()[statistics.node];
        let &[.., mean, variance] = &node.weights[..] else {
            return;
        };
        let momentum = BatchNorm::MOMENTUM as f32;
        let count = statistics.count as f32;
        let unbiased = if statistics.count > 1 {
            count / (count - 1.0)
        } else {
            1.0
        };
        let mut shift = |weight: usize, batch: &[f32], factor: f32| {
            for (running, batch) in weights.0[weight].iter_mut().zip(batch) {
                *running += momentum * (batch * factor - *running);
            }
        };
        shift(mean, &statistics.mean, 1.0);
        shift(variance, &statistics.variance, unbiased);
    }
}

/// The node whose value is the network's answer.
fn answer(network: &Network) -> usize {
    *network
        .outputs()
        .last()
        .expect("a module has an output — this is a bug in netsmith")
}

/// Why a network cannot be trained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModuleError {
    /// An operation has no training form yet.
    #[error("node `{node}` ({operation}): cannot be trained yet")]
    Unsupported {
        /// The node's path.
        node: String,
        /// The operation's name.
        operation: &'static str,
    },
    /// The network does not have one input and an output.
    #[error(
        "the network has {inputs} inputs and {outputs} outputs: one input and an output are needed"
    )]
    Ends {
        /// How many inputs it has.
        inputs: usize,
        /// How many outputs it has.
        outputs: usize,
    },
}

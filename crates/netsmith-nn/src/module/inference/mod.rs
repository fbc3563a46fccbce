//! A finished network that answers single samples quickly.
//!
//! Where the kernels of training work on sixteen samples side by side, these
//! have the channels side by side. Batch norms are folded into the convolutions
//! and linear layers before them, rectifiers are applied while values are read
//! or written, and the buffers are planned once.

mod compile;
mod work;

pub(super) use compile::{Compiler, Draft, side_by_side};
pub(super) use work::{Sources, Work};

use super::Weights;
use netsmith::network::{Network, Shape};
use netsmith_kernels::channels_last::{Octet, interleave, separate};
use work::Step;

/// A network with its weights, folded and arranged for inference.
///
/// It runs on the rayon pool that it is called in; the number of threads
/// changes no result.
///
/// # Example
/// ```
/// use netsmith::network::{Builder, Operation, Shape, operation::Linear};
/// use netsmith_nn::module::{Inference, Weights};
///
/// let mut builder = Builder::new();
/// let x = builder.input("x", Shape::vector(2));
/// let y = builder.add("head", Operation::Linear(Linear::new(1_usize)), &[x])?;
/// let network = builder.finish(&[y]);
/// let weights = Weights(vec![vec![2.0, 3.0], vec![0.5]]);
/// let mut inference = Inference::new(&network, &weights).expect("a linear layer");
/// assert_eq!(inference.run(&[1.0, 1.0, 0.0, 1.0]), [5.5, 3.5]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Inference {
    steps: Vec<Step>,
    buffers: Vec<Vec<Octet>>,
    /// Room for an input with its padding.
    room: Vec<Octet>,
    /// The shape of a sample, and its buffer.
    input: (Shape, usize),
    /// The shape in which the answer lies in memory, and its buffer.
    answer: (Shape, usize),
}

impl Inference {
    /// Arranges a network. None: it has an operation that is not known here, or
    /// not one input and an output; [`Module::infer`](super::Module::infer) can
    /// answer in its stead.
    ///
    /// # Panics
    /// When the weights are not those of the network.
    pub fn new(network: &Network, weights: &Weights) -> Option<Self> {
        weights.check(network);
        compile::compile(network, weights)
    }

    /// The answers to some samples: logits of the classes or values,
    /// `[samples, answer]`.
    ///
    /// # Panics
    /// When `inputs` is not a whole number of samples.
    pub fn run(&mut self, inputs: &[f32]) -> Vec<f32> {
        let (shape, entry) = self.input;
        assert!(
            inputs.len().is_multiple_of(shape.elements()),
            "a batch is whole samples"
        );
        let mut answers = Vec::new();
        for sample in inputs.chunks_exact(shape.elements()) {
            interleave(sample, shape.channels(), &mut self.buffers[entry]);
            for step in &self.steps {
                let mut target = std::mem::take(&mut self.buffers[step.target]);
                step.run(&self.buffers, &mut self.room, &mut target);
                self.buffers[step.target] = target;
            }
            let (shape, answer) = self.answer;
            answers.extend(separate(&self.buffers[answer], shape.channels()));
        }
        answers
    }
}

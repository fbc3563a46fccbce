//! How much memory a network needs, planned from the lifetimes of its activations.

use super::operation::{Buffer, Factors, Primitive};
use super::{Network, Saved};

/// Bytes of a 32-bit float.
const SCALAR: u64 = 4;

/// No buffer counts for more bytes, so that the sum of all is a number.
const MOST: u128 = 1 << 80;

/// The memory that a network needs, known before it runs.
///
/// Activations are 32-bit floats. A buffer lives from the node that writes it
/// to the last that reads it. Identities and the flattening of an image pass
/// their input's buffer on, and so do dropout and drop-path in inference. In
/// training these two write buffers of their own, and keep the factors that
/// they drew for the backward pass.
/// What is more than 2^64 bytes counts as `u64::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// Bytes of all weights and buffers.
    pub weights: u64,
    /// Largest sum of live activations in a forward pass.
    pub inference_activations: u64,
    /// Largest sum of live activations and gradients in a training step.
    pub training_activations: u64,
}

impl MemoryPlan {
    /// The plan for this many samples at a time.
    pub fn of(network: &Network, batch: usize) -> Self {
        let weights = network.weights().iter();
        let weights = weights.map(|w| w.shape.elements() as u64 * SCALAR);
        Self {
            weights: weights.fold(0, u64::saturating_add),
            inference_activations: Lifetimes::new(network, batch, Pass::Inference).inference(),
            training_activations: Lifetimes::new(network, batch, Pass::Training).training(),
        }
    }

    /// Peak bytes of inference: weights and activations.
    pub fn inference(&self) -> u64 {
        self.weights.saturating_add(self.inference_activations)
    }

    /// Peak bytes of a training step with an optimiser that keeps `moments`
    /// values for each weight (1: SGD with momentum, 2: Adam): weights, their
    /// gradients, the optimiser's state, activations and their gradients.
    pub fn training(&self, moments: u64) -> u64 {
        let weights = self.weights.saturating_mul(moments.saturating_add(2));
        weights.saturating_add(self.training_activations)
    }
}

/// What a network is run for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    Inference,
    Training,
}

/// Which buffers are live when.
struct Lifetimes<'a> {
    network: &'a Network,
    /// For each node the buffer that holds its output: a node of its own or an
    /// earlier one.
    buffer: Vec<usize>,
    /// Bytes of each node's output; wide enough for any sum of them.
    bytes: Vec<u128>,
    /// Bytes of what each node draws in the forward pass of a training step and
    /// reads again in the backward pass.
    drawn: Vec<u128>,
}

impl<'a> Lifetimes<'a> {
    fn new(network: &'a Network, batch: usize, pass: Pass) -> Self {
        let scalars = |elements: usize| {
            let bytes = elements as u128 * batch as u128 * u128::from(SCALAR);
            bytes.min(MOST)
        };
        let (mut buffer, mut drawn) = (Vec::new(), Vec::new());
        for (index, node) in network.nodes().iter().enumerate() {
            let (passes_on, factors) = match node.operation.ask(Primitive::buffer) {
                Buffer::New => (false, 0),
                Buffer::Input => (true, 0),
                Buffer::Noise(Factors::EachValue) => {
                    (pass == Pass::Inference, scalars(node.shape.elements()))
                }
                Buffer::Noise(Factors::EachSample) => (pass == Pass::Inference, scalars(1)),
            };
            buffer.push(if passes_on {
                buffer[node.inputs[0]]
            } else {
                index
            });
            drawn.push(factors);
        }
        let bytes = network.nodes().iter();
        let bytes = bytes.map(|node| scalars(node.shape.elements()));
        Self {
            network,
            buffer,
            bytes: bytes.collect(),
            drawn,
        }
    }

    /// The last node that reads each buffer.
    fn last_reads(&self) -> Vec<usize> {
        let mut last: Vec<usize> = (0..self.bytes.len()).collect();
        for (index, node) in self.network.nodes().iter().enumerate() {
            for &input in &node.inputs {
                last[self.buffer[input]] = index;
            }
        }
        for &output in self.network.outputs() {
            last[self.buffer[output]] = self.bytes.len();
        }
        last
    }

    fn inference(&self) -> u64 {
        let last = self.last_reads();
        let (mut live, mut peak) = (0, 0);
        for index in 0..self.bytes.len() {
            if self.buffer[index] == index {
                live += self.bytes[index];
            }
            peak = peak.max(live);
            live -= self.dying(index, &last, |_| true);
        }
        clamped(peak)
    }

    /// Bytes of the buffers that `index` is the last to read, where `free`
    /// allows to give them back.
    fn dying(&self, index: usize, last: &[usize], free: impl Fn(usize) -> bool) -> u128 {
        let mut buffers: Vec<usize> = self.network.nodes()[index].inputs.clone();
        buffers.push(index);
        buffers
            .iter_mut()
            .for_each(|node| *node = self.buffer[*node]);
        buffers.sort_unstable();
        buffers.dedup();
        let dying = buffers.into_iter().filter(|&b| last[b] == index && free(b));
        dying.map(|buffer| self.bytes[buffer]).sum()
    }

    /// Forward, keeping what the backward pass reads and does not compute
    /// again; then backward, where a
    /// node's gradient lives from its last consumer to itself.
    fn training(&self) -> u64 {
        let nodes = self.network.nodes();
        let last = self.last_reads();
        let saved = self.saved();
        let mut again = self.network.recomputed();
        let (mut live, mut peak) = (0, 0);
        for index in 0..self.bytes.len() {
            if self.buffer[index] == index {
                live += self.bytes[index];
            }
            live += self.drawn[index];
            peak = peak.max(live);
            live -= self.dying(index, &last, |buffer| !saved[buffer]);
        }
        let mut gradient = vec![false; nodes.len()];
        let mut recalled = vec![false; nodes.len()];
        for &output in self.network.outputs() {
            gradient[output] = true;
            live += self.bytes[output];
        }
        for index in (0..nodes.len()).rev() {
            for &input in &nodes[index].inputs {
                let trains = !nodes[input].operation.is_input();
                if trains && !std::mem::replace(&mut gradient[input], true) {
                    live += self.bytes[input];
                }
                if std::mem::replace(&mut again[input], false) {
                    recalled[input] = true;
                    live += self.bytes[input];
                }
            }
            peak = peak.max(live);
            if gradient[index] {
                live -= self.bytes[index];
            }
            if saved[index] || recalled[index] {
                live -= self.bytes[index];
            }
            live -= self.drawn[index];
        }
        clamped(peak)
    }

    /// Which buffers the backward pass reads.
    fn saved(&self) -> Vec<bool> {
        let mut saved = vec![false; self.bytes.len()];
        for (index, node) in self.network.nodes().iter().enumerate() {
            match node.operation.saved() {
                Saved::Nothing => {}
                Saved::Inputs => {
                    for &input in &node.inputs {
                        saved[self.buffer[input]] = true;
                    }
                }
                Saved::Output => saved[self.buffer[index]] = true,
            }
        }
        let again = self.network.recomputed();
        saved
            .iter_mut()
            .zip(again)
            .for_each(|(saved, again)| *saved &= !again);
        saved
    }
}

fn clamped(bytes: u128) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::operation::{Activation, Convolution, Dropout, Linear};
    use crate::network::{Builder, Operation, Shape};

    #[test]
    fn a_chain_by_hand() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(10));
        let linear = |out: usize| Operation::Linear(Linear::new(out));
        let a = builder.add("a", linear(20), &[x]).unwrap();
        let relu = Operation::Activation(Activation::Relu);
        let b = builder.add("b", relu, &[a]).unwrap();
        let c = builder.add("c", linear(5), &[b]).unwrap();
        let plan = MemoryPlan::of(&builder.finish(&[c]), 2);
        assert_eq!(plan.weights, 4 * (10 * 20 + 20 + 20 * 5 + 5));
        // While `b` runs, `a` and `b` are live: 2 samples of 20 + 20 floats.
        assert_eq!(plan.inference_activations, 4 * 2 * 40);
        // `x` and `b` are saved; the peak is at `b` in the backward pass: they,
        // the output, and the gradients of `b` and `a`.
        assert_eq!(plan.training_activations, 4 * 2 * (10 + 20 + 5 + 20 + 20));
    }

    /// `x -> a -> dropout -> c`: the plan of a chain with dropout in it.
    fn dropped(operation: Operation) -> MemoryPlan {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(10));
        let linear = |out: usize| Operation::Linear(Linear::new(out));
        let a = builder.add("a", linear(20), &[x]).unwrap();
        let b = builder.add("b", operation, &[a]).unwrap();
        let c = builder.add("c", linear(5), &[b]).unwrap();
        MemoryPlan::of(&builder.finish(&[c]), 1)
    }

    #[test]
    fn dropout_takes_memory_in_training_only() {
        let plan = dropped(Operation::Dropout(Dropout { rate: 0.5 }));
        assert_eq!(plan.inference_activations, 4 * 30);
        // At `b` in the backward pass: `x` and `b`, which are saved, the output,
        // the factors, and the gradients of `b` and `a`.
        assert_eq!(plan.training_activations, 4 * (10 + 20 + 5 + 20 + 20 + 20));
        // One factor for the sample.
        let plan = dropped(Operation::DropPath);
        assert_eq!(plan.inference_activations, 4 * 30);
        assert_eq!(plan.training_activations, 4 * (10 + 20 + 5 + 1 + 20 + 20));
    }

    #[test]
    fn a_depthwise_convolution_between_two_is_computed_again() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::image(2, 5, 5));
        let square = |out: usize, kernel: usize| Convolution::square(out, kernel, 1_usize);
        let a = builder
            .add("a", Operation::Convolution(square(2, 1)), &[x])
            .unwrap();
        let depthwise = Operation::Convolution(square(2, 3).depthwise());
        let b = builder.add("b", depthwise, &[a]).unwrap();
        let c = builder
            .add("c", Operation::Convolution(square(2, 1)), &[b])
            .unwrap();
        let network = builder.finish(&[c]);
        assert_eq!(network.recomputed(), [false, false, true, false]);
        // `x` and `a` are kept; the peak is at `c` in the backward pass: they,
        // `b` again, the output, and the gradients of `c` and `b`.
        let plan = MemoryPlan::of(&network, 1);
        assert_eq!(plan.training_activations, 4 * 50 * (2 + 1 + 1 + 2));
    }

    #[test]
    fn sizes_beyond_counting_are_large() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::image(100_000, 100_000, 100_000));
        let shift = builder.add("shift", Operation::Shift, &[x]).unwrap();
        let sums: Vec<usize> = (0..20_000)
            .map(|_| builder.add("shift", Operation::Shift, &[shift]).unwrap())
            .collect();
        let sum = builder.add("sum", Operation::Add, &sums).unwrap();
        let flat = builder.add("flat", Operation::Flatten, &[sum]).unwrap();
        let head = Operation::Linear(Linear::new(1_usize << 40));
        let heads: Vec<usize> = (0..20_000)
            .map(|_| builder.add("head", head.clone(), &[flat]).unwrap())
            .collect();
        let head = builder.add("sum", Operation::Add, &heads).unwrap();
        let network = builder.finish(&[head]);
        let plan = MemoryPlan::of(&network, usize::MAX);
        assert_eq!(plan.training(2), u64::MAX);
        assert_eq!(plan.inference(), u64::MAX);
        assert_eq!([network.parameters(), network.macs()], [u64::MAX; 2]);
    }
}

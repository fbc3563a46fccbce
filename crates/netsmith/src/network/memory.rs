//! How much memory a network needs, planned from the lifetimes of its activations.

use super::{Network, Operation, Saved};

/// Bytes of a 32-bit float.
const SCALAR: u64 = 4;

/// The memory that a network needs, known before it runs.
///
/// Activations are 32-bit floats. A buffer lives from the node that writes it
/// to the last that reads it; [`Identity`](Operation::Identity),
/// [`Flatten`](Operation::Flatten), and in inference dropout and drop-path,
/// pass their input's buffer on.
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
        let weights: u64 = weights.map(|w| w.shape.elements() as u64 * SCALAR).sum();
        let lifetimes = Lifetimes::new(network, batch);
        Self {
            weights,
            inference_activations: lifetimes.inference(),
            training_activations: lifetimes.training(),
        }
    }

    /// Peak bytes of inference: weights and activations.
    pub fn inference(&self) -> u64 {
        self.weights + self.inference_activations
    }

    /// Peak bytes of a training step with an optimiser that keeps `moments`
    /// values for each weight (1: SGD with momentum, 2: Adam): weights, their
    /// gradients, the optimiser's state, activations and their gradients.
    pub fn training(&self, moments: u64) -> u64 {
        self.weights * (2 + moments) + self.training_activations
    }
}

/// Which buffers are live when.
struct Lifetimes<'a> {
    network: &'a Network,
    /// For each node the buffer that holds its output: a node of its own or an
    /// earlier one.
    buffer: Vec<usize>,
    /// Bytes of each node's output.
    bytes: Vec<u64>,
}

impl<'a> Lifetimes<'a> {
    fn new(network: &'a Network, batch: usize) -> Self {
        let mut buffer: Vec<usize> = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            buffer.push(match node.operation {
                Operation::Identity
                | Operation::Flatten
                | Operation::Dropout(_)
                | Operation::DropPath => buffer[node.inputs[0]],
                _ => index,
            });
        }
        let bytes = network.nodes().iter();
        let bytes = bytes.map(|n| (n.shape.elements() * batch) as u64 * SCALAR);
        Self {
            network,
            buffer,
            bytes: bytes.collect(),
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
        peak
    }

    /// Bytes of the buffers that `index` is the last to read, where `free`
    /// allows to give them back.
    fn dying(&self, index: usize, last: &[usize], free: impl Fn(usize) -> bool) -> u64 {
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

    /// Forward, keeping what the backward pass reads; then backward, where a
    /// node's gradient lives from its last consumer to itself.
    fn training(&self) -> u64 {
        let nodes = self.network.nodes();
        let last = self.last_reads();
        let saved = self.saved();
        let (mut live, mut peak) = (0, 0);
        for index in 0..self.bytes.len() {
            if self.buffer[index] == index {
                live += self.bytes[index];
            }
            peak = peak.max(live);
            live -= self.dying(index, &last, |buffer| !saved[buffer]);
        }
        let mut gradient = vec![false; nodes.len()];
        for &output in self.network.outputs() {
            gradient[output] = true;
            live += self.bytes[output];
        }
        for index in (0..nodes.len()).rev() {
            for &input in &nodes[index].inputs {
                let trains = !matches!(nodes[input].operation, Operation::Input(_));
                if trains && !std::mem::replace(&mut gradient[input], true) {
                    live += self.bytes[input];
                }
            }
            peak = peak.max(live);
            if gradient[index] {
                live -= self.bytes[index];
            }
            if saved[index] {
                live -= self.bytes[index];
            }
        }
        peak
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
        saved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::operation::{Activation, Linear};
    use crate::network::{Builder, Shape};

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
}

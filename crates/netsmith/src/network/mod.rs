//! Concrete networks: operations, shapes and the shapes of weights.

mod build;
mod drawing;
mod key;
mod memory;
pub mod operation;
mod prune;
mod shape;

pub use build::{Builder, ShapeError};
pub use key::Key;
pub use memory::MemoryPlan;
pub use operation::{Operation, Role, Saved, WeightShape};
pub use shape::{ParseShapeError, Shape};

use operation::Primitive;

/// A network: nodes in an order in which each comes after its inputs.
///
/// Made by [`Builder`], which checks every shape. Its last node gives the
/// network's answer: the logits of the classes or the value of a regression.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    nodes: Vec<Node>,
    weights: Vec<Weight>,
    outputs: Vec<usize>,
}

/// One operation in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// A path, unique in its network: `stage0.block1.convolution`.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
    /// The nodes that it reads.
    pub inputs: Vec<usize>,
    /// The shape of its output for one sample.
    pub shape: Shape,
    /// Its tensors in [`Network::weights`], in the order of
    /// [`Operation::weights`]; nodes with tied weights share them.
    pub weights: Vec<usize>,
}

/// A tensor that a network owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The path of its first node and its own name: `stem.convolution.weight`.
    pub name: String,
    /// Its axes, and how it starts.
    pub shape: WeightShape,
}

impl Network {
    /// All nodes, inputs first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// All weights and buffers, each once.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The nodes whose values leave the network.
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }

    /// The shape of the network's answer: one number for each class, or the
    /// value of a regression.
    ///
    /// # Panics
    /// The network was finished without outputs.
    pub fn answer(&self) -> Shape {
        match self.outputs.last() {
            Some(&output) => self.nodes[output].shape,
            None => panic!("a network without outputs — this is a bug in netsmith"),
        }
    }

    /// The shapes that a node reads.
    ///
    /// # Panics
    /// There is no node of this number.
    pub fn input_shapes(&self, node: usize) -> Vec<Shape> {
        let shapes = self.nodes[node].inputs.iter();
        shapes.map(|&i| self.nodes[i].shape).collect()
    }

    /// The shapes of the samples that enter.
    pub fn inputs(&self) -> impl Iterator<Item = Shape> {
        let inputs = self.nodes.iter().filter(|node| node.operation.is_input());
        inputs.map(|node| node.shape)
    }

    /// Trainable scalars, at most `u64::MAX`; tied weights count once.
    pub fn parameters(&self) -> u64 {
        let trained = self.weights.iter().filter(|w| w.shape.role.trains());
        total(trained.map(|weight| weight.shape.elements() as u64))
    }

    /// Multiply-accumulate operations of convolutions, linear layers and other
    /// matrix products for one sample, biases left out; at most `u64::MAX`.
    pub fn macs(&self) -> u64 {
        total((0..self.nodes.len()).map(|node| self.node_macs(node)))
    }

    /// For each node whether a training step computes its value again in the
    /// backward pass instead of keeping it: depthwise convolutions that only
    /// convolutions read, which cost little beside the memory that they take.
    pub fn recomputed(&self) -> Vec<bool> {
        let reads_recomputed = |node: usize| {
            let operation = &self.nodes[node].operation;
            operation.ask(Primitive::reads_recomputed)
        };
        let mut recomputed: Vec<bool> = Vec::with_capacity(self.nodes.len());
        for (index, consumers) in self.consumers().iter().enumerate() {
            let node = &self.nodes[index];
            let cheap = node.inputs.first().is_some_and(|&input| {
                let shape = self.nodes[input].shape;
                node.operation.ask(|primitive| primitive.is_cheap(shape)) && !recomputed[input]
            });
            let read = consumers.iter().all(|&reader| reads_recomputed(reader));
            recomputed.push(cheap && read && !self.outputs.contains(&index));
        }
        recomputed
    }

    /// The multiply-accumulate operations of one node.
    ///
    /// # Panics
    /// There is no node of this number.
    pub fn node_macs(&self, node: usize) -> u64 {
        let Node {
            operation, shape, ..
        } = &self.nodes[node];
        operation.macs(&self.input_shapes(node), *shape)
    }

    /// The trainable scalars of one node, tied ones too.
    ///
    /// # Panics
    /// There is no node of this number.
    pub fn node_parameters(&self, node: usize) -> u64 {
        let weights = self.nodes[node].weights.iter();
        let trained = weights.map(|&w| &self.weights[w].shape);
        let trained = trained.filter(|shape| shape.role.trains());
        total(trained.map(|shape| shape.elements() as u64))
    }

    /// For each node the nodes that read it, in order.
    pub fn consumers(&self) -> Vec<Vec<usize>> {
        let mut consumers = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate() {
            for &input in &node.inputs {
                if consumers[input].last() != Some(&index) {
                    consumers[input].push(index);
                }
            }
        }
        consumers
    }
}

/// The sum of counts; what is beyond counting is the largest number.
fn total(counts: impl Iterator<Item = u64>) -> u64 {
    counts.fold(0, u64::saturating_add)
}

//! From a network to the steps of its inference.

use super::Inference;
use super::work::{Step, Work};
use crate::module::trainable::{Sharing, Trainable, trainable};
use crate::module::{Weights, answer, batch_norm};
use netsmith::network::{Network, Node, Shape};
use netsmith_kernels::channels_last::{Convolution, Octet, octets};
use netsmith_kernels::convolution::ConvolutionShape;

/// A network while its steps are made.
pub(in crate::module) struct Compiler<'a> {
    network: &'a Network,
    pub(in crate::module) weights: &'a Weights,
    operations: &'a [Box<dyn Trainable>],
    consumers: Vec<Vec<usize>>,
    /// For each node the one whose buffer holds its value.
    holder: Vec<usize>,
    /// For each node the shape in which its value lies in memory: that of the
    /// image where it was flattened.
    layout: Vec<Shape>,
    /// Nodes that a step before them computes too.
    absorbed: Vec<bool>,
}

/// A step whose buffers are not chosen yet: nodes stand for their values.
pub(in crate::module) struct Draft {
    work: Box<dyn Work>,
    /// The nodes whose values it reads.
    pub(in crate::module) reads: Vec<usize>,
    writes: usize,
}

pub(super) fn compile(network: &Network, weights: &Weights) -> Option<Inference> {
    if network.inputs().count() != 1 || network.outputs().is_empty() {
        return None;
    }
    let nodes = network.nodes().iter();
    let operations: Vec<_> = nodes.map(|node| trainable(&node.operation)).collect();
    let mut compiler = Compiler {
        network,
        weights,
        operations: &operations,
        consumers: network.consumers(),
        holder: Vec::new(),
        layout: Vec::new(),
        absorbed: vec![false; network.nodes().len()],
    };
    let mut drafts = Vec::new();
    for (index, node) in network.nodes().iter().enumerate() {
        compiler.place(index, node);
        let enters = node.inputs.is_empty();
        if !enters && compiler.holder[index] == index && !compiler.absorbed[index] {
            drafts.push(operations[index].compile(&mut compiler, index)?);
        }
    }
    let answer = answer(network);
    Some(compiler.finish(drafts, answer))
}

impl<'a> Compiler<'a> {
    /// Where the value of a node will lie.
    fn place(&mut self, index: usize, node: &Node) {
        let first = node.inputs.first().copied().unwrap_or(index);
        let operation = &self.operations[index];
        if operation.sharing() != Sharing::Never || self.absorbed[index] {
            self.holder.push(self.holder[first]);
            self.layout.push(self.layout[first]);
        } else {
            self.holder.push(index);
            let layout = if operation.is_elementwise() {
                self.layout[first]
            } else {
                node.shape
            };
            self.layout.push(layout);
        }
    }

    /// A node of the network.
    pub(in crate::module) fn node(&self, index: usize) -> &'a Node {
        &self.network.nodes()[index]
    }

    /// The first node that a node reads.
    pub(in crate::module) fn first(&self, index: usize) -> usize {
        self.node(index).inputs[0]
    }

    /// The shape in which a node's value lies in memory.
    pub(in crate::module) fn layout(&self, index: usize) -> Shape {
        self.layout[index]
    }

    /// The node whose buffer holds a node's value.
    pub(in crate::module) fn holder(&self, index: usize) -> usize {
        self.holder[index]
    }

    /// The first node that a node reads; `None` where one of its inputs lies in
    /// memory in another shape than its own.
    pub(in crate::module) fn in_order(&self, index: usize) -> Option<usize> {
        let mut inputs = self.node(index).inputs.iter();
        let straight = inputs.all(|&input| self.layout[input] == self.node(input).shape);
        straight.then(|| self.first(index))
    }

    /// The step of a node that reads all its inputs.
    pub(in crate::module) fn draft(&self, index: usize, work: impl Work + 'static) -> Draft {
        let inputs = self.node(index).inputs.iter();
        Draft {
            work: Box::new(work),
            reads: inputs.map(|&input| self.holder[input]).collect(),
            writes: index,
        }
    }

    /// The input of a rectifier that has a step of its own.
    pub(in crate::module) fn rectifier_before(&self, node: usize) -> Option<usize> {
        let rectifier = self.operations[node].is_rectifier() && !self.absorbed[node];
        rectifier.then(|| self.first(node))
    }

    /// A convolution or linear layer with the norm and the rectifier behind it;
    /// where `rectifies`, with one before it too.
    pub(in crate::module) fn layer(
        &mut self,
        index: usize,
        shape: &ConvolutionShape,
        rectifies: bool,
    ) -> Convolution {
        let node = &self.network.nodes()[index];
        let mut kernel = self.weights.0[node.weights[0]].clone();
        let mut bias = match node.weights.get(1) {
            Some(&bias) => self.weights.0[bias].clone(),
            None => vec![0.0; shape.out],
        };
        let mut end = index;
        if let Some(norm) = self.only_reader(index)
            && let Some(it) = self.operations[norm].norm()
        {
            let node = &self.network.nodes()[norm];
            let (scale, shift) = batch_norm::line(it, node, self.weights);
            let size = kernel.len() / shape.out;
            for (row, scale) in kernel.chunks_exact_mut(size).zip(&scale) {
                row.iter_mut().for_each(|weight| *weight *= scale);
            }
            for (bias, (scale, shift)) in bias.iter_mut().zip(scale.iter().zip(&shift)) {
                *bias = *bias * scale + shift;
            }
            self.absorbed[norm] = true;
            end = norm;
        }
        let rectified = self.absorb_rectifier(end);
        Convolution::new(shape, &kernel, &bias, [rectifies, rectified])
    }

    /// Takes a rectifier that alone reads a node into the node's step, if there is
    /// one.
    pub(in crate::module) fn absorb_rectifier(&mut self, node: usize) -> bool {
        let Some(reader) = self.only_reader(node) else {
            return false;
        };
        let rectifier = self.operations[reader].is_rectifier();
        self.absorbed[reader] |= rectifier;
        rectifier
    }

    fn only_reader(&self, node: usize) -> Option<usize> {
        match self.consumers[node][..] {
            [reader] if !self.network.outputs().contains(&node) => Some(reader),
            _ => None,
        }
    }

    /// Drops what nothing reads and gives every value a buffer, which later
    /// values use again.
    fn finish(&self, mut drafts: Vec<Draft>, answer: usize) -> Inference {
        let nodes = self.network.nodes();
        let answer = self.holder[answer];
        let mut read = vec![false; nodes.len()];
        read[answer] = true;
        for at in (0..drafts.len()).rev() {
            if read[drafts[at].writes] {
                drafts[at].reads.iter().for_each(|&node| read[node] = true);
            }
        }
        drafts.retain(|draft| read[draft.writes]);
        let mut last = vec![0; nodes.len()];
        for (at, draft) in drafts.iter().enumerate() {
            draft.reads.iter().for_each(|&node| last[node] = at);
        }
        last[answer] = usize::MAX;
        let size = |node: usize| {
            let shape = self.layout[node];
            shape.positions().iter().product::<usize>() * octets(shape.channels())
        };
        let entry = nodes.iter().position(|node| node.inputs.is_empty());
        let entry = entry.unwrap_or_default();
        let mut buffers: Vec<Vec<Octet>> = vec![vec![[0.0; 8]; size(entry)]];
        let mut free: Vec<usize> = Vec::new();
        let mut place = vec![0; nodes.len()];
        let mut steps = Vec::new();
        for (at, draft) in drafts.into_iter().enumerate() {
            let wanted = size(draft.writes);
            let fits = free
                .iter()
                .position(|&buffer| buffers[buffer].len() == wanted);
            place[draft.writes] = fits.map(|at| free.swap_remove(at)).unwrap_or_else(|| {
                buffers.push(vec![[0.0; 8]; wanted]);
                buffers.len() - 1
            });
            steps.push(Step {
                work: draft.work,
                sources: draft.reads.iter().map(|&node| place[node]).collect(),
                target: place[draft.writes],
            });
            for (number, &node) in draft.reads.iter().enumerate() {
                let again = draft.reads[..number].contains(&node);
                if last[node] == at && !again && node != entry {
                    free.push(place[node]);
                }
            }
        }
        Inference {
            steps,
            buffers,
            room: Vec::new(),
            input: (nodes[entry].shape, 0),
            answer: (self.layout[answer], place[answer]),
        }
    }
}

/// One value for each channel, in octets.
pub(in crate::module) fn side_by_side(values: &[f32]) -> Vec<Octet> {
    let mut target = vec![[0.0; 8]; octets(values.len())];
    let pairs = target.as_flattened_mut().iter_mut().zip(values);
    pairs.for_each(|(target, value)| *target = *value);
    target
}

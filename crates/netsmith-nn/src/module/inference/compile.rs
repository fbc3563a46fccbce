//! From a network to the steps of its inference.

use super::super::{Weights, answer, convolution};
use super::Inference;
use super::work::{Step, Work};
use netsmith::network::operation::{Activation, BatchNorm};
use netsmith::network::{Network, Node, Operation, Shape};
use netsmith_kernels::Window;
use netsmith_kernels::channels_last::{Convolution, Octet, octets};
use netsmith_kernels::convolution::ConvolutionShape;

/// What is known of a network while its steps are made.
struct Compiler<'a> {
    network: &'a Network,
    weights: &'a Weights,
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
struct Draft {
    work: Work,
    reads: Vec<usize>,
    writes: usize,
}

pub(super) fn compile(network: &Network, weights: &Weights) -> Option<Inference> {
    if network.inputs().count() != 1 || network.outputs().is_empty() {
        return None;
    }
    let mut compiler = Compiler {
        network,
        weights,
        consumers: network.consumers(),
        holder: Vec::new(),
        layout: Vec::new(),
        absorbed: vec![false; network.nodes().len()],
    };
    let mut drafts = Vec::new();
    for (index, node) in network.nodes().iter().enumerate() {
        compiler.place(index, node);
        if let Operation::Input(_) = node.operation {
            continue;
        }
        if compiler.holder[index] == index && !compiler.absorbed[index] {
            drafts.push(compiler.draft(index, node)?);
        }
    }
    let answer = answer(network);
    Some(compiler.finish(drafts, answer))
}

impl Compiler<'_> {
    /// Where the value of a node will lie.
    fn place(&mut self, index: usize, node: &Node) {
        let first = node.inputs.first().copied().unwrap_or(index);
        let passes = match node.operation {
            Operation::Identity
            | Operation::Flatten
            | Operation::Dropout(_)
            | Operation::DropPath => true,
            _ => self.absorbed[index],
        };
        if passes {
            self.holder.push(self.holder[first]);
            self.layout.push(self.layout[first]);
        } else {
            self.holder.push(index);
            let keeps = matches!(node.operation, Operation::Activation(_) | Operation::Add);
            let layout = if keeps {
                self.layout[first]
            } else {
                node.shape
            };
            self.layout.push(layout);
        }
    }

    /// The step of a node; none where it is not known.
    fn draft(&mut self, index: usize, node: &Node) -> Option<Draft> {
        let first = node.inputs.first().copied()?;
        let (from, to) = (self.layout[first], self.layout[index]);
        let mut reads: Vec<usize> = node.inputs.iter().map(|&i| self.holder[i]).collect();
        let straight = |compiler: &Self| {
            let mut inputs = node.inputs.iter();
            inputs.all(|&input| compiler.layout[input] == compiler.network.nodes()[input].shape)
        };
        let alike = |compiler: &Self| node.inputs.iter().all(|&i| compiler.layout[i] == to);
        let work = match &node.operation {
            Operation::Convolution(it) => {
                let shape = convolution::shape(it, from, node.shape);
                if !straight(self) || !Convolution::takes(&shape) {
                    return None;
                }
                let pads = shape.window.taps() > 1;
                let before = self.rectifier_before(first).filter(|_| pads);
                if let Some(input) = before {
                    reads = vec![self.holder[input]];
                }
                self.convolution(index, &shape, before.is_some())
            }
            Operation::Linear(it) => {
                let size = from.positions();
                let window = Window {
                    kernel: size,
                    stride: [1; 2],
                    dilation: 1,
                    before: [0; 2],
                    input: size,
                    output: [1; 2],
                };
                let shape = ConvolutionShape {
                    window,
                    channels: from.channels(),
                    out: it.out,
                    groups: 1,
                };
                self.convolution(index, &shape, false)
            }
            Operation::BatchNorm(it) if straight(self) => {
                let (scale, shift) = self.line(it, node);
                Work::Line {
                    scale: side_by_side(&scale),
                    shift: side_by_side(&shift),
                    rectified: self.absorb_rectifier(index).is_some(),
                }
            }
            Operation::Activation(kind) => Work::Activation(*kind),
            Operation::MaxPool(it) if straight(self) => {
                Work::MaxPool(convolution::kernel_window(&it.window, from, to))
            }
            Operation::AvgPool(it) if straight(self) => {
                Work::AvgPool(convolution::kernel_window(&it.window, from, to))
            }
            Operation::GlobalPool if straight(self) => Work::GlobalPool,
            Operation::Add if alike(self) => Work::Add,
            Operation::Multiply if straight(self) && reads.len() == 2 => Work::Multiply,
            Operation::Concat if straight(self) => {
                let channels = node.inputs.iter().map(|&i| self.layout[i].channels());
                Work::Concat(channels.collect())
            }
            Operation::Shift if straight(self) => Work::Shift(to.positions()),
            Operation::Zero(_) => {
                reads.clear();
                Work::Zero
            }
            _ => return None,
        };
        Some(Draft {
            work,
            reads,
            writes: index,
        })
    }

    /// The input of a rectifier that has a step of its own.
    fn rectifier_before(&self, node: usize) -> Option<usize> {
        let it = &self.network.nodes()[node];
        let rectifier = matches!(it.operation, Operation::Activation(Activation::Relu));
        (rectifier && !self.absorbed[node]).then(|| it.inputs[0])
    }

    /// A convolution with the norm and the rectifier behind it.
    fn convolution(&mut self, index: usize, shape: &ConvolutionShape, rectifies: bool) -> Work {
        let node = &self.network.nodes()[index];
        let mut kernel = self.weights.0[node.weights[0]].clone();
        let mut bias = match node.weights.get(1) {
            Some(&bias) => self.weights.0[bias].clone(),
            None => vec![0.0; shape.out],
        };
        let mut end = index;
        if let Some(norm) = self.only_reader(index)
            && let Operation::BatchNorm(it) = self.network.nodes()[norm].operation
        {
            let (scale, shift) = self.line(&it, &self.network.nodes()[norm]);
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
        let rectified = self.absorb_rectifier(end).is_some();
        let it = Convolution::new(shape, &kernel, &bias, [rectifies, rectified]);
        Work::Convolution(Box::new(it))
    }

    /// Takes a rectifier that alone reads a node into the node's step.
    fn absorb_rectifier(&mut self, node: usize) -> Option<usize> {
        let reader = self.only_reader(node)?;
        let operation = &self.network.nodes()[reader].operation;
        let rectifier = matches!(operation, Operation::Activation(Activation::Relu));
        self.absorbed[reader] |= rectifier;
        rectifier.then_some(reader)
    }

    fn only_reader(&self, node: usize) -> Option<usize> {
        match self.consumers[node][..] {
            [reader] if !self.network.outputs().contains(&node) => Some(reader),
            _ => None,
        }
    }

    /// Scale and shift of a norm with its running statistics.
    fn line(&self, norm: &BatchNorm, node: &Node) -> (Vec<f32>, Vec<f32>) {
        let values = |at: usize| &self.weights.0[node.weights[at]];
        let behind = if norm.affine { 2 } else { 0 };
        let (mean, variance) = (values(behind), values(behind + 1));
        let lines = mean.iter().zip(variance).enumerate();
        let line = lines.map(|(channel, (mean, variance))| {
            let inverse = 1.0 / (f64::from(*variance) + BatchNorm::EPSILON).sqrt();
            let (weight, bias) = match norm.affine {
                true => (values(0)[channel], values(1)[channel]),
                false => (1.0, 0.0),
            };
            let scale = f64::from(weight) * inverse;
            let shift = f64::from(bias) - f64::from(*mean) * scale;
            (scale as f32, shift as f32)
        });
        line.unzip()
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
        let is_input = |node: &Node| matches!(node.operation, Operation::Input(_));
        let entry = nodes.iter().position(is_input).unwrap_or_default();
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

fn side_by_side(values: &[f32]) -> Vec<Octet> {
    let mut target = vec![[0.0; 8]; octets(values.len())];
    let pairs = target.as_flattened_mut().iter_mut().zip(values);
    pairs.for_each(|(target, value)| *target = *value);
    target
}

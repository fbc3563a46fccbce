//! The backward pass: what each node makes of the gradient of its value.

use super::super::mixture;
use super::super::{
    Goal, activation, align, answer, batch_norm, concat, convolution, dropout, elementwise,
    layer_norm, pool, rearrange,
};
use super::Pass;
use super::forward::moves;
use netsmith::network::{Operation, Saved};
use netsmith_kernels::{Buffer, Lane, channel_sums, linear, pack, weight_gradient};

impl Pass<'_> {
    pub(super) fn backward(&mut self, gradient: &[f32]) {
        let mut trains = vec![false; self.network.weights().len()];
        if self.trains() {
            let nodes = self.network.nodes().iter().enumerate();
            let run = nodes.filter(|&(index, _)| self.runs(index));
            for &weight in run.flat_map(|(_, node)| &node.weights) {
                trains[weight] = self.network.weights()[weight].shape.role.trains();
            }
        }
        let weights = self.network.weights().iter().zip(trains);
        let zeros = weights.map(|(weight, trains)| match trains {
            true => vec![0.0; weight.shape.elements()],
            false => Vec::new(),
        });
        self.trained = zeros.collect();
        self.trained_once = vec![false; self.trained.len()];
        let answer = answer(self.network);
        let mut start = self.arena.take(self.size(answer));
        pack(
            gradient,
            self.network.nodes()[answer].shape.elements(),
            &mut start,
        );
        self.gradients[answer] = Some(start);
        for index in (0..self.network.nodes().len()).rev() {
            if let Some(gradient) = self.gradients[index].take() {
                self.show_gradient(index, &gradient);
                self.pull(index, gradient);
            } else if let Some((mix, at)) = self.plan.norms[index] {
                self.pull_share(index, mix, at);
            }
            if self.plan.holder[index] == index
                && let Some(buffer) = self.values[index].take()
            {
                self.arena.give(buffer);
            }
        }
    }

    /// Whether the gradients of the weights are wanted.
    fn trains(&self) -> bool {
        self.goal.is_some_and(Goal::trains)
    }

    /// Adds to the gradient of a mix's weight.
    fn learn(&mut self, decision: usize, at: usize, gradient: f64) {
        if self.mixing.len() <= decision {
            self.mixing.resize(decision + 1, Vec::new());
        }
        let weights = &mut self.mixing[decision];
        if weights.len() <= at {
            weights.resize(at + 1, 0.0);
        }
        weights[at] += gradient;
    }

    #[expect(clippy::float_cmp, reason = "a hard choice counts exactly one")]
    fn pull_mix(&mut self, index: usize, decision: usize, gradient: Buffer) {
        let mixed = self.mixed(index, decision);
        if self.goal.is_some_and(Goal::mixes) {
            if mixed.len() <= 1 {
                if self.ones.len() <= decision {
                    self.ones.resize(decision + 1, 0.0);
                }
                self.ones[decision] += mixture::total(&gradient);
            }
            for &(at, input, _) in &mixed {
                if self.plan.norms[input].is_none() {
                    let slope = mixture::dot(self.read(input), &gradient);
                    self.learn(decision, at, slope);
                }
            }
        }
        if let [(_, input, weight)] = mixed[..]
            && weight == 1.0
        {
            return self.deliver(input, gradient);
        }
        let mut norms = 0;
        for &(_, input, weight) in &mixed {
            if self.plan.norms[input].is_some() {
                norms += 1;
            } else if self.plan.needs[input] {
                self.deliver_scaled(input, weight, &gradient);
            }
        }
        match norms {
            0 => self.arena.give(gradient),
            _ => _ = self.lent.insert(index, (gradient, norms)),
        }
    }

    /// Takes the gradient of a mix through a normalisation that it reads. The
    /// normalised values times that gradient, summed up, are the slope of the
    /// weight with which it does.
    fn pull_share(&mut self, index: usize, mix: usize, at: usize) {
        let Some(memory) = self.memories[index].take() else {
            return;
        };
        let Some((gradient, norms)) = self.lent.remove(&mix) else {
            return;
        };
        let weight = self.weight(mix, at);
        let first = self.network.nodes()[index].inputs[0];
        let mut target = self.arena.take(self.size(first));
        let slope = memory.backward_of_share(weight, self.read(first), &gradient, &mut target);
        self.learn_from_norm(mix, at, slope);
        self.deliver(first, target);
        match norms {
            1 => self.arena.give(gradient),
            _ => _ = self.lent.insert(mix, (gradient, norms - 1)),
        }
    }

    /// Takes the gradient of a node's value to its inputs and weights.
    fn pull(&mut self, index: usize, mut gradient: Buffer) {
        let node = &self.network.nodes()[index];
        let shape = node.shape;
        let first = node.inputs.first().copied().unwrap_or(index);
        let from = self.network.nodes()[first].shape;
        let plane = from.positions().iter().product();
        match &node.operation {
            Operation::Input(_) | Operation::Zero(_) => self.arena.give(gradient),
            Operation::Identity | Operation::Flatten => self.deliver(first, gradient),
            Operation::Activation(kind) => {
                // A rectifier that its normalisation does is undone there.
                if self.plan.holder[index] == index {
                    let kept = if node.operation.saved() == Saved::Output {
                        index
                    } else {
                        first
                    };
                    activation::backward(*kind, self.read(kept), &mut gradient);
                }
                self.deliver(first, gradient);
            }
            Operation::Convolution(it) => {
                let geometry = convolution::shape(it, from, shape);
                if self.trains() {
                    self.recall(first);
                    let mut sums = self.room(index, 0);
                    let input = self.read(first);
                    weight_gradient::backward_weights(&geometry, input, &gradient, &mut sums);
                    self.put(index, 0, sums);
                    self.train_bias(index, &gradient);
                }
                if self.plan.needs[first] {
                    let mut target = self.arena.take(self.size(first));
                    let weights = &self.weights.0[node.weights[0]];
                    netsmith_kernels::convolution::backward_input(
                        &geometry,
                        &gradient,
                        weights,
                        &mut target,
                    );
                    self.deliver(first, target);
                }
                self.arena.give(gradient);
            }
            Operation::Linear(it) => {
                let sizes = [it.out, from.channels()];
                if self.trains() {
                    let mut sums = self.room(index, 0);
                    let mut bias = (node.weights.len() > 1).then(|| self.room(index, 1));
                    let input = self.read(first);
                    let own = bias.as_deref_mut();
                    linear::backward_weights(sizes, input, &gradient, &mut sums, own);
                    self.put(index, 0, sums);
                    if let Some(bias) = bias {
                        self.put(index, 1, bias);
                    }
                }
                if self.plan.needs[first] {
                    let mut target = self.arena.take(self.size(first));
                    let weights = &self.weights.0[node.weights[0]];
                    linear::backward_input(sizes, &gradient, weights, &mut target);
                    self.deliver(first, target);
                }
                self.arena.give(gradient);
            }
            Operation::BatchNorm(it) => {
                if let Some(memory) = self.memories[index].take() {
                    let trained = memory.backward(self.read(first), &mut gradient);
                    if it.affine {
                        for at in 0..2 {
                            let own: Vec<f32> = trained.iter().map(|pair| pair[at]).collect();
                            self.train(index, at, &own);
                        }
                    }
                    if let Some((mix, at)) = self.plan.norms[index] {
                        // It counts as it is: the only one that was drawn.
                        self.learn_from_norm(mix, at, batch_norm::slope(&trained));
                    }
                }
                self.deliver(first, gradient);
            }
            Operation::LayerNorm(it) => {
                let scale = it.affine.then(|| &self.weights.0[node.weights[0]][..]);
                let sizes = [from.channels(), plane];
                let trained = layer_norm::backward(sizes, scale, self.read(first), &mut gradient);
                if it.affine {
                    self.train(index, 0, &trained[0]);
                    self.train(index, 1, &trained[1]);
                }
                self.deliver(first, gradient);
            }
            Operation::MaxPool(it) => {
                let windows = pool::Windows::of(it, from, shape);
                self.pull_reading(first, gradient, |input, gradient, target| {
                    windows.max_backward(input, gradient, target);
                });
            }
            Operation::Resize(_) => {
                let windows = align::windows(from, shape);
                self.pull_reading(first, gradient, |input, gradient, target| {
                    windows.max_backward(input, gradient, target);
                });
            }
            Operation::AvgPool(it) => {
                let windows = pool::Windows::of(it, from, shape);
                self.moved(first, gradient, |gradient, target| {
                    windows.average_backward(gradient, target);
                });
            }
            Operation::GlobalPool => self.moved(first, gradient, |gradient, target| {
                pool::global_backward(plane, gradient, target);
            }),
            Operation::Mix { decision } => self.pull_mix(index, *decision, gradient),
            Operation::Add => {
                if let Some((last, others)) = node.inputs.split_last() {
                    for &input in others {
                        self.deliver_copy(input, &gradient);
                    }
                    self.deliver(*last, gradient);
                }
            }
            Operation::Multiply => self.pull_product(node.inputs[0], node.inputs[1], gradient),
            Operation::Concat => {
                for (input, offset, size) in self.parts(index) {
                    let mut target = self.arena.take(self.size(input));
                    concat::backward(size, offset, shape.elements(), &gradient, &mut target);
                    self.deliver(input, target);
                }
                self.arena.give(gradient);
            }
            Operation::Shift
            | Operation::ChannelShuffle(_)
            | Operation::Slice(_)
            | Operation::Truncate(_) => {
                if let Some(moves) = moves(&node.operation, from) {
                    self.moved(first, gradient, |gradient, target| {
                        moves.backward(gradient, target)
                    });
                }
            }
            Operation::Dropout(it) => {
                let count = self.samples * shape.elements();
                let factors = self
                    .noise
                    .and_then(|n| n.dropout(&node.name, it.rate, count));
                self.pull_scaled(first, factors, gradient);
            }
            Operation::DropPath => {
                let factors = self
                    .noise
                    .and_then(|n| n.drop_path(&node.name, self.samples));
                self.pull_scaled(first, factors, gradient);
            }
            Operation::Pad(_) => self.moved(first, gradient, |gradient, target| {
                align::pad_backward(from, shape, gradient, target);
            }),
            Operation::Stack => {
                for (position, &input) in node.inputs.iter().enumerate() {
                    let mut target = self.arena.take(self.size(input));
                    rearrange::stack_backward(position, node.inputs.len(), &gradient, &mut target);
                    self.deliver(input, target);
                }
                self.arena.give(gradient);
            }
        }
    }

    fn learn_from_norm(&mut self, mix: usize, at: usize, slope: f64) {
        if let Operation::Mix { decision } = self.network.nodes()[mix].operation
            && self.goal.is_some_and(Goal::mixes)
        {
            self.learn(decision, at, slope);
        }
    }

    fn pull_scaled(&mut self, input: usize, factors: Option<Vec<f32>>, mut gradient: Buffer) {
        if let Some(factors) = factors {
            let size = self.network.nodes()[input].shape.elements();
            dropout::scale(&factors, self.samples, size, &mut gradient);
        }
        self.deliver(input, gradient);
    }

    fn pull_product(&mut self, a: usize, b: usize, gradient: Buffer) {
        let plane = self.ratio(a, b);
        let mut target = self.arena.take(self.size(b));
        elementwise::multiply_backward(plane, self.read(a), &gradient, &mut target);
        self.deliver(b, target);
        let mut target = self.arena.take(self.size(a));
        elementwise::multiply(plane, &gradient, self.read(b), &mut target);
        self.deliver(a, target);
        self.arena.give(gradient);
    }

    /// Computes the gradient of an input that is read again.
    fn pull_reading(
        &mut self,
        input: usize,
        gradient: Buffer,
        pull: impl FnOnce(&[Lane], &[Lane], &mut [Lane]),
    ) {
        if self.plan.needs[input] {
            let mut target = self.arena.take(self.size(input));
            pull(self.read(input), &gradient, &mut target);
            self.deliver(input, target);
        }
        self.arena.give(gradient);
    }

    /// Computes the gradient of an input from that of the output alone.
    fn moved(&mut self, input: usize, gradient: Buffer, pull: impl FnOnce(&[Lane], &mut [Lane])) {
        let mut target = self.arena.take(self.size(input));
        pull(&gradient, &mut target);
        self.arena.give(gradient);
        self.deliver(input, target);
    }

    /// Adds a gradient to those that have reached a node.
    fn deliver(&mut self, node: usize, gradient: Buffer) {
        if !self.plan.needs[node] {
            return self.arena.give(gradient);
        }
        match &mut self.gradients[node] {
            Some(sum) => {
                elementwise::add(&gradient, sum);
                self.arena.give(gradient);
            }
            empty => *empty = Some(gradient),
        }
    }

    fn deliver_scaled(&mut self, node: usize, weight: f32, gradient: &[Lane]) {
        match &mut self.gradients[node] {
            Some(sum) => mixture::add_scaled(weight, gradient, sum),
            empty => {
                let mut target = self.arena.take(gradient.len());
                mixture::scaled(weight, gradient, &mut target);
                *empty = Some(target);
            }
        }
    }

    fn deliver_copy(&mut self, node: usize, gradient: &[Lane]) {
        if !self.plan.needs[node] {
            return;
        }
        match &mut self.gradients[node] {
            Some(sum) => elementwise::add(gradient, sum),
            empty => {
                let mut copy = self.arena.take(gradient.len());
                elementwise::copy(gradient, &mut copy);
                *empty = Some(copy);
            }
        }
    }

    /// Adds to the gradient of a node's weight.
    fn train(&mut self, node: usize, at: usize, gradient: &[f32]) {
        if !self.trains() {
            return;
        }
        let weight = self.network.nodes()[node].weights[at];
        self.trained_once[weight] = true;
        for (sum, gradient) in self.trained[weight].iter_mut().zip(gradient) {
            *sum += gradient;
        }
    }

    /// Room that a kernel fills with the gradient of a node's weight: the
    /// gradient itself where nothing has reached it yet.
    fn room(&mut self, node: usize, at: usize) -> Vec<f32> {
        let weight = self.network.nodes()[node].weights[at];
        match self.trained_once[weight] {
            false => std::mem::take(&mut self.trained[weight]),
            true => vec![0.0; self.trained[weight].len()],
        }
    }

    /// Takes the gradient of a node's weight out of its [`room`](Self::room).
    fn put(&mut self, node: usize, at: usize, gradient: Vec<f32>) {
        let weight = self.network.nodes()[node].weights[at];
        if self.trained_once[weight] {
            return self.train(node, at, &gradient);
        }
        self.trained[weight] = gradient;
        self.trained_once[weight] = true;
    }

    fn train_bias(&mut self, node: usize, gradient: &[Lane]) {
        if self.network.nodes()[node].weights.len() > 1 {
            let shape = self.network.nodes()[node].shape;
            let plane = shape.positions().iter().product();
            let sums = channel_sums(gradient, shape.channels(), plane);
            self.train(node, 1, &sums);
        }
    }
}

//! A node that the parent has not: the identity, or a branch of zeros.

use super::{Carry, Morphism, State};
use crate::module::{Channels, Identity, Inheritance, Range, Zeros, inheritance};
use netsmith::network::Role;
use netsmith::network::operation::{Activation, BatchNorm, Convolution};

impl Morphism<'_> {
    /// Lets a new node hand its input on, if it can.
    pub(super) fn make_identity(&mut self, node: usize) -> State {
        let it = &self.child.nodes()[node];
        let Inheritance {
            channels, identity, ..
        } = self.of_child(node);
        if identity == Identity::Sum {
            return self.close_branches(node);
        }
        let input = match it.inputs.first().map(|&input| &self.states[input]) {
            Some(State::Carries(carry)) if it.inputs.len() == 1 => carry.clone(),
            _ => return State::Fresh,
        };
        let carried = match identity {
            Identity::Kernel => match channels {
                Channels::Mixed(Some(convolution)) => self.hand_on(node, &convolution, &input),
                _ => self.unit_matrix(node, &input),
            },
            Identity::Norm => {
                self.undo_epsilon(node);
                Some(input)
            }
            Identity::Under(kind) => self.is_idempotent(kind, input.node).then_some(input),
            Identity::Sum | Identity::Never => None,
        };
        carried.map_or(State::Fresh, State::Carries)
    }

    /// A convolution whose middle is the identity.
    fn hand_on(&mut self, node: usize, it: &Convolution, input: &Carry) -> Option<Carry> {
        let own = &self.child.nodes()[node];
        let from = self.child.nodes()[own.inputs[0]].shape;
        let odd = it.window.kernel.iter().all(|size| size % 2 == 1);
        if !odd || own.shape.positions() != from.positions() || it.window.stride != [1, 1] {
            return None;
        }
        match it.group_count(from.channels()) {
            1 => self.unit_matrix(node, input),
            groups if groups == from.channels() && it.out == groups => {
                let [height, width] = it.window.kernel;
                let values = &mut self.new.0[own.weights[0]];
                values.fill(0.0);
                let middle = height / 2 * width + width / 2;
                for kernel in values.chunks_exact_mut(height * width) {
                    kernel[middle] = 1.0;
                }
                self.clear_bias(node);
                Some(input.clone())
            }
            _ => None,
        }
    }

    /// The identity between the parent's channels, in the middle of the window.
    fn unit_matrix(&mut self, node: usize, input: &Carry) -> Option<Carry> {
        let channels = self.parent.nodes()[input.node].shape.channels();
        let it = &self.child.nodes()[node];
        let map = self.spread(channels, it.shape.channels())?;
        let weight = it.weights[0];
        let window: usize = self.child.weights()[weight].shape.dims[2..]
            .iter()
            .product();
        let counts = input.counts();
        let values = &mut self.new.0[weight];
        values.fill(0.0);
        for (row, &to) in map.iter().enumerate() {
            for (column, &from) in input.map.iter().enumerate() {
                if from == to {
                    let at = (row * input.map.len() + column) * window + window / 2;
                    values[at] = 1.0 / counts[from];
                }
            }
        }
        self.clear_bias(node);
        Some(Carry {
            node: input.node,
            map,
        })
    }

    fn clear_bias(&mut self, node: usize) {
        if let Some(&bias) = self.child.nodes()[node].weights.get(1) {
            self.new.0[bias].fill(0.0);
        }
    }

    /// A normalisation by mean zero and variance one that adds no epsilon.
    fn undo_epsilon(&mut self, node: usize) {
        for &weight in &self.child.nodes()[node].weights {
            if self.role(weight) == Role::RunningVariance {
                self.new.0[weight].fill((1.0 - BatchNorm::EPSILON) as f32);
            }
        }
    }

    /// Whether an activation changes nothing of a value of the parent.
    fn is_idempotent(&self, kind: Activation, old: usize) -> bool {
        let it = &self.parent.nodes()[self.holder(old)];
        let inputs = || {
            it.inputs
                .iter()
                .all(|&input| self.is_idempotent(kind, input))
        };
        match inheritance(&it.operation).range {
            Range::Of(was) => match kind {
                Activation::Relu => matches!(
                    was,
                    Activation::Relu
                        | Activation::Relu6
                        | Activation::Sigmoid
                        | Activation::HardSigmoid
                ),
                Activation::Relu6 => matches!(was, Activation::Relu6),
                _ => false,
            },
            Range::OfInputs => inputs(),
            Range::PositiveOfInputs => kind == Activation::Relu && inputs(),
            Range::Any => false,
        }
    }

    /// A new sum: one input carries a value, and the others become zero.
    fn close_branches(&mut self, node: usize) -> State {
        let inputs = self.child.nodes()[node].inputs.clone();
        let mut carrying: Vec<usize> = inputs.clone();
        carrying.retain(|&input| matches!(self.states[input], State::Carries(_)));
        // The shortest way is the shortcut.
        carrying.sort_by_key(|&input| self.depth(input));
        for kept in carrying {
            let others = inputs.iter().filter(|&&input| input != kept);
            let others: Vec<usize> = others.copied().collect();
            if others.len() + 1 == inputs.len()
                && others.iter().all(|&other| self.can_vanish(other))
            {
                others.iter().for_each(|&other| self.vanish(other));
                return self.states[kept].clone();
            }
        }
        State::Fresh
    }

    /// How many new layers are behind a node.
    fn depth(&self, node: usize) -> usize {
        let it = &self.child.nodes()[node];
        if self.names.contains_key(it.name.as_str()) {
            return 0;
        }
        let inputs = it.inputs.iter().map(|&input| self.depth(input));
        1 + inputs.max().unwrap_or(0)
    }

    /// Whether a new branch can be made to give zeros.
    fn can_vanish(&self, node: usize) -> bool {
        let it = &self.child.nodes()[node];
        if self.names.contains_key(it.name.as_str()) || !self.has_one_way(node) {
            return false;
        }
        match self.of_child(node).zeros {
            Zeros::OfWeights => true,
            Zeros::OfInput => self.can_vanish(it.inputs[0]),
            Zeros::Never => false,
        }
    }

    /// Whether the value of a node goes one way; that it scales itself counts as one.
    fn has_one_way(&self, node: usize) -> bool {
        let readers = self.child.nodes().iter();
        let readers = readers.filter(|other| other.inputs.contains(&node));
        let mut scaling = readers
            .clone()
            .map(|other| inheritance(&other.operation).scales);
        readers.count() == 1 || scaling.all(|scales| scales)
    }

    /// Makes a branch give zeros; what is before its last layer is drawn.
    fn vanish(&mut self, node: usize) {
        let it = &self.child.nodes()[node];
        self.states[node] = State::Zero;
        if self.of_child(node).zeros != Zeros::OfWeights {
            return self.vanish(it.inputs[0]);
        }
        for &weight in &it.weights {
            match self.role(weight) {
                Role::Kernel { .. } | Role::Scale | Role::Bias => self.new.0[weight].fill(0.0),
                Role::RunningMean | Role::RunningVariance => {
                    self.new.0[weight].clone_from(&self.initial.0[weight]);
                }
            }
        }
        it.inputs.iter().for_each(|&input| self.draw_anew(input));
    }

    /// Gives new layers their drawn weights back, up to what the parent has.
    fn draw_anew(&mut self, node: usize) {
        let it = &self.child.nodes()[node];
        if it.inputs.is_empty()
            || self.names.contains_key(it.name.as_str())
            || !self.has_one_way(node)
        {
            return;
        }
        for &weight in &it.weights {
            self.new.0[weight].clone_from(&self.initial.0[weight]);
        }
        self.states[node] = State::Fresh;
        it.inputs.iter().for_each(|&input| self.draw_anew(input));
    }
}

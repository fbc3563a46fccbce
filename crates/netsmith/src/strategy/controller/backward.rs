//! The backward pass: back through all steps, the last one first.

use super::Controller;
use super::distribution::{Toss, Weights, softmax_gradient};
use super::lstm::{self, Flow};
use super::matrix::{add, add_outer, add_product, add_scaled, add_transposed};
use super::plan::{Attention, Head};
use super::skip::SkipTarget;
use super::step::{Part, Step};
use super::tape::Anchor;

/// The terms whose gradient is taken: `Σ score_t·log p_t + entropy·Σ H_t +
/// skip·KL`.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// A factor for the log-probability of each step.
    pub scores: &'a [f64],
    /// A factor for the sum of the entropies.
    pub entropy: f64,
    /// A factor for the divergence from a rate of skips, and the rate.
    pub skip: Option<(f64, SkipTarget)>,
}

/// Gradients on their way back.
#[derive(Clone, Debug, Default)]
pub(super) struct Workspace {
    /// By step: of the state of the last layer.
    states: Vec<f64>,
    /// By step: of the key of the state.
    keys: Vec<f64>,
    /// By layer.
    hidden: Vec<f64>,
    cells: Vec<f64>,
    /// Room for the input of each layer, and for gates.
    input: Vec<f64>,
    gates: Vec<f64>,
    logits: Vec<f64>,
}

impl Controller {
    /// Adds the gradient of the terms for the steps on the tape.
    pub(super) fn back(
        &mut self,
        theta: &[f64],
        steps: &[Step],
        terms: &Terms<'_>,
        gradient: &mut [f64],
    ) {
        let (width, layers) = (self.plan.width, self.plan.layers.len());
        let mut room = std::mem::take(&mut self.room);
        room.begin(self.tape.steps(), width, layers);
        for step in (0..steps.len()).rev() {
            self.logit_gradient(steps, step, terms, &mut room.logits);
            let own = &steps[step];
            match &self.plan.heads[own.decision.index()] {
                Head::Table { logits, count } => {
                    let from = match own.part {
                        Part::Slot(slot) => logits.start + slot * count,
                        Part::Option | Part::Members { .. } => logits.start,
                    };
                    add(&mut gradient[from..from + count], &room.logits);
                }
                Head::Option { weights, bias, .. } => {
                    add(&mut gradient[bias.clone()], &room.logits);
                    let state = self.tape.state(step);
                    add_outer(&mut gradient[weights.clone()], &room.logits, state);
                    let back = &mut room.states[step * width..(step + 1) * width];
                    add_product(back, &room.logits, &theta[weights.clone()]);
                }
                Head::Shared => self.attention_gradient(theta, step, &mut room, gradient),
            }
            if width > 0 {
                self.key_gradient(theta, step, &mut room, gradient);
                self.lstm_gradient(theta, step, &mut room, gradient);
                self.input_gradient(&steps[..step], step, &mut room, gradient);
            }
        }
        self.root_gradient(theta, &mut room, gradient);
        self.room = room;
    }

    /// Of the plain logits of a step.
    fn logit_gradient(
        &self,
        steps: &[Step],
        step: usize,
        terms: &Terms<'_>,
        gradient: &mut Vec<f64>,
    ) {
        let (own, range) = (&steps[step], self.tape.logits(step));
        let shaped = &self.tape.shaped[range.clone()];
        gradient.clear();
        gradient.resize(shaped.len(), 0.0);
        let weights = Weights {
            score: terms.scores[step],
            entropy: terms.entropy,
        };
        match own.part {
            Part::Option | Part::Slot(_) => {
                let log = &self.tape.log[range];
                softmax_gradient(log, own.pick as usize, weights, gradient);
            }
            Part::Members { open } => {
                let subsets = steps.iter();
                let subsets = subsets.filter(|s| matches!(s.part, Part::Members { .. }));
                let share = 1.0 / subsets.count() as f64;
                for (candidate, gradient) in gradient.iter_mut().enumerate() {
                    let toss = Toss {
                        logit: shaped[candidate],
                    };
                    if open >> candidate & 1 == 1 {
                        *gradient = toss.gradient(own.pick >> candidate & 1 == 1, weights);
                    }
                    if let Some((factor, target)) = terms.skip {
                        *gradient += factor * share * target.slope(toss.logit);
                    }
                }
            }
        }
        let shaping = self.design.shaping(own.part);
        for (gradient, &shaped) in gradient.iter_mut().zip(shaped) {
            *gradient *= shaping.slope(shaped);
        }
    }

    /// Through the scores of the candidates, to keys and state.
    fn attention_gradient(
        &self,
        theta: &[f64],
        step: usize,
        room: &mut Workspace,
        gradient: &mut [f64],
    ) {
        let Some(attention) = &self.plan.attention else {
            return;
        };
        let width = self.plan.width;
        let mut query = vec![0.0; width];
        let mut inner = vec![0.0; width];
        for (candidate, at) in self.tape.anchors_of(step).enumerate() {
            let score = room.logits[candidate];
            let mixed = self.tape.mixed_of(at);
            add_scaled(&mut gradient[attention.direction.clone()], score, mixed);
            let direction = &theta[attention.direction.clone()];
            for ((inner, mixed), v) in inner.iter_mut().zip(mixed).zip(direction) {
                *inner = score * v * (1.0 - mixed * mixed);
            }
            add(&mut query, &inner);
            add(room.key_mut(self.tape.anchors[at], width), &inner);
        }
        let state = self.tape.state(step);
        add_outer(&mut gradient[attention.current.clone()], state, &query);
        let back = &mut room.states[step * width..(step + 1) * width];
        add_transposed(back, &theta[attention.current.clone()], &query);
    }

    /// Through the key of a step: all that read it lie behind.
    fn key_gradient(&self, theta: &[f64], step: usize, room: &mut Workspace, gradient: &mut [f64]) {
        let (Some(attention), Some(_)) = (&self.plan.attention, &self.tape.step_keys[step]) else {
            return;
        };
        let width = self.plan.width;
        let own = step * width..(step + 1) * width;
        let weights = &theta[attention.previous.clone()];
        let (keys, state) = (&room.keys[own.clone()], self.tape.state(step));
        add_outer(&mut gradient[attention.previous.clone()], state, keys);
        add_transposed(&mut room.states[own], weights, keys);
    }

    fn lstm_gradient(
        &self,
        theta: &[f64],
        step: usize,
        room: &mut Workspace,
        gradient: &mut [f64],
    ) {
        let (width, layers) = (self.plan.width, self.plan.layers.len());
        let own = step * width..(step + 1) * width;
        room.input.copy_from_slice(&room.states[own]);
        for layer in (0..layers).rev() {
            let range = self.plan.layers[layer].clone();
            let weights = lstm::Weights::of(&theta[range.clone()], width, width);
            let (input, before, trace) = self.tape.layer(step, layer);
            let hidden = &mut room.hidden[layer * width..(layer + 1) * width];
            // What came down from above joins what came back from the next step.
            add(hidden, &room.input);
            room.input.fill(0.0);
            let flow = Flow {
                hidden,
                cell: &mut room.cells[layer * width..(layer + 1) * width],
                input: &mut room.input,
                gates: &mut room.gates,
            };
            let gradient = lstm::Weights::of_mut(&mut gradient[range], width, width);
            lstm::backward(&weights, input, before, &trace, flow, gradient);
        }
    }

    /// To whatever was the input of a step.
    fn input_gradient(
        &self,
        before: &[Step],
        step: usize,
        room: &mut Workspace,
        gradient: &mut [f64],
    ) {
        let width = self.plan.width;
        let Some(last) = before.last() else {
            add(&mut gradient[self.plan.start.clone()], &room.input);
            return;
        };
        let index = last.decision.index();
        match (last.part, &self.plan.heads[index]) {
            (Part::Option, Head::Option { embedding, .. }) => {
                let from = embedding.start + last.pick as usize * width;
                add(&mut gradient[from..from + width], &room.input);
            }
            (Part::Option, _) => {}
            (Part::Slot(_), _) => {
                self.anchor_gradient(step, last.pick as usize, 1.0, room, gradient);
            }
            (Part::Members { .. }, _) => {
                let share = 1.0 / f64::from(1 + last.pick.count_ones());
                let candidates = self.plan.sources[index].len();
                for candidate in (0..candidates).filter(|c| last.pick >> c & 1 == 1) {
                    self.anchor_gradient(step, candidate, share, room, gradient);
                }
            }
        }
    }

    fn anchor_gradient(
        &self,
        step: usize,
        candidate: usize,
        share: f64,
        room: &mut Workspace,
        gradient: &mut [f64],
    ) {
        let first = self.tape.anchors_of(step - 1).start;
        let width = self.plan.width;
        match self.tape.anchors[first + candidate] {
            Anchor::Step(of) => {
                let state = &mut room.states[of * width..(of + 1) * width];
                add_scaled(state, share, &room.input);
            }
            Anchor::Root(root) => {
                let own = self.plan.root_range(root);
                add_scaled(&mut gradient[own], share, &room.input);
            }
        }
    }

    /// Through the keys of the vectors that stand for candidates from outside.
    fn root_gradient(&self, theta: &[f64], room: &mut Workspace, gradient: &mut [f64]) {
        let Some(Attention { previous, .. }) = &self.plan.attention else {
            return;
        };
        let (width, steps) = (self.plan.width, self.tape.steps());
        for (root, known) in self.tape.root_keys.iter().enumerate() {
            if known.is_none() {
                continue;
            }
            let from = (steps + root) * width;
            let keys = &room.keys[from..from + width];
            let own = self.plan.root_range(root);
            let vector = &theta[own.clone()];
            add_outer(&mut gradient[previous.clone()], vector, keys);
            add_transposed(&mut gradient[own], &theta[previous.clone()], keys);
        }
    }
}

impl Workspace {
    fn begin(&mut self, steps: usize, width: usize, layers: usize) {
        for (buffer, size) in [
            (&mut self.states, steps * width),
            (&mut self.keys, steps * width),
            (&mut self.hidden, layers * width),
            (&mut self.cells, layers * width),
            (&mut self.input, width),
            (&mut self.gates, 4 * width),
        ] {
            buffer.clear();
            buffer.resize(size, 0.0);
        }
    }

    /// The gradient of a key: those of steps first, then those of roots.
    fn key_mut(&mut self, anchor: Anchor, width: usize) -> &mut [f64] {
        let steps = self.states.len() / width;
        let index = match anchor {
            Anchor::Step(step) => step,
            Anchor::Root(root) => steps + root,
        };
        if self.keys.len() < (index + 1) * width {
            self.keys.resize((index + 1) * width, 0.0);
        }
        &mut self.keys[index * width..(index + 1) * width]
    }
}

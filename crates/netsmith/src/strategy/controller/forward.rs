//! The forward pass: the distribution of each step, given the picks before it.

use super::distribution::{Shaping, log_softmax};
use super::lstm::{self, Weights};
use super::matrix::{add, add_product, add_scaled, add_transposed, dot};
use super::plan::{Attention, Head};
use super::squash;
use super::step::{Part, Step};
use super::tape::Anchor;
use super::{Controller, Design};
use crate::space::DecisionId;

impl Design {
    /// How the logits of a part are shaped.
    pub(super) fn shaping(&self, part: Part) -> Shaping {
        let clip = match part {
            Part::Option => self.option_clip,
            Part::Slot(_) | Part::Members { .. } => self.select_clip,
        };
        Shaping {
            temperature: self.temperature,
            clip,
        }
    }
}

impl Controller {
    /// Computes the distribution of the step that follows `before`: shaped
    /// logits and, but for a subset, log-probabilities. Returns its index.
    pub(super) fn advance(
        &mut self,
        theta: &[f64],
        before: &[Step],
        (decision, part, bias): (DecisionId, Part, &[f64]),
    ) -> usize {
        let index = decision.index();
        let position = self.plan.position[index];
        let step = match &self.plan.heads[index] {
            Head::Table { logits, count } => {
                let from = match part {
                    Part::Slot(slot) => logits.start + slot * count,
                    Part::Option | Part::Members { .. } => logits.start,
                };
                let own = from..from + count;
                let step = self.tape.push(position, own.len(), 0);
                let range = self.tape.logits(step);
                self.tape.shaped[range].copy_from_slice(&theta[own]);
                step
            }
            Head::Option { bias, .. } => {
                let step = self.tape.push(position, bias.len(), 0);
                self.run_lstm(theta, before, step);
                self.head(theta, decision, step);
                step
            }
            Head::Shared => {
                let candidates = self.plan.sources[index].len();
                let step = self.tape.push(position, candidates, candidates);
                self.run_lstm(theta, before, step);
                self.attend(theta, decision, step);
                step
            }
        };
        let range = self.tape.logits(step);
        let shaped = &mut self.tape.shaped[range.clone()];
        self.design.shaping(part).apply(shaped);
        if !matches!(part, Part::Members { .. }) {
            log_softmax(shaped, bias, &mut self.tape.log[range]);
        }
        step
    }

    fn run_lstm(&mut self, theta: &[f64], before: &[Step], step: usize) {
        self.feed(theta, before, step);
        for (layer, range) in self.plan.layers.iter().enumerate() {
            let width = self.plan.width;
            let weights = Weights::of(&theta[range.clone()], width, width);
            let (input, before, trace) = self.tape.layer_mut(step, layer);
            lstm::forward(&weights, input, before, trace);
        }
    }

    /// The input of a step: what was picked at the step before.
    fn feed(&mut self, theta: &[f64], before: &[Step], step: usize) {
        let width = self.plan.width;
        let Some(last) = before.last() else {
            let start = &theta[self.plan.start.clone()];
            self.tape.input_mut(step).copy_from_slice(start);
            return;
        };
        let index = last.decision.index();
        match (last.part, &self.plan.heads[index]) {
            (Part::Option, Head::Option { embedding, .. }) => {
                let from = embedding.start + last.pick as usize * width;
                let row = &theta[from..from + width];
                self.tape.input_mut(step).copy_from_slice(row);
            }
            (Part::Option, _) => {}
            (Part::Slot(_), _) => self.feed_anchor(theta, step, last.pick as usize, 1.0),
            (Part::Members { .. }, _) => {
                let share = 1.0 / f64::from(1 + last.pick.count_ones());
                let candidates = self.plan.sources[index].len();
                for candidate in (0..candidates).filter(|c| last.pick >> c & 1 == 1) {
                    self.feed_anchor(theta, step, candidate, share);
                }
            }
        }
    }

    /// Adds a share of the anchor of a candidate of the step before.
    fn feed_anchor(&mut self, theta: &[f64], step: usize, candidate: usize, share: f64) {
        let first = self.tape.anchors_of(step - 1).start;
        match self.tape.anchors[first + candidate] {
            Anchor::Step(of) => {
                let (input, state) = self.tape.input_and_state(step, of);
                add_scaled(input, share, state);
            }
            Anchor::Root(root) => {
                let vector = self.plan.root(theta, root);
                add_scaled(self.tape.input_mut(step), share, vector);
            }
        }
    }

    fn head(&mut self, theta: &[f64], decision: DecisionId, step: usize) {
        let Head::Option { weights, bias, .. } = &self.plan.heads[decision.index()] else {
            return;
        };
        let range = self.tape.logits(step);
        let mut logits = theta[bias.clone()].to_vec();
        add_transposed(&mut logits, &theta[weights.clone()], self.tape.state(step));
        self.tape.shaped[range].copy_from_slice(&logits);
    }

    /// Scores the candidates of a select.
    fn attend(&mut self, theta: &[f64], decision: DecisionId, step: usize) {
        let Some(attention) = self.plan.attention.clone() else {
            return;
        };
        let width = self.plan.width;
        let mut query = vec![0.0; width];
        add_product(
            &mut query,
            self.tape.state(step),
            &theta[attention.current.clone()],
        );
        let (anchors, logits) = (self.tape.anchors_of(step), self.tape.logits(step));
        for candidate in 0..anchors.len() {
            let at = anchors.start + candidate;
            let anchor = match self.plan.sources[decision.index()][candidate] {
                Some(position) => Anchor::Step(self.tape.step_after(position, step)),
                None => Anchor::Root(candidate),
            };
            self.tape.anchors[at] = anchor;
            self.ensure_key(theta, &attention, anchor);
            let key = match anchor {
                Anchor::Step(of) => &self.tape.step_keys[of],
                Anchor::Root(root) => &self.tape.root_keys[root],
            };
            let mixed = &mut self.tape.mixed[at * width..(at + 1) * width];
            mixed.copy_from_slice(&query);
            add(mixed, key.as_deref().unwrap_or_default());
            squash::tanh(mixed);
            self.tape.shaped[logits.start + candidate] =
                dot(mixed, &theta[attention.direction.clone()]);
        }
    }

    fn ensure_key(&mut self, theta: &[f64], attention: &Attention, anchor: Anchor) {
        let mut key = vec![0.0; self.plan.width];
        let weights = &theta[attention.previous.clone()];
        match anchor {
            Anchor::Step(of) if self.tape.step_keys[of].is_none() => {
                add_product(&mut key, self.tape.state(of), weights);
                self.tape.step_keys[of] = Some(key);
            }
            Anchor::Root(root) => {
                if self.tape.root_keys.len() <= root {
                    self.tape.root_keys.resize(root + 1, None);
                }
                if self.tape.root_keys[root].is_none() {
                    add_product(&mut key, self.plan.root(theta, root), weights);
                    self.tape.root_keys[root] = Some(key);
                }
            }
            Anchor::Step(_) => {}
        }
    }
}

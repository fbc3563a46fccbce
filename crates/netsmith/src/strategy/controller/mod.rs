//! The controller: a policy that makes the decisions of any space in order, and
//! learns by policy gradients.
//!
//! ```text
//! for each active decision: h <- LSTM(what was picked last, h)
//!                           option: softmax(W_d h + b_d), of what is allowed
//!                           select: scores vᵀ tanh(W_prev h_j + W_curr h) of
//!                                   the candidates j, h_j their anchors
//! log p(architecture) = the sum over all steps
//! ```
//!
//! What rules and limits rule out is masked, so that log-probabilities are exact.
//! The anchor of a candidate is the state of the first step after its last
//! decision was made ([`Space::sources`]); candidates from outside, such as the
//! inputs of a cell, have a vector of their own.
//!
//! Forward and backward pass are written out on plain slices: a proposal takes
//! microseconds. All is in double precision, which costs little at this size and
//! lets gradients be checked to nine digits.
//!
//! # Paper
//! Zoph and Le 2017 (arXiv:1611.01578), section 3, and Pham et al. 2018
//! (arXiv:1802.03268). Deviations: the state of the next step is the anchor, in
//! place of an extra step; the vectors of outside candidates are learned.

mod backward;
mod derive;
mod distribution;
mod forward;
mod lstm;
mod matrix;
mod optimizer;
mod plan;
mod skip;
mod squash;
mod step;
mod tape;

pub use backward::Terms;
pub use derive::{Derived, derive};
pub use distribution::Shaping;
pub use optimizer::{Moments, Optimizer, OptimizerKind, cut_norm};
pub use skip::{SkipChance, SkipTarget};
pub use step::{Part, Step};

use crate::random::Random;
use crate::space::{Architecture, DecisionId, Infeasible, Limits, Space};
use distribution::Toss;
use plan::Plan;
use rand::RngExt;
use std::collections::BTreeMap;
use tape::Tape;

/// How often an architecture may break a limit that its parts could have kept,
/// before giving up.
const MOST_TRIES: usize = 200;

/// What a policy is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// Where the logits come from.
    pub policy: Policy,
    /// Initial parameters: of an LSTM uniform between plus and minus this, of
    /// independent logits normal with this deviation.
    pub initial_range: f64,
    /// T: logits are divided by it.
    pub temperature: f64,
    /// c of `c·tanh(z / T)` for choices and values; 0 for no clip.
    pub option_clip: f64,
    /// The same for selects.
    pub select_clip: f64,
}

/// Where the logits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Every step has logits of its own, whatever was picked before.
    Independent,
    /// An LSTM that reads what was picked.
    Lstm {
        /// Units of a layer.
        width: usize,
        /// Layers; at least 1.
        layers: usize,
    },
}

/// A policy over the architectures of one space.
///
/// It has no parameters of its own: they are a plain vector that the caller
/// holds, so that gradients can be taken at those with which an architecture was
/// drawn, however often they were changed since.
#[derive(Clone, Debug)]
pub struct Controller {
    design: Design,
    plan: Plan,
    /// Options that are never drawn, by decision.
    closed: BTreeMap<DecisionId, Vec<u32>>,
    tape: Tape,
    room: backward::Workspace,
}

/// An architecture with the steps in which it was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Episode {
    /// What was drawn.
    pub architecture: Architecture,
    /// How.
    pub steps: Vec<Step>,
}

/// The steps of an episode seen with some parameters.
#[derive(Debug)]
pub struct Pass<'c> {
    controller: &'c mut Controller,
    theta: &'c [f64],
    steps: &'c [Step],
}

impl Controller {
    /// A policy for this space.
    pub fn new(space: &Space, design: Design) -> Self {
        Self {
            plan: Plan::new(space, &design),
            design,
            closed: BTreeMap::new(),
            tape: Tape::default(),
            room: backward::Workspace::default(),
        }
    }

    /// How many parameters it takes.
    pub fn size(&self) -> usize {
        self.plan.size
    }

    /// Parameters to begin with.
    pub fn initial(&self, random: &mut Random) -> Vec<f64> {
        self.plan.initial(self.design.initial_range, random)
    }

    /// Never draws this option of a choice or a value again, but where rules and
    /// limits leave no other.
    pub fn close(&mut self, decision: DecisionId, option: u32) {
        self.closed.entry(decision).or_default().push(option);
    }

    /// Draws an architecture that keeps the limits.
    ///
    /// Its probability is that of the masked policy; where a whole architecture
    /// breaks a limit that its parts could have kept, another is drawn, and the
    /// probability is not divided by the chance of that.
    ///
    /// Returns nothing where no draw keeps the limits.
    ///
    /// # Errors
    /// The limit that no architecture keeps, with the nearest bound.
    pub fn sample(
        &mut self,
        theta: &[f64],
        space: &Space,
        limits: &Limits,
        random: &mut Random,
    ) -> Result<Option<Episode>, Infeasible> {
        let mut guide = space.guide(limits)?;
        for _ in 0..MOST_TRIES {
            let mut steps: Vec<Step> = Vec::with_capacity(space.decisions().len());
            self.begin();
            let drawn = guide.walk(&mut |open| {
                step::draw_decision(space, open, &mut |decision, part, bias, bits| {
                    let bias = match self.closed.get(&decision) {
                        Some(closed) if part == Part::Option => {
                            step::masked(bias, closed, space.decision(decision).count())
                        }
                        _ => bias,
                    };
                    let at = self.advance(theta, &steps, (decision, part, &bias));
                    let (part, pick) = self.pick(at, part, bits, random);
                    steps.push(Step {
                        decision,
                        part,
                        bias,
                        pick,
                    });
                    pick
                })
            });
            if let Some(architecture) = drawn {
                return Ok(Some(Episode {
                    architecture,
                    steps,
                }));
            }
        }
        Ok(None)
    }

    /// Looks at an episode with these parameters.
    pub fn pass<'c>(&'c mut self, theta: &'c [f64], episode: &'c Episode) -> Pass<'c> {
        self.begin();
        let steps = &episode.steps;
        for (index, step) in steps.iter().enumerate() {
            let now = (step.decision, step.part, step.bias.as_slice());
            self.advance(theta, &steps[..index], now);
        }
        Pass {
            controller: self,
            theta,
            steps,
        }
    }

    fn begin(&mut self) {
        self.tape.begin(self.plan.width, self.plan.layers.len());
    }

    /// Draws from the distribution of a step.
    fn pick(
        &self,
        step: usize,
        part: Part,
        bits: &mut step::Bits<'_>,
        random: &mut Random,
    ) -> (Part, u32) {
        let range = self.tape.logits(step);
        match part {
            Part::Option | Part::Slot(_) => {
                let log = &self.tape.log[range];
                let mut rest: f64 = random.random();
                let chosen = log.iter().position(|log| {
                    rest -= log.exp();
                    rest < 0.0
                });
                // Rounding may leave a rest behind the last.
                let last = || log.iter().rposition(|log| *log > f64::NEG_INFINITY);
                (part, chosen.or_else(last).unwrap_or(0) as u32)
            }
            Part::Members { .. } => {
                let (mut open, mut pick) = (0, 0);
                for (candidate, &logit) in self.tape.shaped[range].iter().enumerate() {
                    let member = match bits(pick, candidate) {
                        [true, true] => {
                            open |= 1 << candidate;
                            random.random::<f64>() < Toss { logit }.chance()
                        }
                        [_, may] => may,
                    };
                    pick |= u32::from(member) << candidate;
                }
                (Part::Members { open }, pick)
            }
        }
    }
}

impl Pass<'_> {
    /// The log-probability of the architecture.
    pub fn log_probability(&self) -> f64 {
        self.log_probabilities().sum()
    }

    /// The log-probability of each step, given those before it.
    pub fn log_probabilities(&self) -> impl Iterator<Item = f64> {
        self.each(
            |log, pick| log[pick],
            |toss, member| toss.log_probability(member),
        )
    }

    /// The entropy of the distribution of each step, in nats.
    pub fn entropies(&self) -> impl Iterator<Item = f64> {
        self.each(
            |log, _| distribution::entropy(log),
            |toss, _| toss.entropy(),
        )
    }

    /// `−p log p` of what each step picked alone, which the official code of ENAS
    /// takes for the entropy in its macro space.
    pub fn picked_entropies(&self) -> impl Iterator<Item = f64> {
        let of = |log: f64| -log.exp() * log;
        self.each(
            move |log, pick| of(log[pick]),
            move |toss, member| of(toss.log_probability(member)),
        )
    }

    /// The divergence from a rate of skips, summed over the candidates of a
    /// subset and averaged over the subsets; 0 without subsets.
    pub fn skip_divergence(&self, target: SkipTarget) -> f64 {
        let subsets = self.steps.iter().enumerate();
        let subsets = subsets.filter(|(_, step)| matches!(step.part, Part::Members { .. }));
        let sums: Vec<f64> = subsets
            .map(|(index, _)| {
                let logits = &self.controller.tape.shaped[self.controller.tape.logits(index)];
                logits.iter().map(|&logit| target.divergence(logit)).sum()
            })
            .collect();
        sums.iter().sum::<f64>() / sums.len().max(1) as f64
    }

    /// The chance of each option, candidate or member at a step.
    pub fn chances(&self, step: usize) -> Vec<f64> {
        let tape = &self.controller.tape;
        let range = tape.logits(step);
        match self.steps[step].part {
            Part::Members { .. } => {
                let logits = tape.shaped[range].iter();
                logits.map(|&logit| Toss { logit }.chance()).collect()
            }
            Part::Option | Part::Slot(_) => tape.log[range].iter().map(|log| log.exp()).collect(),
        }
    }

    /// Adds the gradient of the terms by the parameters.
    pub fn add_gradient(self, terms: &Terms<'_>, gradient: &mut [f64]) {
        self.controller
            .back(self.theta, self.steps, terms, gradient);
    }

    /// A value for each step: of a softmax, or the sum over the open tosses.
    fn each(
        &self,
        softmax: impl Fn(&[f64], usize) -> f64,
        toss: impl Fn(Toss, bool) -> f64,
    ) -> impl Iterator<Item = f64> {
        self.steps.iter().enumerate().map(move |(index, step)| {
            let tape = &self.controller.tape;
            let range = tape.logits(index);
            match step.part {
                Part::Option | Part::Slot(_) => softmax(&tape.log[range], step.pick as usize),
                Part::Members { open } => {
                    let logits = tape.shaped[range].iter().enumerate();
                    let free = logits.filter(|(candidate, _)| open >> candidate & 1 == 1);
                    free.map(|(candidate, &logit)| {
                        toss(Toss { logit }, step.pick >> candidate & 1 == 1)
                    })
                    .sum()
                }
            }
        })
    }
}

//! Neural architecture search with reinforcement learning: REINFORCE.
//!
//! ```text
//! repeat: θ_b <- θ                                       pull
//!         a_1 .. a_m ~ π(θ_b), trained and scored
//!         R_k <- (best of the last 5 epochs of a_k)³
//!         g <- 1/m Σ (R_k − b) ∇ log π(a_k) at θ_b,  b an average of rewards before
//!         θ <- Adam(θ, g)                                push
//! ```

use super::controller::Terms;
use super::policy_gradient::{Baseline, Batch, Learner, OPTIMIZERS, POLICIES, Staleness};
use super::reward::{late, raised};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "nas-rl",
    "A recurrent policy proposes; REINFORCE makes what scored well likelier.",
    build,
)
.paper("Zoph and Le 2017, arXiv:1611.01578, section 3")
.parameters(&[
    Parameter {
        name: "policy",
        kind: ParameterKind::Word(POLICIES),
        default: "lstm",
        doc: "`lstm` reads what was decided before, as in the paper; `independent` has logits for each decision alone, as NAS-Bench-201's script.",
    },
    Parameter {
        name: "width",
        kind: ParameterKind::Integer(1, 1_024),
        default: "35",
        doc: "Units of an LSTM layer; 35 in the paper.",
    },
    Parameter {
        name: "layers",
        kind: ParameterKind::Integer(1, 8),
        default: "2",
        doc: "LSTM layers; 2 in the paper.",
    },
    Parameter {
        name: "initial-range",
        kind: ParameterKind::Number(0.0, 10.0),
        default: "0.08",
        doc: "Initial weights are uniform between plus and minus this (0.08 in the paper); independent logits normal with a hundredth of it as deviation.",
    },
    Parameter {
        name: "optimizer",
        kind: ParameterKind::Word(OPTIMIZERS),
        default: "adam",
        doc: "What follows the gradient.",
    },
    Parameter {
        name: "learning-rate",
        kind: ParameterKind::Number(0.0, 100.0),
        default: "0.01",
        doc: "Learning rate; that of NATS-Bench's script for hundreds of trials. The paper has 0.0006 for 12,800.",
    },
    Parameter {
        name: "batch",
        kind: ParameterKind::Integer(1, 10_000),
        default: "8",
        doc: "Trials of one update; 8 in the paper, 1 in NAS-Bench-201's script.",
    },
    Parameter {
        name: "window",
        kind: ParameterKind::Integer(1, 10_000),
        default: "5",
        doc: "The best of the last so many epochs is the score of a trial; 5 in the paper, 1 for the last one alone.",
    },
    Parameter {
        name: "power",
        kind: ParameterKind::Number(0.1, 10.0),
        default: "3",
        doc: "Reward is the score to this power; 3 in the paper, 1 in NAS-Bench-201's script.",
    },
    Parameter {
        name: "baseline-decay",
        kind: ParameterKind::Number(0.0, 0.999_999),
        default: "0.95",
        doc: "How much the average of rewards remembers at each trial; the paper names no value, NAS-Bench-201's script has 0.9.",
    },
    Parameter {
        name: "baseline-order",
        kind: ParameterKind::Word(ORDERS),
        default: "after",
        doc: "`after`: rewards are compared with those before, as in the paper; `before`: with an average that holds them already, as NAS-Bench-201's script and ENAS do.",
    },
    Parameter {
        name: "baseline-correction",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether the average forgets that it began at zero.",
    },
    Parameter {
        name: "entropy",
        kind: ParameterKind::Number(0.0, 100.0),
        default: "0",
        doc: "Weight of the policy's entropy, which keeps it exploring; the paper has none.",
    },
    Parameter {
        name: "temperature",
        kind: ParameterKind::Number(0.01, 1_000.0),
        default: "1",
        doc: "Logits are divided by it.",
    },
    Parameter {
        name: "clip",
        kind: ParameterKind::Number(0.0, 1_000.0),
        default: "0",
        doc: "c of c·tanh(logit), which keeps chances from 0 and 1; 0 for none, as in the paper.",
    },
]);

const ORDERS: &[&str] = &["after", "before"];

/// REINFORCE with an average of rewards as baseline, in batches.
///
/// # Paper
/// Section 3 of arXiv:1611.01578; the reward is that of section 4.1. Deviations: a
/// trial without epochs, such as a row of a table, is rewarded by its score; a failed
/// one as the worst that was seen. Trials of a batch are drawn and learned
/// from with the same parameters, so batches that overlap behave as the paper's
/// replicas.
#[derive(Clone, Debug)]
pub struct NasRl {
    learner: Learner,
    window: usize,
    power: f64,
    baseline: Baseline,
    joins_first: bool,
    entropy: f64,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "builders of the catalogue may refuse their settings"
)]
fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(NasRl::new(settings)))
}

impl NasRl {
    /// The strategy with checked settings of [`ENTRY`].
    pub fn new(settings: &Settings) -> Self {
        Self {
            learner: Learner::of(settings),
            window: settings.integer("window"),
            power: settings.number("power"),
            baseline: Baseline::of(settings),
            joins_first: settings.text("baseline-order") == "before",
            entropy: settings.number("entropy"),
        }
    }

    /// How stale batches were.
    pub fn staleness(&self) -> Staleness {
        self.learner.staleness()
    }

    fn learn(&mut self, batch: &Batch) {
        let scored: Vec<_> = self.learner.scored(batch).collect();
        let mut advantages = Vec::with_capacity(scored.len());
        for (_, score) in &scored {
            let reward = raised(*score, self.power);
            if self.joins_first {
                self.baseline.tell(reward);
            }
            // The first batch has nothing to be compared with but itself.
            let baseline = self.baseline.value().unwrap_or(reward);
            advantages.push(reward - baseline);
            if !self.joins_first {
                self.baseline.tell(reward);
            }
        }
        let (entropy, share) = (self.entropy, 1.0 / scored.len().max(1) as f64);
        self.learner.climb(|controller, _, gradient| {
            for ((episode, _), advantage) in scored.iter().zip(advantages) {
                let scores = vec![advantage * share; episode.steps.len()];
                let terms = Terms {
                    scores: &scores,
                    entropy: entropy * share,
                    skip: None,
                };
                controller
                    .pass(&batch.pulled, episode)
                    .add_gradient(&terms, gradient);
            }
        });
        self.learner.count(batch);
    }
}

impl Strategy for NasRl {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.learner.ask(ask)
    }

    fn tell(&mut self, mut observation: Observation) {
        let late = late(&observation.progress, self.window);
        if let (Some(scores), Some(late)) = (&mut observation.scores, late) {
            scores[0] = late;
        }
        if let Some(batch) = self.learner.tell(&observation) {
            self.learn(&batch);
        }
    }

    fn account(&self) -> Option<String> {
        Some(self.staleness().to_string())
    }
}

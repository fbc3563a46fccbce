//! Proximal policy optimisation of a controller.
//!
//! ```text
//! repeat: a_1 .. a_B ~ π_old, scored;  A_k <- R_k − b
//!         K times: θ <- Adam(θ, ∇ mean min(r A, clip(r, 1 − ε, 1 + ε) A) + λ H)
//!                  r = π(a_t) / π_old(a_t), of each step or of the whole
//!         b <- average of rewards
//! ```

use super::controller::{Episode, Terms};
use super::policy_gradient::{Baseline, Batch, Learner, OPTIMIZERS, POLICIES, Staleness};
use super::reward::raised;
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "ppo",
    "A recurrent policy learns several times from each batch, never far at a time.",
    build,
)
.paper("Schulman et al. 2017, arXiv:1707.06347; for architectures Zoph et al. 2018, arXiv:1707.07012")
.parameters(&[
    Parameter {
        name: "policy",
        kind: ParameterKind::Word(POLICIES),
        default: "lstm",
        doc: "`lstm` reads what was decided before, as in the papers; `independent` has logits for each decision alone.",
    },
    Parameter {
        name: "width",
        kind: ParameterKind::Integer(1, 1_024),
        default: "32",
        doc: "Units of an LSTM layer; 100 for NASNet.",
    },
    Parameter {
        name: "layers",
        kind: ParameterKind::Integer(1, 8),
        default: "1",
        doc: "LSTM layers; 1 for NASNet.",
    },
    Parameter {
        name: "initial-range",
        kind: ParameterKind::Number(0.0, 10.0),
        default: "0.1",
        doc: "Initial weights are uniform between plus and minus this; independent logits normal with a hundredth of it as deviation.",
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
        doc: "Learning rate, chosen for hundreds of trials; 0.00035 for NASNet's 20,000.",
    },
    Parameter {
        name: "batch",
        kind: ParameterKind::Integer(1, 10_000),
        default: "10",
        doc: "B: trials of one batch; not published.",
    },
    Parameter {
        name: "epochs",
        kind: ParameterKind::Integer(1, 1_000),
        default: "5",
        doc: "K: updates with one batch; not published.",
    },
    Parameter {
        name: "ratio-clip",
        kind: ParameterKind::Number(0.0, 10.0),
        default: "0.2",
        doc: "ε: how far the ratio of chances may move from 1 and still be rewarded.",
    },
    Parameter {
        name: "ratio",
        kind: ParameterKind::Word(RATIOS),
        default: "step",
        doc: "Whether the ratio is that of each `step`, as most code has it, or of the whole `architecture`, as published for NAS-FPN.",
    },
    Parameter {
        name: "power",
        kind: ParameterKind::Number(0.1, 10.0),
        default: "1",
        doc: "Reward is the score to this power.",
    },
    Parameter {
        name: "baseline-decay",
        kind: ParameterKind::Number(0.0, 0.999_999),
        default: "0.95",
        doc: "How much the average of rewards remembers at each trial.",
    },
    Parameter {
        name: "baseline-correction",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether the average forgets that it began at zero.",
    },
    Parameter {
        name: "scaled-advantage",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether advantages of a batch are divided by their root mean square, so that `entropy` does not depend on the unit of the score; most code does.",
    },
    Parameter {
        name: "entropy",
        kind: ParameterKind::Number(0.0, 100.0),
        default: "0.0001",
        doc: "λ: weight of the policy's entropy; 0.00001 to 0.0001 for NASNet.",
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
        doc: "c of c·tanh(logit), which keeps chances from 0 and 1; 0 for none.",
    },
]);

const RATIOS: &[&str] = &["step", "architecture"];

/// PPO with the clipped objective.
///
/// # Paper
/// Equation 7 of arXiv:1707.06347 with the average of rewards as the only value,
/// as controllers of architectures have it. Deviations: a failed trial is
/// rewarded as the worst that was seen; the ratio is to the chance under the
/// parameters with which the batch was drawn, however many other batches were
/// learned from since.
#[derive(Clone, Debug)]
pub struct Ppo {
    learner: Learner,
    epochs: usize,
    ratio_clip: f64,
    whole: bool,
    power: f64,
    baseline: Baseline,
    scaled: bool,
    entropy: f64,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "builders of the catalogue may refuse their settings"
)]
fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Ppo::new(settings)))
}

/// What is known about an episode of a batch.
struct Sample<'b> {
    episode: &'b Episode,
    advantage: f64,
    old: Vec<f64>,
}

impl Ppo {
    /// The strategy with checked settings of [`ENTRY`].
    pub fn new(settings: &Settings) -> Self {
        Self {
            learner: Learner::of(settings),
            epochs: settings.integer("epochs"),
            ratio_clip: settings.number("ratio-clip"),
            whole: settings.text("ratio") == "architecture",
            power: settings.number("power"),
            baseline: Baseline::of(settings),
            scaled: settings.switch("scaled-advantage"),
            entropy: settings.number("entropy"),
        }
    }

    /// How stale batches were.
    pub fn staleness(&self) -> Staleness {
        self.learner.staleness()
    }

    fn learn(&mut self, batch: &Batch) {
        let samples = self.samples(batch);
        let share = 1.0 / samples.len().max(1) as f64;
        for _ in 0..self.epochs {
            let (clip, whole, entropy) = (self.ratio_clip, self.whole, self.entropy);
            self.learner.climb(|controller, theta, gradient| {
                for sample in &samples {
                    let pass = controller.pass(theta, sample.episode);
                    let now: Vec<f64> = pass.log_probabilities().collect();
                    let mut scores = factors(&now, sample, clip, whole);
                    scores.iter_mut().for_each(|score| *score *= share);
                    let terms = Terms {
                        scores: &scores,
                        entropy: entropy * share,
                        skip: None,
                    };
                    pass.add_gradient(&terms, gradient);
                }
            });
        }
        self.learner.count(batch);
    }

    /// The episodes of a batch, with advantages over the rewards before it.
    fn samples<'b>(&mut self, batch: &'b Batch) -> Vec<Sample<'b>> {
        let scored: Vec<_> = self.learner.scored(batch).collect();
        let rewards = scored.iter().map(|(_, score)| raised(*score, self.power));
        let rewards: Vec<f64> = rewards.collect();
        let own = rewards.iter().sum::<f64>() / rewards.len().max(1) as f64;
        // The first batch is compared with itself.
        let baseline = self.baseline.value().unwrap_or(own);
        rewards
            .iter()
            .for_each(|&reward| self.baseline.tell(reward));
        let squares = rewards.iter().map(|reward| (reward - baseline).powi(2));
        let size = (squares.sum::<f64>() / rewards.len().max(1) as f64).sqrt();
        let unit = if self.scaled && size > 0.0 { size } else { 1.0 };
        let Some((controller, _)) = self.learner.policy() else {
            return Vec::new();
        };
        let samples = scored.into_iter().zip(rewards);
        samples
            .map(|((episode, _), reward)| Sample {
                advantage: (reward - baseline) / unit,
                old: controller
                    .pass(&batch.pulled, episode)
                    .log_probabilities()
                    .collect(),
                episode,
            })
            .collect()
    }
}

/// The derivative of `min(r A, clip(r) A)` by the log-probability of each step:
/// `r A`, or nothing where the clip holds.
fn factors(now: &[f64], sample: &Sample<'_>, clip: f64, whole: bool) -> Vec<f64> {
    let advantage = sample.advantage;
    let factor = |log_ratio: f64| {
        let ratio = log_ratio.exp();
        let held = match advantage > 0.0 {
            true => ratio > 1.0 + clip,
            false => ratio < 1.0 - clip,
        };
        if held { 0.0 } else { ratio * advantage }
    };
    let log_ratios = now.iter().zip(&sample.old).map(|(now, old)| now - old);
    match whole {
        true => vec![factor(log_ratios.sum()); now.len()],
        false => log_ratios.map(factor).collect(),
    }
}

impl Strategy for Ppo {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.learner.ask(ask)
    }

    fn tell(&mut self, observation: Observation) {
        if let Some(batch) = self.learner.tell(&observation) {
            self.learn(&batch);
        }
    }

    fn account(&self) -> Option<String> {
        Some(self.staleness().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::Architecture;

    fn check(advantage: f64, whole: bool, ratios: [f64; 2], expected: [f64; 2]) {
        let episode = Episode {
            architecture: Architecture::undecided(0),
            steps: Vec::new(),
        };
        let sample = Sample {
            episode: &episode,
            advantage,
            old: vec![-1.0, -2.0],
        };
        let now = [-1.0 + ratios[0].ln(), -2.0 + ratios[1].ln()];
        let found = factors(&now, &sample, 0.2, whole);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    /// What moved far in the good direction is left alone; what moved in the bad
    /// one is called back.
    #[test]
    fn the_clip_holds_on_one_side() {
        check(2.0, false, [1.1, 1.3], [2.2, 0.0]);
        check(2.0, false, [0.5, 1.0], [1.0, 2.0]);
        check(-1.0, false, [0.7, 1.5], [0.0, -1.5]);
        check(2.0, true, [1.1, 1.05], [2.31, 2.31]);
        check(2.0, true, [1.1, 1.1], [0.0, 0.0]);
    }
}

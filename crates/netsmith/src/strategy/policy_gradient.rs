//! What strategies with a [`Controller`] share: batches that are drawn with the
//! parameters of one moment and wait for their rewards, the baseline, and how
//! stale a batch is when it is learned from.
//!
//! Trials n·m to n·m + m − 1 are a batch. At the first of them the parameters are
//! pulled; all are drawn with these, and the gradient of the batch is taken at
//! these when the last was told. Meanwhile other batches may have been pulled or
//! pushed, as with the replicas of Zoph and Le, section 3.2: how many batches
//! were pushed between is the staleness.

use super::controller::{Controller, Design, Episode, Optimizer, OptimizerKind, Policy};
use super::{Ask, Observation, Suggestion};
use crate::catalogue::Settings;
use crate::random::Seed;
use crate::space::Infeasible;
use rand::Rng;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Values of the parameter `policy`.
pub(super) const POLICIES: &[&str] = &["lstm", "independent"];

/// Values of the parameter `optimizer`.
pub(super) const OPTIMIZERS: &[&str] = &["adam", "sgd"];

/// A policy that learns, with the batches on their way.
#[derive(Clone, Debug)]
pub(super) struct Learner {
    design: Design,
    batch: u64,
    optimizer: Optimizer,
    controller: Option<Controller>,
    parameters: Arc<Vec<f64>>,
    version: u64,
    batches: BTreeMap<u64, Batch>,
    staleness: Staleness,
    gradient: Vec<f64>,
    /// The worst score that was told.
    worst: Option<f64>,
}

/// Trials that are learned from together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// The parameters with which they were drawn.
    pub(super) pulled: Arc<Vec<f64>>,
    version: u64,
    samples: BTreeMap<u64, Sample>,
    waiting: u64,
}

/// One trial of a batch; without an episode where limits left no draw.
#[derive(Clone, Debug)]
struct Sample {
    episode: Option<Episode>,
    score: Option<f64>,
}

/// How stale batches were when they were learned from, in updates of the
/// parameters since they were drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staleness {
    /// Updates of the parameters.
    pub updates: u64,
    /// Sum over all updates.
    pub total: u64,
    /// The largest.
    pub most: u64,
}

impl Staleness {
    /// The mean over all updates; 0 before the first.
    pub fn mean(&self) -> f64 {
        self.total as f64 / self.updates.max(1) as f64
    }
}

impl fmt::Display for Staleness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} updates of the policy, each by a batch drawn {:.2} updates before on average, {} at most",
            self.updates,
            self.mean(),
            self.most
        )
    }
}

/// An average of rewards that forgets: `b ← decay·b + (1 − decay)·R`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// Between 0 and 1: 0.99 in ENAS.
    pub decay: f64,
    /// Whether `b` is divided by `1 − decayⁿ`, to forget that it began at 0.
    pub corrected: bool,
    average: f64,
    count: i32,
}

impl Baseline {
    /// A baseline that has seen nothing.
    pub fn new(decay: f64, corrected: bool) -> Self {
        Self {
            decay,
            corrected,
            average: 0.0,
            count: 0,
        }
    }

    /// The uncorrected average, and how many rewards it has seen.
    pub fn seen(&self) -> (f64, i32) {
        (self.average, self.count)
    }

    /// The same with an average over so many rewards.
    pub fn having_seen(self, (average, count): (f64, i32)) -> Self {
        Self {
            average,
            count,
            ..self
        }
    }

    /// What `baseline-decay` and `baseline-correction` of a strategy ask for.
    pub(super) fn of(settings: &Settings) -> Self {
        Self::new(
            settings.number("baseline-decay"),
            settings.switch("baseline-correction"),
        )
    }

    /// Takes in a reward.
    pub fn tell(&mut self, reward: f64) {
        self.average += (1.0 - self.decay) * (reward - self.average);
        self.count = self.count.saturating_add(1);
    }

    /// The average; nothing before the first reward.
    ///
    /// ```
    /// use netsmith::strategy::policy_gradient::Baseline;
    ///
    /// let mut baseline = Baseline::new(0.99, true);
    /// baseline.tell(1.0);
    /// baseline.tell(2.0);
    /// assert!((baseline.value().unwrap() - 1.5025126).abs() < 1e-7);
    /// ```
    pub fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| match self.corrected {
            true => self.average / (1.0 - self.decay.powi(self.count)),
            false => self.average,
        })
    }
}

impl Learner {
    /// What the settings of a strategy ask for: `policy` and the parameters of
    /// its [`Design`], `batch`, `optimizer` and `learning-rate`.
    pub(super) fn of(settings: &Settings) -> Self {
        let kind = match settings.text("optimizer") {
            "sgd" => OptimizerKind::Sgd,
            _ => OptimizerKind::ADAM,
        };
        Self {
            design: design(settings),
            batch: settings.integer("batch") as u64,
            optimizer: Optimizer::new(kind, settings.number("learning-rate")),
            controller: None,
            parameters: Arc::default(),
            version: 0,
            batches: BTreeMap::new(),
            staleness: Staleness::default(),
            gradient: Vec::new(),
            worst: None,
        }
    }

    /// Draws an architecture with the parameters of its batch.
    pub(super) fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let controller = match &mut self.controller {
            Some(controller) => controller,
            none => {
                let controller = Controller::new(ask.space, self.design);
                let mut initial = Seed::new(ask.random.next_u64()).child("initial").stream();
                self.parameters = Arc::new(controller.initial(&mut initial));
                none.insert(controller)
            }
        };
        let batch = self.batches.entry(ask.number / self.batch);
        let batch = batch.or_insert_with(|| Batch {
            pulled: Arc::clone(&self.parameters),
            version: self.version,
            samples: BTreeMap::new(),
            waiting: self.batch,
        });
        let episode = controller.sample(&batch.pulled, ask.space, ask.limits, ask.random)?;
        let architecture = match &episode {
            Some(episode) => episode.architecture.clone(),
            None => ask.space.sample(ask.limits, ask.random)?,
        };
        let sample = Sample {
            episode,
            score: None,
        };
        batch.samples.insert(ask.number, sample);
        Ok(Suggestion {
            architecture,
            parent: None,
        })
    }

    /// Takes in a score, and gives the batch that it completes. A trial that was
    /// not asked for is not learned from.
    pub(super) fn tell(&mut self, observation: &Observation) -> Option<Batch> {
        let index = observation.number / self.batch;
        let batch = self.batches.get_mut(&index)?;
        let sample = batch.samples.get_mut(&observation.number)?;
        sample.score = observation.scores.as_ref().map(|scores| scores[0]);
        if let Some(score) = sample.score {
            self.worst = Some(self.worst.map_or(score, |worst| worst.min(score)));
        }
        batch.waiting = batch.waiting.saturating_sub(1);
        match batch.waiting {
            0 => self.batches.remove(&index),
            _ => None,
        }
    }

    /// The episodes of a batch with their scores, in the order of their numbers;
    /// a trial that failed counts as the worst that was seen, and is left out
    /// where nothing was.
    pub(super) fn scored<'b>(
        &self,
        batch: &'b Batch,
    ) -> impl Iterator<Item = (&'b Episode, f64)> + use<'b> {
        let worst = self.worst;
        batch.samples.values().filter_map(move |sample| {
            let score = sample.score.or(worst)?;
            Some((sample.episode.as_ref()?, score))
        })
    }

    /// Calls `terms` to add the gradient of the objective at some parameters, and
    /// takes one step up.
    pub(super) fn climb(&mut self, add: impl FnOnce(&mut Controller, &[f64], &mut [f64])) {
        let Some(controller) = &mut self.controller else {
            return;
        };
        self.gradient.clear();
        self.gradient.resize(controller.size(), 0.0);
        add(controller, &self.parameters, &mut self.gradient);
        self.gradient.iter_mut().for_each(|g| *g = -*g);
        let parameters = Arc::make_mut(&mut self.parameters);
        self.optimizer.descend(parameters, &self.gradient);
    }

    /// The policy and the current parameters, once something was asked for.
    pub(super) fn policy(&mut self) -> Option<(&mut Controller, &[f64])> {
        let controller = self.controller.as_mut()?;
        Some((controller, &self.parameters))
    }

    /// Counts a batch that was learned from.
    pub(super) fn count(&mut self, batch: &Batch) {
        let stale = self.version - batch.version;
        self.version += 1;
        self.staleness.updates += 1;
        self.staleness.total += stale;
        self.staleness.most = self.staleness.most.max(stale);
    }

    pub(super) fn staleness(&self) -> Staleness {
        self.staleness
    }
}

fn design(settings: &Settings) -> Design {
    let range = settings.number("initial-range");
    let lstm = settings.text("policy") == "lstm";
    Design {
        policy: match lstm {
            true => Policy::Lstm {
                width: settings.integer("width"),
                layers: settings.integer("layers"),
            },
            false => Policy::Independent,
        },
        initial_range: if lstm { range } else { 0.01 * range },
        temperature: settings.number("temperature"),
        option_clip: settings.number("clip"),
        select_clip: settings.number("clip"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(corrected: bool, expected: [f64; 3]) {
        let mut baseline = Baseline::new(0.99, corrected);
        assert_eq!(baseline.value(), None);
        for (reward, expected) in [1.0, 2.0, 3.0].into_iter().zip(expected) {
            baseline.tell(reward);
            assert!((baseline.value().unwrap() - expected).abs() < 1e-7);
        }
    }

    #[test]
    fn averages_of_one_two_three() {
        check(false, [0.01, 0.029_9, 0.059_601]);
        check(true, [1.0, 1.502_512_6, 2.006_700_1]);
    }

    /// ENAS: the baseline moves first, and the advantage is against the moved.
    #[test]
    fn the_order_of_enas() {
        let mut baseline = Baseline::new(0.99, false);
        baseline.tell(0.5);
        let value = baseline.value().unwrap();
        assert!((value - 0.005).abs() < 1e-12);
        assert!((0.5 - value - 0.495).abs() < 1e-12);
    }
}

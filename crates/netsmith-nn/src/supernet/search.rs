//! The loop of every gradient search.

use super::efficiency::{OptionCosts, Pressure};
use super::health::{RobustRule, taken_over};
use super::policy::Policy;
use super::run::{Broken, Run, Totals};
use super::{DerivationError, Method, Moment, Reward, State, Supernet, SupernetError};
use crate::data::{Augmentation, Contract, Part};
use crate::module::{Kernels, Module, ModuleError, Weights};
use crate::task::loss::LossOptions;
use crate::train::{Optimizer, OptimizerState};
use netsmith::random::Seed;
use netsmith::space::{Architecture, Infeasible, Limits, Space};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Roll-backs after which a search that still diverges ends.
const MOST_ROLLBACKS: u32 = 4;

/// All that decides a gradient search.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its supernet.
    pub supernet: &'a Supernet,
    /// How the options are mixed and learnt.
    pub method: &'a dyn Method,
    /// What computes the steps.
    pub kernels: Kernels,
    /// What a derived architecture must keep.
    pub limits: Limits,
    /// What networks cost, where that counts in the loss.
    pub costs: Option<&'a OptionCosts<'a>>,
    /// What costs take from the reward of a policy; none: nothing.
    pub reward: Option<Reward<'a>>,
    /// The training part; it is divided for weights and architecture.
    pub train: &'a Part,
    /// What epochs are judged on.
    pub valid: &'a Part,
    /// How raw samples become inputs.
    pub contract: &'a Contract,
    /// How training images are changed at random.
    pub augmentation: Augmentation,
    /// Of this all randomness is drawn.
    pub seed: Seed,
    /// Epochs in all.
    pub epochs: usize,
    /// Most steps of an epoch, where data are many and time is short; none: a
    /// pass over the half of the weights.
    pub epoch_steps: Option<usize>,
    /// Set by another thread to end the search; it can go on from its last state.
    pub cancel: Option<&'a AtomicBool>,
    /// When the training must end, with what it has then.
    pub deadline: Option<Instant>,
    /// When the judging of random architectures must end, the first of them
    /// excepted.
    pub judging_deadline: Option<Instant>,
}

impl<'a> Search<'a> {
    /// One epoch on our kernels, with a seed of zero, nothing limited, augmented,
    /// or asked of costs, to be changed by fields.
    ///
    /// `train` and `valid` are the parts that it learns and is judged on.
    pub fn new(
        space: &'a Space,
        supernet: &'a Supernet,
        method: &'a dyn Method,
        [train, valid]: [&'a Part; 2],
        contract: &'a Contract,
    ) -> Self {
        Self {
            space,
            supernet,
            method,
            kernels: Kernels::Fused,
            limits: Limits::default(),
            costs: None,
            reward: None,
            train,
            valid,
            contract,
            augmentation: Augmentation::NONE,
            seed: Seed::new(0),
            epochs: 1,
            epoch_steps: None,
            cancel: None,
            deadline: None,
            judging_deadline: None,
        }
    }
}

/// What was seen of one epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochReport {
    /// Its number, from zero.
    pub number: usize,
    /// The mean loss of the weights' steps.
    pub train_loss: f64,
    /// The mean loss of the architecture's steps; zero where there were none.
    pub architecture_loss: f64,
    /// The mean reward of the architectures that a policy drew; none without a
    /// policy, and where it was not learning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f64>,
    /// The mean norm of the weights' gradients.
    pub weight_gradient: f64,
    /// The mean norm of the architecture's gradients.
    pub architecture_gradient: f64,
    /// The validation loss of the mixture of all options, where options are mixed.
    pub mixture_loss: Option<f64>,
    /// The validation loss of the derived architecture under the shared weights.
    pub path_loss: f64,
    /// Its accuracy there; none for a regression. The same of the mixture is
    /// behind it: the difference is the gap of the discretisation.
    pub accuracies: Option<[Option<f64>; 2]>,
    /// The mean entropy of the sites' probabilities, in nats.
    pub entropy: f64,
    /// The mean distance between the two largest probabilities of a site.
    pub margin: f64,
    /// The most skip connections of a cell, and its active operations.
    pub skips: [usize; 2],
    /// The derived architecture.
    pub architecture: String,
    /// Whether it was drawn at random, because nothing could be derived within the
    /// limits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drawn: bool,
    /// Learning rates were halved so often before, after a roll-back.
    pub rollbacks: u32,
    /// The dominant eigenvalue of the Hessian of the validation loss with
    /// respect to the architecture's parameters, where they are learnt.
    #[serde(default)]
    pub eigenvalue: Option<f64>,
    /// What the derived network costs, where that counts in the loss.
    #[serde(default)]
    pub cost: Option<f64>,
}

impl EpochReport {
    /// With what the steps add up to, and nothing else.
    pub(super) fn of_steps(moment: Moment, totals: &Totals) -> Self {
        let mean = |total: f64, steps: usize| total / steps.max(1) as f64;
        Self {
            number: moment.epoch,
            train_loss: mean(totals.losses[0], totals.steps[0]),
            architecture_loss: mean(totals.losses[1], totals.steps[1]),
            weight_gradient: mean(totals.norms[0], totals.steps[0]),
            architecture_gradient: mean(totals.norms[1], totals.steps[1]),
            mixture_loss: None,
            path_loss: 0.0,
            accuracies: None,
            entropy: 0.0,
            margin: 0.0,
            skips: [0, 0],
            architecture: String::new(),
            drawn: false,
            rollbacks: 0,
            reward: totals.reward,
            eigenvalue: None,
            cost: None,
        }
    }

    /// To six decimals: such numbers come back from JSON as they were.
    pub(super) fn rounded(mut self) -> Self {
        let round = |value: &mut f64| *value = (*value * 1e6).round() / 1e6;
        for value in [
            &mut self.train_loss,
            &mut self.architecture_loss,
            &mut self.weight_gradient,
            &mut self.architecture_gradient,
            &mut self.path_loss,
            &mut self.entropy,
            &mut self.margin,
        ] {
            round(value);
        }
        self.mixture_loss.iter_mut().for_each(round);
        self.eigenvalue.iter_mut().for_each(round);
        self.cost.iter_mut().for_each(round);
        self.reward.iter_mut().for_each(round);
        let accuracies = self.accuracies.iter_mut().flatten().flatten();
        accuracies.for_each(round);
        self
    }
}

/// What an observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// To go on.
    Continue,
    /// To end here.
    Stop,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// Skip connections have taken over; the architecture of the last healthy
    /// epoch before is the answer.
    SkipsDominate {
        /// The number of that epoch.
        healthy: usize,
    },
    /// The minimum had become sharp; the architecture of a healthy epoch before
    /// is the answer (RobustDARTS).
    Sharp {
        /// The number of that epoch.
        healthy: usize,
    },
    /// The deadline passed, or the observer stopped it.
    Stopped,
    /// It was cancelled and can go on.
    Cancelled,
    /// Losses were not finite, whatever the learning rate; the last healthy
    /// epoch is the answer.
    Diverged,
}

/// What is derived from a supernet, or drawn in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    /// The architecture.
    pub architecture: Architecture,
    /// Whether it was drawn at random within the limits, because the bounds of the costs
    /// were too loose to derive one.
    pub drawn: bool,
}

impl From<Architecture> for Derived {
    fn from(architecture: Architecture) -> Self {
        Self {
            architecture,
            drawn: false,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The architecture.
    pub architecture: Architecture,
    /// Whether it was drawn at random, because nothing could be derived within the
    /// limits.
    pub drawn: bool,
    /// Why it ended.
    pub end: End,
    /// Its last healthy state.
    pub state: State,
}

/// Why a search could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The supernet.
    #[error(transparent)]
    Supernet(#[from] SupernetError),
    /// The supernet cannot be run.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The limits cannot be kept.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// Losses were not finite from the first epoch on.
    #[error("the supernet diverged in its first epoch, at an eighth of the learning rate too")]
    Diverged,
}

impl Search<'_> {
    /// What was derived, or a random architecture where the bounds were too loose.
    pub(super) fn or_drawn(
        &self,
        derived: Result<Architecture, DerivationError>,
    ) -> Result<Derived, Infeasible> {
        match derived {
            Ok(architecture) => Ok(architecture.into()),
            Err(DerivationError::Infeasible(error)) => Err(error),
            Err(DerivationError::Loose) => {
                let mut random = Seed::new(0).stream();
                Ok(Derived {
                    architecture: self.space.sample(&self.limits, &mut random)?,
                    drawn: true,
                })
            }
        }
    }
}

impl<'a> Search<'a> {
    /// The state before the first epoch.
    pub fn start(&self) -> State {
        let network = &self.supernet.network;
        let mut random = self.seed.child("architecture").stream();
        let logits = self.supernet.sites.iter().map(|site| {
            // As good as the published 1e-3 · N(0, 1), and quicker to draw.
            let draw = |_| 1e-3 * random.random_range(-1.0..1.0);
            (0..site.zero.len()).map(draw).collect::<Vec<f64>>()
        });
        let logits: Vec<Vec<f64>> = logits.collect();
        let zeros: Vec<Vec<f64>> = logits.iter().map(|l| vec![0.0; l.len()]).collect();
        let optimizer = Optimizer::Sgd {
            momentum: 0.9,
            nesterov: self.method.options().nesterov,
        };
        State {
            weights: Weights::init(network, &self.seed.child("weights")),
            optimizer: OptimizerState::new(network, optimizer),
            moments: [zeros.clone(), zeros],
            logits,
            policy: self
                .method
                .policy()
                .map(|options| Policy::start(self.space, options, &self.seed.child("policy"))),
            steps: 0,
            caution: 1.0,
            history: Vec::new(),
        }
    }

    /// Searches from a state to the end.
    ///
    /// # Errors
    /// It cannot start, or never got a finite loss.
    pub fn run(
        &self,
        state: State,
        observer: &mut dyn FnMut(&EpochReport, &State) -> Decision,
    ) -> Result<Found, SearchError> {
        let mut run = self.begin(state)?;
        let mut end = End::Finished;
        let mut rollbacks = run.state.history.last().map_or(0, |epoch| epoch.rollbacks);
        while run.state.history.len() < self.epochs {
            let before = run.state.clone();
            match run.epoch(rollbacks) {
                Ok(report) => run.state.history.push(report),
                Err(Broken::NotFinite) => {
                    // Back to the last healthy epoch, more carefully.
                    rollbacks += 1;
                    run.state = before;
                    run.state.caution *= 0.5;
                    if rollbacks >= MOST_ROLLBACKS {
                        end = End::Diverged;
                        break;
                    }
                    continue;
                }
                Err(Broken::Ended(why)) => {
                    run.state = before;
                    end = why;
                    break;
                }
            }
            let report = run.state.history.last().cloned();
            let report = report.expect("one was pushed — this is a bug in netsmith");
            let wanted = observer(&report, &run.state);
            if let Some(healthy) = self.skips_take_over(&run.state) {
                end = End::SkipsDominate { healthy };
                break;
            }
            if let Some(healthy) = self.sharpens(&run.state) {
                end = End::Sharp { healthy };
                break;
            }
            if wanted == Decision::Stop {
                end = End::Stopped;
                break;
            }
        }
        let Derived {
            architecture,
            drawn,
        } = run.answer(end)?;
        Ok(Found {
            architecture,
            drawn,
            end,
            state: run.state,
        })
    }

    /// Some architectures drawn at random with their validation loss under the
    /// shared weights, the best first. Fewer, but at least one, where its
    /// deadline passes or it is cancelled.
    ///
    /// # Errors
    /// The limits cannot be kept.
    pub fn judge_sample(
        &self,
        state: &State,
        count: usize,
    ) -> Result<Vec<(Architecture, f64)>, SearchError> {
        let mut run = self.begin(state.clone())?;
        run.sample(count, 0)
    }

    /// Trains for so many steps on a copy of the start, to see how long one
    /// takes.
    ///
    /// # Errors
    /// It cannot start.
    pub fn rehearse(&self, steps: usize) -> Result<(), SearchError> {
        let mut run = self.begin(self.start())?;
        run.most_steps = Some(steps);
        // What comes of it does not matter: the start is drawn anew.
        let _ = run.epoch(0);
        Ok(())
    }

    /// Steps of a pass over the half of the weights.
    pub fn steps(&self) -> usize {
        let options = self.method.options();
        let share = if options.learns {
            1.0 - options.share
        } else {
            1.0
        };
        let samples = (share * self.train.len() as f64).round() as usize;
        (samples / options.batch).max(1)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        let cancelled = self.cancel;
        cancelled.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    /// The last healthy epoch, where skip connections have taken over since.
    fn skips_take_over(&self, state: &State) -> Option<usize> {
        let options = self.method.options();
        // Before the parameters have moved, which option leads is chance.
        let moved = options.warm_up_epochs(self.epochs) + (self.epochs / 4).max(3) - 1;
        let epochs = state.history.get(moved..)?.iter();
        let healthy = taken_over(&epochs.map(|epoch| epoch.skips).collect::<Vec<_>>())?;
        (options.watch && options.learns).then_some(moved + healthy)
    }

    /// The last healthy epoch, where the eigenvalues say that the minimum became
    /// sharp.
    fn sharpens(&self, state: &State) -> Option<usize> {
        let options = self.method.options();
        let first = state.history.iter().position(|e| e.eigenvalue.is_some())?;
        let series = state.history[first..].iter().filter_map(|e| e.eigenvalue);
        let record = RobustRule::default().stop(&series.map(f64::abs).collect::<Vec<_>>())?;
        options.robust.then_some(first + record)
    }

    pub(super) fn begin(&self, state: State) -> Result<Run<'a>, SearchError> {
        let options = self.method.options();
        let [architecture, weights] = match options.learns {
            true => self.train.halves(options.share, &self.seed.child("halves")),
            // Nothing else needs them: all samples train the weights.
            false => [self.valid.clone(), self.train.clone()],
        };
        let open = self.supernet.open(options.none)?;
        let policy = self.method.policy();
        Ok(Run {
            search: *self,
            policy: policy.map(|of| Policy::new(self.space, self.supernet, &open, *of)),
            open,
            module: Module::supernet(&self.supernet.network, self.kernels)?,
            loss: self.contract.task.loss(&LossOptions::default()),
            halves: [weights, architecture],
            most_steps: None,
            pressure: Pressure::default(),
            state,
        })
    }
}

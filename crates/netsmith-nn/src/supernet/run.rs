//! A search under way: the steps of its epochs.

use super::bilevel::{Half, LossAndGradients, look_ahead};
use super::efficiency::Pressure;
use super::policy::Policy;
use super::search::{End, EpochReport, Search};
use super::{Alphas, Draw, Moment, Order, State};
use crate::data::{Batch, Batches, Part};
use crate::module::{Goal, MixedStep, Mixture, Module, Weights};
use crate::task::Loss;
use crate::train::clip;
use netsmith::random::Seed;
use std::time::Instant;

/// Adam's decays of the architecture's moments, as published.
const BETAS: [f64; 2] = [0.5, 0.999];

/// Why an epoch was broken off.
#[derive(Debug)]
pub(super) enum Broken {
    NotFinite,
    Ended(End),
}

/// A search under way.
#[derive(Debug)]
pub(super) struct Run<'a> {
    pub(super) search: Search<'a>,
    pub(super) open: Vec<Vec<bool>>,
    pub(super) policy: Option<Policy>,
    pub(super) module: Module,
    pub(super) loss: Loss,
    /// For the weights, and for the architecture.
    pub(super) halves: [Part; 2],
    pub(super) most_steps: Option<usize>,
    pub(super) state: State,
    /// What the cost of the network adds to the slopes of the mixture.
    pub(super) pressure: Pressure,
}

/// What the steps of an epoch add up to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) losses: [f64; 2],
    pub(super) norms: [f64; 2],
    pub(super) steps: [usize; 2],
    pub(super) reward: Option<f64>,
}

impl Run<'_> {
    pub(super) fn epoch(&mut self, rollbacks: u32) -> Result<EpochReport, Broken> {
        let number = self.state.history.len();
        let search = self.search;
        let (options, epochs) = (*search.method.options(), search.epochs);
        let moment = Moment {
            epoch: number,
            epochs,
        };
        let seed = search.seed.child("epoch").nth(number as u64);
        let rate = options.learning_rate_at(number, epochs) * self.state.caution;
        let moves = options.learns && number >= options.warm_up_epochs(epochs);
        let learns = moves && self.policy.is_none();
        let [weights, architecture] = self.halves.clone();
        self.press()?;
        let steps = batches(&search, &weights, &seed.child("weights"));
        let mut round = 0;
        let mut others = batches(&search, &architecture, &seed.child("architecture").nth(0));
        let mut totals = Totals::default();
        let most = self.most_steps.into_iter().chain(search.epoch_steps).min();
        for (step, batch) in steps.take(most.unwrap_or(usize::MAX)).enumerate() {
            self.interrupted()?;
            let draws = seed.child("draws").nth(step as u64);
            let other = match learns {
                false => None,
                true => others.next().or_else(|| {
                    round += 1;
                    others = batches(
                        &search,
                        &architecture,
                        &seed.child("architecture").nth(round),
                    );
                    others.next()
                }),
            };
            if options.order == Order::WeightsFirst {
                self.weights_step(&batch, moment, &draws, rate, &mut totals)?;
            }
            if let Some(other) = &other {
                self.architecture_step([&batch, other], moment, &draws, rate, &mut totals)?;
            }
            if options.order == Order::ArchitectureFirst {
                self.weights_step(&batch, moment, &draws, rate, &mut totals)?;
            }
        }
        if moves && self.policy.is_some() {
            self.policy_phase(&seed.child("policy"), &mut totals)?;
        }
        self.report(moment, rollbacks, &totals)
    }

    /// Takes what the cost of the network derived now adds to the slopes.
    fn press(&mut self) -> Result<(), Broken> {
        let Some(costs) = self.search.costs else {
            return Ok(());
        };
        let derived = self.derived().map_err(|_| Broken::Ended(End::Stopped))?;
        let derived = derived.architecture;
        self.pressure = costs.pressure(self.search.supernet, self.search.space, &derived);
        Ok(())
    }

    /// One step of the shared weights.
    pub(super) fn weights_step(
        &mut self,
        batch: &Batch,
        moment: Moment,
        draws: &Seed,
        rate: f64,
        totals: &mut Totals,
    ) -> Result<(), Broken> {
        let mixture = match self.policy.is_some() {
            true => self.path(&draws.child("weights"))?,
            false => {
                let draw = self.draw(moment, &draws.child("weights"));
                self.search.supernet.mixture(&draw.mixture)
            }
        };
        self.step_on(&mixture, batch, rate, totals)
    }

    /// One step of the shared weights under a mixture.
    pub(super) fn step_on(
        &mut self,
        mixture: &Mixture,
        batch: &Batch,
        rate: f64,
        totals: &mut Totals,
    ) -> Result<(), Broken> {
        let weights = std::mem::take(&mut self.state.weights);
        let step = self.pass(&weights, mixture, batch, Goal::Weights);
        self.state.weights = weights;
        let mut gradients = step.gradients;
        let options = self.search.method.options();
        let norm = clip(&mut gradients, Some(options.clip as f32));
        if !step.loss.is_finite() || !norm.is_finite() {
            return Err(Broken::NotFinite);
        }
        self.state.optimizer.update(
            &self.search.supernet.network,
            &mut self.state.weights,
            &gradients,
            rate as f32,
            options.weight_decay as f32,
        );
        totals.losses[0] += step.loss;
        totals.norms[0] += norm;
        totals.steps[0] += 1;
        Ok(())
    }

    /// One step of the architecture's parameters; `batches` are one for the
    /// weights, which the second order looks ahead on, and one to judge on.
    pub(super) fn architecture_step(
        &mut self,
        batches: [&Batch; 2],
        moment: Moment,
        draws: &Seed,
        rate: f64,
        totals: &mut Totals,
    ) -> Result<(), Broken> {
        let draw = self.draw(moment, &draws.child("architecture"));
        let (loss, gradient) = match self.search.method.options().second_order {
            false => self.first_order(&draw, batches[1], moment),
            true => self.second_order(&draw, batches, moment, rate),
        };
        let norm = gradient.iter().flatten().map(|g| g * g).sum::<f64>().sqrt();
        if !loss.is_finite() || !norm.is_finite() {
            return Err(Broken::NotFinite);
        }
        self.adam(&gradient);
        totals.losses[1] += loss;
        totals.norms[1] += norm;
        totals.steps[1] += 1;
        Ok(())
    }

    pub(super) fn first_order(
        &mut self,
        draw: &Draw,
        batch: &Batch,
        moment: Moment,
    ) -> (f64, Vec<Vec<f64>>) {
        let weights = std::mem::take(&mut self.state.weights);
        let mixture = self.search.supernet.mixture(&draw.mixture);
        let step = self.pass(&weights, &mixture, batch, Goal::Mixture);
        self.state.weights = weights;
        let supernet = self.search.supernet;
        let slopes = match self.search.method.options().ones {
            true => supernet.slopes_with_ones(&step.mixing, &step.ones, &draw.mixture),
            false => supernet.slopes(&step.mixing, &draw.mixture),
        };
        (step.loss, self.pull(draw, slopes, moment))
    }

    /// The gradient one step of the weights ahead.
    pub(super) fn second_order(
        &mut self,
        draw: &Draw,
        [train, valid]: [&Batch; 2],
        moment: Moment,
        rate: f64,
    ) -> (f64, Vec<Vec<f64>>) {
        let supernet = self.search.supernet;
        let decay = self.search.method.options().weight_decay as f32;
        let mixture = supernet.mixture(&draw.mixture);
        let weights = std::mem::take(&mut self.state.weights);
        let mut optimizer = self.state.optimizer.clone();
        let ahead = |gradients: &[Vec<f32>]| {
            let mut ahead = weights.clone();
            optimizer.update(&supernet.network, &mut ahead, gradients, rate as f32, decay);
            ahead
        };
        let pass = |weights: &Weights, half, goal| {
            let batch = match half {
                Half::Weights => train,
                Half::Architecture => valid,
            };
            let step = self.pass(weights, &mixture, batch, goal);
            LossAndGradients {
                loss: step.loss,
                weights: step.gradients,
                architecture: supernet.slopes(&step.mixing, &draw.mixture),
            }
        };
        let there = look_ahead(&weights, rate, ahead, pass);
        self.state.weights = weights;
        // Pulling is linear but for what a method adds, which must count once.
        (there.loss, self.pull(draw, there.architecture, moment))
    }

    /// The gradient of the parameters from that of the mixture.
    fn pull(&self, draw: &Draw, mut slopes: Vec<Vec<f64>>, moment: Moment) -> Vec<Vec<f64>> {
        self.pressure.add_to(&mut slopes);
        let alphas = self.alphas();
        self.search.method.pull(&alphas, draw, &slopes, moment)
    }

    pub(super) fn adam(&mut self, gradient: &[Vec<f64>]) {
        let options = self.search.method.options();
        let rate = options.architecture_rate * self.state.caution;
        let state = &mut self.state;
        state.steps += 1;
        let correction = BETAS.map(|beta| 1.0 - beta.powf(state.steps as f64));
        let [firsts, seconds] = &mut state.moments;
        for (site, gradient) in gradient.iter().enumerate() {
            for (k, gradient) in gradient.iter().enumerate() {
                if !self.open[site][k] {
                    continue;
                }
                let logit = &mut state.logits[site][k];
                let gradient = gradient + options.architecture_decay * *logit;
                let (first, second) = (&mut firsts[site][k], &mut seconds[site][k]);
                *first = BETAS[0] * *first + (1.0 - BETAS[0]) * gradient;
                *second = BETAS[1] * *second + (1.0 - BETAS[1]) * gradient * gradient;
                let root = (*second / correction[1]).sqrt() + 1e-8;
                *logit -= rate * (*first / correction[0]) / root;
            }
        }
    }

    pub(super) fn draw(&self, moment: Moment, seed: &Seed) -> Draw {
        let alphas = self.alphas();
        self.search.method.draw(&alphas, moment, &mut seed.stream())
    }

    pub(super) fn alphas(&self) -> Alphas {
        Alphas {
            logits: self.state.logits.clone(),
            open: self.open.clone(),
            skip: self.search.supernet.skip(),
        }
    }

    pub(super) fn pass(
        &mut self,
        weights: &Weights,
        mixture: &Mixture,
        batch: &Batch,
        goal: Goal,
    ) -> MixedStep {
        let loss = &self.loss;
        self.module.mixed_step(
            weights,
            mixture,
            &batch.inputs[0],
            Some(goal),
            |output, gradient| loss.of(output, &batch.targets, None, gradient),
        )
    }

    pub(super) fn interrupted(&self) -> Result<(), Broken> {
        if self.search.is_cancelled() {
            return Err(Broken::Ended(End::Cancelled));
        }
        match has_passed(self.search.deadline) {
            true => Err(Broken::Ended(End::Stopped)),
            false => Ok(()),
        }
    }
}

pub(super) fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// The batches of one pass over a half.
pub(super) fn batches<'a>(search: &Search<'a>, part: &Part, seed: &Seed) -> Batches<'a> {
    let size = search.method.options().batch.min(part.len());
    Batches::new(part, size)
        .shuffled(seed)
        .normalized(search.contract)
        .augmented(search.augmentation, seed)
        .whole_only()
}

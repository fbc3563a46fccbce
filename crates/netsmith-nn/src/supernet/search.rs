//! The loop of every gradient search.

use super::health::skips_dominate;
use super::simplex::entropy;
use super::{Alphas, Draw, Method, Moment, Order, State, Supernet, SupernetError};
use crate::data::{Answers, Augmentation, Batch, Batches, Normalization, Part};
use crate::module::{Goal, MixedStep, Mixture, Module, ModuleError, Weights};
use crate::train::{Loss, Optimizer, OptimizerState, clip, largest};
use netsmith::random::Seed;
use netsmith::space::{Architecture, Infeasible, Limits, Space};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Batches of the validation part on which an epoch is judged.
const JUDGED: usize = 8;

/// Samples of such a batch.
const JUDGED_BATCH: usize = 128;

/// Roll-backs after which a search that still diverges ends.
const MOST_ROLLBACKS: u32 = 4;

/// Adam's decays of the architecture's moments, as published.
const BETAS: [f64; 2] = [0.5, 0.999];

/// All that decides a gradient search.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its supernet.
    pub supernet: &'a Supernet,
    /// How the options are mixed and learnt.
    pub method: &'a dyn Method,
    /// What a derived architecture must keep.
    pub limits: Limits,
    /// The training part; it is divided for weights and architecture.
    pub train: &'a Part,
    /// What epochs are judged on.
    pub valid: &'a Part,
    /// How raw samples become inputs.
    pub normalization: &'a Normalization,
    /// How training images are changed at random.
    pub augmentation: Augmentation,
    /// Of this all randomness is drawn.
    pub seed: Seed,
    /// Epochs in all.
    pub epochs: usize,
    /// Set by another thread to end the search; it can go on from its last state.
    pub cancel: Option<&'a AtomicBool>,
    /// When the training must end, with what it has then.
    pub deadline: Option<Instant>,
    /// When the judging of random architectures must end, the first of them
    /// excepted.
    pub judging_deadline: Option<Instant>,
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
    /// Learning rates were halved so often before, after a roll-back.
    pub rollbacks: u32,
}

impl EpochReport {
    /// To six decimals: such numbers come back from JSON as they were.
    fn rounded(mut self) -> Self {
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
    /// Skip connections were about to take over; the epoch before is the answer.
    SkipsDominate,
    /// The deadline passed, or the observer stopped it.
    Stopped,
    /// It was cancelled and can go on.
    Cancelled,
    /// Losses were not finite, whatever the learning rate; the last healthy
    /// epoch is the answer.
    Diverged,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The architecture.
    pub architecture: Architecture,
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
            if self.skips_take_over(&report) {
                end = End::SkipsDominate;
                break;
            }
            if wanted == Decision::Stop {
                end = End::Stopped;
                break;
            }
        }
        let architecture = run.answer(end)?;
        Ok(Found {
            architecture,
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
        run.sample(count)
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

    /// Steps of one epoch.
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

    fn is_cancelled(&self) -> bool {
        let cancelled = self.cancel;
        cancelled.is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }

    fn skips_take_over(&self, report: &EpochReport) -> bool {
        let options = self.method.options();
        // Before the parameters have moved, which option leads is chance.
        let learnt = (report.number + 1).saturating_sub(options.warm_up_epochs(self.epochs));
        let moved = learnt >= (self.epochs / 4).max(3);
        options.watch && options.learns && moved && skips_dominate(report.skips)
    }

    fn begin(&self, state: State) -> Result<Run<'a>, SearchError> {
        let options = self.method.options();
        let [architecture, weights] = match options.learns {
            true => self.train.halves(options.share, &self.seed.child("halves")),
            // Nothing else needs them: all samples train the weights.
            false => [self.valid.clone(), self.train.clone()],
        };
        Ok(Run {
            search: *self,
            open: self.supernet.open(options.none)?,
            module: Module::supernet(&self.supernet.network)?,
            loss: Loss::new(&self.train.task(), 0.0),
            halves: [weights, architecture],
            most_steps: None,
            state,
        })
    }
}

/// Why an epoch was broken off.
enum Broken {
    NotFinite,
    Ended(End),
}

/// A search under way.
struct Run<'a> {
    search: Search<'a>,
    open: Vec<Vec<bool>>,
    module: Module,
    loss: Loss,
    /// For the weights, and for the architecture.
    halves: [Part; 2],
    most_steps: Option<usize>,
    state: State,
}

/// What the steps of an epoch add up to.
#[derive(Default)]
struct Totals {
    losses: [f64; 2],
    norms: [f64; 2],
    steps: [usize; 2],
}

impl Run<'_> {
    fn epoch(&mut self, rollbacks: u32) -> Result<EpochReport, Broken> {
        let number = self.state.history.len();
        let search = self.search;
        let (options, epochs) = (*search.method.options(), search.epochs);
        let moment = Moment {
            epoch: number,
            epochs,
        };
        let seed = search.seed.child("epoch").nth(number as u64);
        let rate = options.learning_rate_at(number, epochs) * self.state.caution;
        let learns = options.learns && number >= options.warm_up_epochs(epochs);
        let [weights, architecture] = self.halves.clone();
        let steps = batches(&search, &weights, &seed.child("weights"));
        let mut round = 0;
        let mut others = batches(&search, &architecture, &seed.child("architecture").nth(0));
        let mut totals = Totals::default();
        for (step, batch) in steps.enumerate() {
            if self.most_steps.is_some_and(|most| step >= most) {
                break;
            }
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
        self.report(moment, rollbacks, &totals)
    }

    /// One step of the shared weights.
    fn weights_step(
        &mut self,
        batch: &Batch,
        moment: Moment,
        draws: &Seed,
        rate: f64,
        totals: &mut Totals,
    ) -> Result<(), Broken> {
        let draw = self.draw(moment, &draws.child("weights"));
        let mixture = self.search.supernet.mixture(&draw.mixture);
        let weights = std::mem::take(&mut self.state.weights);
        let step = self.pass(&weights, &mixture, batch, Goal::Weights);
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
    fn architecture_step(
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

    fn first_order(&mut self, draw: &Draw, batch: &Batch, moment: Moment) -> (f64, Vec<Vec<f64>>) {
        let weights = std::mem::take(&mut self.state.weights);
        let mixture = self.search.supernet.mixture(&draw.mixture);
        let step = self.pass(&weights, &mixture, batch, Goal::Mixture);
        self.state.weights = weights;
        (step.loss, self.pull(draw, &step, moment))
    }

    /// The gradient one step of the weights ahead; see the head of DARTS' file.
    fn second_order(
        &mut self,
        draw: &Draw,
        [train, valid]: [&Batch; 2],
        moment: Moment,
        rate: f64,
    ) -> (f64, Vec<Vec<f64>>) {
        let options = *self.search.method.options();
        let network = &self.search.supernet.network;
        let mixture = self.search.supernet.mixture(&draw.mixture);
        let weights = std::mem::take(&mut self.state.weights);
        let step = self.pass(&weights, &mixture, train, Goal::Weights);
        let mut ahead = weights.clone();
        let decay = options.weight_decay as f32;
        let mut optimizer = self.state.optimizer.clone();
        optimizer.update(network, &mut ahead, &step.gradients, rate as f32, decay);
        let there = self.pass(&ahead, &mixture, valid, Goal::Both);
        let squares = there.gradients.iter().flatten();
        let norm = squares.map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
        let epsilon = 0.01 / norm;
        let mut moved = |sign: f64| {
            let mut moved = weights.clone();
            for (values, gradient) in moved.0.iter_mut().zip(&there.gradients) {
                for (value, gradient) in values.iter_mut().zip(gradient) {
                    *value += (sign * epsilon) as f32 * gradient;
                }
            }
            let step = self.pass(&moved, &mixture, train, Goal::Mixture);
            self.search.supernet.slopes(&step.mixing)
        };
        let (plus, minus) = (moved(1.0), moved(-1.0));
        self.state.weights = weights;
        // Pulling is linear but for what a method adds, which must count once.
        let mut slopes = self.search.supernet.slopes(&there.mixing);
        for (slopes, (plus, minus)) in slopes.iter_mut().zip(plus.iter().zip(&minus)) {
            for (slope, (plus, minus)) in slopes.iter_mut().zip(plus.iter().zip(minus)) {
                *slope -= rate * (plus - minus) / (2.0 * epsilon);
            }
        }
        let alphas = self.alphas();
        let gradient = self.search.method.pull(&alphas, draw, &slopes, moment);
        (there.loss, gradient)
    }

    fn pull(&self, draw: &Draw, step: &MixedStep, moment: Moment) -> Vec<Vec<f64>> {
        let slopes = self.search.supernet.slopes(&step.mixing);
        let alphas = self.alphas();
        self.search.method.pull(&alphas, draw, &slopes, moment)
    }

    fn adam(&mut self, gradient: &[Vec<f64>]) {
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

    fn draw(&self, moment: Moment, seed: &Seed) -> Draw {
        let alphas = self.alphas();
        self.search.method.draw(&alphas, moment, &mut seed.stream())
    }

    fn alphas(&self) -> Alphas {
        Alphas {
            logits: self.state.logits.clone(),
            open: self.open.clone(),
            skip: self.search.supernet.skip(),
        }
    }

    fn pass(
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
            &batch.inputs,
            Some(goal),
            |answers, gradient| loss.of(answers, &batch.answers, None, gradient),
        )
    }

    fn report(
        &mut self,
        moment: Moment,
        rollbacks: u32,
        totals: &Totals,
    ) -> Result<EpochReport, Broken> {
        let search = self.search;
        let probabilities = self.alphas().probabilities();
        let mixed = search.method.strengths(&self.alphas());
        let derived = self.derived();
        let derived = derived.map_err(|_| Broken::Ended(End::Stopped))?;
        let path = search.supernet.path(search.space, &derived);
        let [path_loss, path_accuracy] = self.judge(&path);
        let soft = !search.method.options().hard;
        let mixture = soft.then(|| search.supernet.mixture(&mixed));
        let mixture = mixture.map(|mixture| self.judge(&mixture));
        if !path_loss.is_finite() {
            return Err(Broken::NotFinite);
        }
        let sites = probabilities.len().max(1) as f64;
        let margin = |site: &Vec<f64>| {
            let mut sorted = site.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            sorted[0] - sorted.get(1).copied().unwrap_or(0.0)
        };
        let mean = |total: f64, steps: usize| total / steps.max(1) as f64;
        let classifies = matches!(
            search.valid.task(),
            crate::data::Task::Classification { .. }
        );
        let gap = [Some(path_accuracy), mixture.map(|[_, accuracy]| accuracy)];
        let cells = search.supernet.skips(&derived).into_values();
        let report = EpochReport {
            number: moment.epoch,
            train_loss: mean(totals.losses[0], totals.steps[0]),
            architecture_loss: mean(totals.losses[1], totals.steps[1]),
            weight_gradient: mean(totals.norms[0], totals.steps[0]),
            architecture_gradient: mean(totals.norms[1], totals.steps[1]),
            mixture_loss: mixture.map(|[loss, _]| loss),
            path_loss,
            accuracies: classifies.then_some(gap),
            entropy: probabilities.iter().map(|p| entropy(p)).sum::<f64>() / sites,
            margin: probabilities.iter().map(margin).sum::<f64>() / sites,
            skips: cells.max_by_key(|cell| cell[0]).unwrap_or([0, 0]),
            architecture: search.space.text(&derived),
            rollbacks,
        };
        Ok(report.rounded())
    }

    fn derived(&self) -> Result<Architecture, Infeasible> {
        let strengths = self.search.method.strengths(&self.alphas());
        let search = &self.search;
        search
            .supernet
            .derive(search.space, &strengths, &search.limits)
    }

    /// The loss and the share of right answers of some validation batches.
    fn judge(&mut self, mixture: &Mixture) -> [f64; 2] {
        let batches = Batches::new(self.search.valid, JUDGED_BATCH);
        let batches = batches.normalized(self.search.normalization).whole_only();
        let (mut total, mut right, mut samples) = (0.0, 0.0, 0.0);
        for batch in batches.take(JUDGED) {
            let loss = &self.loss;
            let mut hits = 0_usize;
            let weights = &self.state.weights;
            let step = self.module.mixed_step(
                weights,
                mixture,
                &batch.inputs,
                None,
                |answers, gradient| {
                    if let Answers::Classes(classes) = &batch.answers {
                        let rows = answers.chunks_exact(answers.len() / classes.len());
                        let guesses = rows.map(|row| largest(row) as u32);
                        hits = guesses.zip(classes).filter(|(a, b)| a == *b).count();
                    }
                    loss.of(answers, &batch.answers, None, gradient)
                },
            );
            total += step.loss * batch.len() as f64;
            right += hits as f64;
            samples += batch.len() as f64;
        }
        [total / samples, right / samples]
    }

    fn sample(&mut self, count: usize) -> Result<Vec<(Architecture, f64)>, SearchError> {
        let search = self.search;
        let seed = search.seed.child("sample");
        let mut judged: Vec<(Architecture, f64)> = Vec::new();
        for number in 0..count as u64 {
            if number > 0 && (search.is_cancelled() || has_passed(search.judging_deadline)) {
                break;
            }
            let mut random = seed.nth(number).stream();
            let drawn = search.space.sample(&search.limits, &mut random)?;
            if judged.iter().any(|(known, _)| *known == drawn) {
                continue;
            }
            let [loss, _] = self.judge(&search.supernet.path(search.space, &drawn));
            judged.push((drawn, loss));
        }
        judged.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(judged)
    }

    /// The architecture that the search found.
    fn answer(&mut self, end: End) -> Result<Architecture, SearchError> {
        let search = self.search;
        if self.state.history.is_empty() && end == End::Diverged {
            return Err(SearchError::Diverged);
        }
        if !search.method.options().learns {
            let sample = self.sample(SAMPLE)?;
            let best = sample.into_iter().next();
            return Ok(best
                .expect("a sample is not empty — this is a bug in netsmith")
                .0);
        }
        let epochs = &self.state.history;
        if end == End::SkipsDominate
            && let Some(before) = epochs.len().checked_sub(2)
            && let Ok(healthy) = search.space.parse(&epochs[before].architecture)
        {
            return Ok(healthy);
        }
        Ok(self.derived()?)
    }

    fn interrupted(&self) -> Result<(), Broken> {
        if self.search.is_cancelled() {
            return Err(Broken::Ended(End::Cancelled));
        }
        match has_passed(self.search.deadline) {
            true => Err(Broken::Ended(End::Stopped)),
            false => Ok(()),
        }
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// Architectures of which a method without architecture parameters takes the
/// best (Li and Talwalkar's number in NAS-Bench-201).
const SAMPLE: usize = 100;

/// The batches of one pass over a half.
fn batches<'a>(search: &Search<'a>, part: &Part, seed: &Seed) -> Batches<'a> {
    Batches::new(part, search.method.options().batch)
        .shuffled(seed)
        .normalized(search.normalization)
        .augmented(search.augmentation, seed)
        .whole_only()
}

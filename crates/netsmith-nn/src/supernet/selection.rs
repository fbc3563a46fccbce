//! How an architecture is taken from trained shared weights.
//!
//! ```text
//! strongest   the strongest option of each site (DARTS' rule)
//! sampled     the best of a random sample under the shared weights (RSPS)
//! evolved     evolution under the shared weights (SPOS)
//! perturbed   options whose removal hurts most, site by site, with the weights
//!             tuned in between (DARTS-PT)
//! ```

use super::judging::{Judgement, add_hits};
use super::run::{Run, batches, has_passed};
use super::search::{Derived, Search, SearchError};
use crate::data::Batches;
use crate::module::{Goal, Module, Weights};
use crate::task::loss::LossOptions;
use crate::task::metric::hits;
use crate::train::clip;
use netsmith::random::Random;
use netsmith::space::{Architecture, Form};
use rand::RngExt;
use rand::seq::SliceRandom;

/// How an architecture is taken from trained shared weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The strongest option of each site.
    Strongest,
    /// The best of so many random architectures.
    Sampled {
        /// How many.
        count: usize,
        /// Batches whose statistics the normalisations take; zero: those of the
        /// batch that is judged.
        recalibration: usize,
    },
    /// The best of an evolution.
    Evolved {
        /// Architectures of a generation.
        population: usize,
        /// Generations.
        generations: usize,
        /// As for a sample.
        recalibration: usize,
    },
    /// Options whose removal hurts most.
    Perturbed {
        /// Epochs of tuning after each decision.
        tuning: usize,
    },
}

/// Of a generation, one in so many is a parent of the next (10 of 50 in the
/// paper's own code).
const PARENTS: usize = 5;

/// Probability that a decision of a mutated architecture is drawn anew.
const MUTATION: f64 = 0.1;

/// Draws until one of open options alone is given up.
const MOST_DRAWS: usize = 1_000;

/// The share of the learning rate with which weights are tuned between the
/// decisions of a perturbation.
const TUNING_RATE: f64 = 0.1;

impl Run<'_> {
    /// Takes an architecture.
    pub(super) fn select(&mut self, selection: Selection) -> Result<Derived, SearchError> {
        match selection {
            Selection::Strongest if self.search.method.options().watch => Ok(self.restrained()?),
            Selection::Strongest => Ok(self.derived()?),
            Selection::Sampled {
                count,
                recalibration,
            } => Ok(best(self.sample(count, recalibration)?).into()),
            Selection::Evolved {
                population,
                generations,
                recalibration,
            } => self
                .evolve([population, generations], recalibration)
                .map(Derived::from),
            Selection::Perturbed { tuning } => self.perturb(tuning),
        }
    }

    /// Random architectures with their loss under the shared weights, the best
    /// first.
    pub(super) fn sample(
        &mut self,
        count: usize,
        recalibration: usize,
    ) -> Result<Vec<(Architecture, f64)>, SearchError> {
        let search = self.search;
        let seed = search.seed.child("sample");
        let mut judged = Vec::new();
        for number in 0..count as u64 {
            if number > 0 && (search.is_cancelled() || has_passed(search.judging_deadline)) {
                break;
            }
            let drawn = self.draw_open(&mut seed.nth(number).stream())?;
            self.enter(drawn, recalibration, &mut judged)?;
        }
        judged.sort_by(|a, b| a.1.total_cmp(&b.1));
        Ok(judged)
    }

    /// A random architecture of open options; of any, where such are too rare.
    fn draw_open(&self, random: &mut Random) -> Result<Architecture, SearchError> {
        let space = self.search.space;
        let mut drawn = space.sample(&self.search.limits, random)?;
        for _ in 0..MOST_DRAWS {
            if self.is_open(&drawn) {
                break;
            }
            drawn = space.sample(&self.search.limits, random)?;
        }
        Ok(drawn)
    }

    /// Whether an architecture takes open options alone.
    fn is_open(&self, architecture: &Architecture) -> bool {
        let taken = self.search.supernet.taken(self.search.space, architecture);
        let mut options = taken.iter().flatten().zip(self.open.iter().flatten());
        options.all(|(taken, open)| *open || *taken < 0.5)
    }

    /// Judges an architecture that was not judged before.
    fn enter(
        &mut self,
        architecture: Architecture,
        recalibration: usize,
        judged: &mut Vec<(Architecture, f64)>,
    ) -> Result<(), SearchError> {
        if judged.iter().all(|(known, _)| *known != architecture) {
            let Judgement { loss, .. } = self.judge_alone(&architecture, recalibration)?;
            // What cannot be judged is worse than all that can.
            let loss = if loss.is_nan() { f64::INFINITY } else { loss };
            judged.push((architecture, loss));
        }
        Ok(())
    }

    /// One architecture under the shared weights.
    pub(super) fn judge_alone(
        &mut self,
        architecture: &Architecture,
        recalibration: usize,
    ) -> Result<Judgement, SearchError> {
        let search = self.search;
        if recalibration == 0 {
            let path = search.supernet.path(search.space, architecture);
            return Ok(self.judge(&path));
        }
        recalibrated(&search, &self.state.weights, architecture, recalibration)
    }

    /// The paper's evolution: the best of all so far are crossed and mutated,
    /// half and half; nothing is judged twice.
    fn evolve(
        &mut self,
        [population, generations]: [usize; 2],
        recalibration: usize,
    ) -> Result<Architecture, SearchError> {
        let search = self.search;
        let mut known = self.sample(population, recalibration)?;
        let mut random = search.seed.child("evolution").stream();
        for _ in 1..generations {
            if search.is_cancelled() || has_passed(search.judging_deadline) {
                break;
            }
            let parents: Vec<Architecture> = known
                .iter()
                .take((population / PARENTS).max(2))
                .map(|(parent, _)| parent.clone())
                .collect();
            for child in 0..population {
                let of = |random: &mut Random| &parents[random.random_range(0..parents.len())];
                let drawn = match child % 2 {
                    0 => {
                        let [a, b] = [of(&mut random).clone(), of(&mut random).clone()];
                        crossed(&search, &a, &b, &mut random)
                    }
                    _ => mutated(&search, &of(&mut random).clone(), &mut random),
                };
                let drawn = match drawn.filter(|drawn| self.is_open(drawn)) {
                    Some(drawn) => drawn,
                    None => self.draw_open(&mut random)?,
                };
                self.enter(drawn, recalibration, &mut known)?;
            }
            known.sort_by(|a, b| a.1.total_cmp(&b.1));
        }
        Ok(best(known))
    }

    /// Decides site by site, in random order: the option without which the loss
    /// is highest stays. Then the inputs of a select, likewise.
    ///
    /// The others keep their weights: nothing is normalised anew.
    fn perturb(&mut self, tuning: usize) -> Result<Derived, SearchError> {
        let search = self.search;
        let mut weights = search.method.strengths(&self.alphas());
        let mut strengths = weights.clone();
        let mut random = search.seed.child("perturbation").stream();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.shuffle(&mut random);
        for (number, &site) in order.iter().enumerate() {
            let open = self.open[site].clone();
            let mut losses = vec![f64::NEG_INFINITY; open.len()];
            for option in (0..open.len()).filter(|&option| open[option]) {
                let mut without = weights.clone();
                without[site][option] = 0.0;
                losses[option] = self.judge(&search.supernet.mixture(&without)).loss;
            }
            strengths[site] = ranked(&losses);
            let kept = crate::train::largest(&strengths[site]);
            weights[site] = (0..open.len()).map(|k| f64::from(k == kept)).collect();
            self.tune(&weights, tuning, number)?;
        }
        // How much an edge matters is what its removal costs.
        for site in 0..weights.len() {
            let mut without = weights.clone();
            without[site].fill(0.0);
            let loss = self.judge(&search.supernet.mixture(&without)).loss;
            let importance = if loss.is_finite() {
                loss
            } else {
                f64::MAX.sqrt()
            };
            strengths[site].iter_mut().for_each(|s| *s *= importance);
        }
        let derived = search
            .supernet
            .derive(search.space, &strengths, &search.limits);
        Ok(search.or_drawn(derived)?)
    }

    /// Trains the weights with a fixed mixture.
    fn tune(
        &mut self,
        mixture: &[Vec<f64>],
        epochs: usize,
        number: usize,
    ) -> Result<(), SearchError> {
        let search = self.search;
        let options = *search.method.options();
        let fixed = search.supernet.mixture(mixture);
        let half = self.halves[0].clone();
        for epoch in 0..epochs {
            let rate = TUNING_RATE * options.learning_rate_at(epoch, epochs) * self.state.caution;
            let seed = search
                .seed
                .child("tuning")
                .nth((number * epochs + epoch) as u64);
            for batch in batches(&search, &half, &seed) {
                let weights = std::mem::take(&mut self.state.weights);
                let mut step = self.pass(&weights, &fixed, &batch, Goal::Weights);
                self.state.weights = weights;
                let norm = clip(&mut step.gradients, Some(options.clip as f32));
                if !step.loss.is_finite() || !norm.is_finite() {
                    return Err(SearchError::Diverged);
                }
                self.state.optimizer.update(
                    &search.supernet.network,
                    &mut self.state.weights,
                    &step.gradients,
                    rate as f32,
                    options.weight_decay as f32,
                );
            }
        }
        Ok(())
    }
}

/// Ranks from above zero to one: the highest loss is one, closed options zero.
fn ranked(losses: &[f64]) -> Vec<f64> {
    let count = losses.len() as f64;
    let rank = |loss: &f64| {
        let below = losses.iter().filter(|other| *other < loss).count();
        if *loss == f64::NEG_INFINITY {
            0.0
        } else {
            (1.0 + below as f64) / count
        }
    };
    losses.iter().map(rank).collect()
}

fn best(judged: Vec<(Architecture, f64)>) -> Architecture {
    let first = judged.into_iter().next();
    first
        .expect("a sample is not empty — this is a bug in netsmith")
        .0
}

/// Tries to make a child that is an architecture and keeps the limits.
const TRIES: usize = 20;

/// Each decision from either parent.
fn crossed(
    search: &Search<'_>,
    a: &Architecture,
    b: &Architecture,
    random: &mut Random,
) -> Option<Architecture> {
    let tries = (0..TRIES).find_map(|_| {
        let mut child = a.clone();
        for &decision in search.space.order() {
            let from = if random.random::<bool>() { a } else { b };
            child.set(decision, from.option(decision));
        }
        fits(search, &child).then_some(child)
    });
    tries.filter(|child| child != a && child != b)
}

/// Some decisions drawn anew, one at least.
fn mutated(
    search: &Search<'_>,
    parent: &Architecture,
    random: &mut Random,
) -> Option<Architecture> {
    (0..TRIES).find_map(|_| {
        let mut child = parent.clone();
        for &decision in search.space.order() {
            if child.option(decision).is_some() && random.random::<f64>() < MUTATION {
                let count = search.space.decision(decision).count();
                child.set(decision, Some(random.random_range(0..count)));
            }
        }
        (child != *parent && fits(search, &child)).then_some(child)
    })
}

fn fits(search: &Search<'_>, architecture: &Architecture) -> bool {
    search.space.check(architecture).is_ok() && search.space.keeps(architecture, &search.limits)
}

/// An architecture alone, with the shared weights and statistics that are the
/// mean over so many training batches (Guo et al. 2019, section 3.4).
fn recalibrated(
    search: &Search<'_>,
    shared: &Weights,
    architecture: &Architecture,
    batches: usize,
) -> Result<Judgement, SearchError> {
    let network = search
        .space
        .resolve(architecture, Form::Supernet)
        .map_err(super::SupernetError::from)?
        .pruned();
    let mut weights = search.supernet.inherited(shared, &network);
    let mut module = Module::new(&network, search.kernels)?;
    super::statistics::recalibrate(search, &mut module, &mut weights, batches);
    let size = 128.min(search.valid.len());
    let judged = Batches::new(search.valid, size).normalized(search.contract);
    let task = &*search.contract.task;
    let loss = task.loss(&LossOptions::default());
    let (mut total, mut samples) = (0.0, 0.0);
    let mut right = None;
    for batch in judged {
        let outputs = module.infer(&weights, &batch.inputs[0]);
        let mut unused = vec![0.0; outputs.len()];
        total += loss.of(&outputs, &batch.targets, None, &mut unused) * batch.len() as f64;
        add_hits(&mut right, hits(task, outputs, &batch.targets));
        samples += batch.len() as f64;
    }
    Ok(Judgement {
        loss: total / samples,
        accuracy: right.map(|[right, count]| right / count),
    })
}

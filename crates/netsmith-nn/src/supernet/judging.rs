//! What an epoch of a search is worth, and what the search found.

use super::Moment;
use super::health::dominant_eigenvalue;
use super::run::{Broken, Run, Totals, batches};
use super::search::{Derived, End, EpochReport, Search, SearchError};
use super::simplex::entropy;
use crate::data::{Batch, Batches};
use crate::module::Mixture;
use crate::task::metric::hits;
use netsmith::space::Infeasible;

/// Batches of the validation part on which an epoch is judged.
const JUDGED: usize = 8;

/// Samples of such a batch.
const JUDGED_BATCH: usize = 128;

/// Steps of the power iteration.
const EIGEN_ITERATIONS: usize = 4;

impl Run<'_> {
    /// What is seen of an epoch whose steps are done.
    pub(super) fn report(
        &mut self,
        moment: Moment,
        rollbacks: u32,
        totals: &Totals,
    ) -> Result<EpochReport, Broken> {
        let search = self.search;
        let ended = |_| Broken::Ended(End::Stopped);
        let (probabilities, mixed) = match self.shares().map_err(ended)? {
            Some(shares) => (shares.clone(), shares),
            None => (
                self.alphas().probabilities(),
                search.method.strengths(&self.alphas()),
            ),
        };
        let derived = search.supernet.derive(search.space, &mixed, &search.limits);
        let derived = search.or_drawn(derived).map_err(ended)?;
        let Derived {
            architecture: derived,
            drawn,
        } = derived;
        let path = search.supernet.path(search.space, &derived);
        let Judgement {
            loss: path_loss,
            accuracy: path_accuracy,
        } = self.judge(&path);
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
        let mixed_accuracy = mixture.as_ref().and_then(|mixture| mixture.accuracy);
        let gap = path_accuracy.map(|path| [Some(path), mixed_accuracy]);
        let cells = search.supernet.skips(&derived).into_values();
        let report = EpochReport {
            mixture_loss: mixture.map(|mixture| mixture.loss),
            path_loss,
            accuracies: gap,
            entropy: probabilities.iter().map(|p| entropy(p)).sum::<f64>() / sites,
            margin: probabilities.iter().map(margin).sum::<f64>() / sites,
            skips: cells.max_by_key(|cell| cell[0]).unwrap_or([0, 0]),
            architecture: search.space.text(&derived),
            drawn,
            eigenvalue: self.eigenvalue(moment),
            cost: search
                .costs
                .map(|costs| costs.total(search.supernet, search.space, &derived)),
            rollbacks,
            ..EpochReport::of_steps(moment, totals)
        };
        Ok(report.rounded())
    }

    /// The dominant eigenvalue of the Hessian of the validation loss with respect
    /// to the architecture's parameters, on one batch of their half; none before
    /// they are learnt, and where the relaxation is drawn hard.
    fn eigenvalue(&mut self, moment: Moment) -> Option<f64> {
        let search = self.search;
        let options = *search.method.options();
        let learning = options.learns
            && self.policy.is_none()
            && moment.epoch >= options.warm_up_epochs(moment.epochs);
        if !learning || options.hard || self.most_steps.is_some() {
            return None;
        }
        let half = self.halves[1].clone();
        let seed = search.seed.child("eigenvalue");
        let batch = batches(&search, &half, &seed).next()?;
        let logits = self.state.logits.clone();
        let open: Vec<bool> = self.open.concat();
        let flat = logits.concat();
        let value = dominant_eigenvalue(&flat, EIGEN_ITERATIONS, |point| {
            let mut values = point.iter();
            for logit in self.state.logits.iter_mut().flatten() {
                *logit = *values.next().unwrap_or(&0.0);
            }
            let draw = search.method.mean(&self.alphas());
            let (_, gradient) = self.first_order(&draw, &batch, moment);
            let pairs = gradient.concat().into_iter().zip(point).zip(&open);
            pairs
                .map(|((slope, logit), open)| match open {
                    true => slope + options.architecture_decay * logit,
                    false => 0.0,
                })
                .collect()
        });
        self.state.logits = logits;
        value.is_finite().then_some(value)
    }

    /// The architecture of the strongest options.
    pub(super) fn derived(&self) -> Result<Derived, Infeasible> {
        let Search {
            supernet,
            space,
            limits,
            ..
        } = self.search;
        let derived = supernet.derive(space, &self.strengths(), &limits);
        self.search.or_drawn(derived)
    }

    /// The same with few skip connections in each cell.
    pub(super) fn restrained(&self) -> Result<Derived, Infeasible> {
        let Search {
            supernet,
            space,
            limits,
            ..
        } = self.search;
        let derived = supernet.derive_restrained(space, &self.strengths(), &limits);
        self.search.or_drawn(derived)
    }

    fn strengths(&self) -> Vec<Vec<f64>> {
        self.search.method.strengths(&self.alphas())
    }

    /// How good the answers to some validation batches are.
    pub(super) fn judge(&mut self, mixture: &Mixture) -> Judgement {
        let size = JUDGED_BATCH.min(self.search.valid.len());
        let batches = Batches::new(self.search.valid, size)
            // Statistics of a batch of one class would be those of no other.
            .shuffled(&self.search.seed.child("judged"))
            .normalized(self.search.contract)
            .whole_only();
        self.judge_on(mixture, batches.take(JUDGED))
    }

    /// How good the answers to these batches are.
    pub(super) fn judge_on(
        &mut self,
        mixture: &Mixture,
        batches: impl Iterator<Item = Batch>,
    ) -> Judgement {
        let task = &*self.search.contract.task;
        let (mut total, mut samples) = (0.0, 0.0);
        let mut right = None;
        for batch in batches {
            let (loss, weights) = (&self.loss, &self.state.weights);
            let judge = |output: &[f32], gradient: &mut [f32]| {
                add_hits(&mut right, hits(task, output.to_vec(), &batch.targets));
                loss.of(output, &batch.targets, None, gradient)
            };
            let inputs = &batch.inputs[0];
            let step = self
                .module
                .mixed_step(weights, mixture, inputs, None, judge);
            total += step.loss * batch.len() as f64;
            samples += batch.len() as f64;
        }
        Judgement {
            loss: total / samples,
            accuracy: right.map(|[right, count]| right / count),
        }
    }

    /// The architecture that the search found.
    pub(super) fn answer(&mut self, end: End) -> Result<Derived, SearchError> {
        let search = self.search;
        if self.state.history.is_empty() && end == End::Diverged {
            return Err(SearchError::Diverged);
        }
        let epochs = &self.state.history;
        let before = match end {
            End::SkipsDominate { healthy } | End::Sharp { healthy } => Some(healthy),
            _ => None,
        };
        if let Some(before) = before
            && let Ok(healthy) = search.space.parse(&epochs[before].architecture)
        {
            return Ok(Derived {
                architecture: healthy,
                drawn: epochs[before].drawn,
            });
        }
        if self.policy.is_some() {
            return self.best_of_policy().map(Derived::from);
        }
        self.select(search.method.options().selection)
    }
}

/// How good some answers are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judgement {
    /// The mean loss.
    pub(super) loss: f64,
    /// The share that is right, where classes are predicted.
    pub(super) accuracy: Option<f64>,
}

/// Adds what is right, and how many there are.
pub(super) fn add_hits(sum: &mut Option<[f64; 2]>, more: Option<[f64; 2]>) {
    if let Some([right, count]) = more {
        let [all_right, all] = sum.get_or_insert([0.0; 2]);
        *all_right += right;
        *all += count;
    }
}

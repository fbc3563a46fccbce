//! What an epoch of a search is worth, and what the search found.

use super::Moment;
use super::health::dominant_eigenvalue;
use super::run::{Broken, Run, Totals, batches};
use super::search::{End, EpochReport, Search, SearchError};
use super::simplex::entropy;
use crate::data::{Answers, Batch, Batches, Task};
use crate::module::Mixture;
use crate::train::largest;
use netsmith::space::{Architecture, Infeasible};

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
        let derived = derived.map_err(ended)?;
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
        let classifies = matches!(search.valid.task(), Task::Classification { .. });
        let gap = [Some(path_accuracy), mixture.map(|[_, accuracy]| accuracy)];
        let cells = search.supernet.skips(&derived).into_values();
        let report = EpochReport {
            mixture_loss: mixture.map(|[loss, _]| loss),
            path_loss,
            accuracies: classifies.then_some(gap),
            entropy: probabilities.iter().map(|p| entropy(p)).sum::<f64>() / sites,
            margin: probabilities.iter().map(margin).sum::<f64>() / sites,
            skips: cells.max_by_key(|cell| cell[0]).unwrap_or([0, 0]),
            architecture: search.space.text(&derived),
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
    pub(super) fn derived(&self) -> Result<Architecture, Infeasible> {
        let Search {
            supernet,
            space,
            limits,
            ..
        } = self.search;
        supernet.derive(space, &self.strengths(), &limits)
    }

    /// The same with few skip connections in each cell.
    pub(super) fn restrained(&self) -> Result<Architecture, Infeasible> {
        let Search {
            supernet,
            space,
            limits,
            ..
        } = self.search;
        supernet.derive_restrained(space, &self.strengths(), &limits)
    }

    fn strengths(&self) -> Vec<Vec<f64>> {
        self.search.method.strengths(&self.alphas())
    }

    /// The loss and the share of right answers of some validation batches.
    pub(super) fn judge(&mut self, mixture: &Mixture) -> [f64; 2] {
        let size = JUDGED_BATCH.min(self.search.valid.len());
        let batches = Batches::new(self.search.valid, size)
            // Statistics of a batch of one class would be those of no other.
            .shuffled(&self.search.seed.child("judged"))
            .normalized(self.search.normalization)
            .whole_only();
        self.judge_on(mixture, batches.take(JUDGED))
    }

    /// The loss and the share of right answers of these batches.
    pub(super) fn judge_on(
        &mut self,
        mixture: &Mixture,
        batches: impl Iterator<Item = Batch>,
    ) -> [f64; 2] {
        let (mut total, mut right, mut samples) = (0.0, 0.0, 0.0);
        for batch in batches {
            let (loss, weights) = (&self.loss, &self.state.weights);
            let mut hits = 0;
            let judge = |answers: &[f32], gradient: &mut [f32]| {
                hits += hits_of(answers, &batch.answers);
                loss.of(answers, &batch.answers, None, gradient)
            };
            let inputs = &batch.inputs;
            let step = self
                .module
                .mixed_step(weights, mixture, inputs, None, judge);
            total += step.loss * batch.len() as f64;
            right += hits as f64;
            samples += batch.len() as f64;
        }
        [total / samples, right / samples]
    }

    /// The architecture that the search found.
    pub(super) fn answer(&mut self, end: End) -> Result<Architecture, SearchError> {
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
            return Ok(healthy);
        }
        if self.policy.is_some() {
            return self.best_of_policy();
        }
        self.select(search.method.options().selection)
    }
}

/// How many answers have their largest value at the right class.
pub(super) fn hits_of(answers: &[f32], right: &Answers) -> usize {
    let Answers::Classes(classes) = right else {
        return 0;
    };
    let rows = answers.chunks_exact(answers.len() / classes.len());
    let guesses = rows.map(|row| largest(row) as u32);
    guesses.zip(classes).filter(|(a, b)| a == *b).count()
}

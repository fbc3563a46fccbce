//! What a search is after: an objective, its penalties, and what else should be
//! small.

mod penalty;

pub use penalty::{Penalty, PenaltyError, PenaltyKind};

use crate::cost::{Cost, PARAMETERS};
use crate::trial::{Costs, Metric, Trial};
use std::cmp::Ordering;

/// What makes one trial better than another.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The result that counts, such as `validation_accuracy`.
    pub metric: Metric,
    /// What takes from the score.
    pub penalties: Vec<Penalty>,
    /// Costs that should be small too: together with the score they span the Pareto
    /// front.
    pub minimized: Vec<Cost>,
}

impl Default for Objective {
    /// The validation accuracy alone.
    fn default() -> Self {
        Self::new(Metric::validation_accuracy())
    }
}

impl Objective {
    /// Only a metric.
    pub fn new(metric: Metric) -> Self {
        Self {
            metric,
            penalties: Vec::new(),
            minimized: Vec::new(),
        }
    }

    /// Whether this cost takes part in it.
    pub fn weighs(&self, cost: Cost) -> bool {
        let penalised = self.penalties.iter().map(|penalty| penalty.cost);
        let mut all = penalised.chain(self.minimized.iter().copied());
        all.any(|weighed| weighed == cost)
    }

    /// The score of a trial, larger is better; `None` where it gave no result.
    pub fn score(&self, trial: &Trial) -> Option<f64> {
        if trial.outcome.is_failure() {
            return None;
        }
        let value = trial.metrics.get(&self.metric.name)?.value;
        self.score_of(value, &trial.costs)
    }

    /// The score after each step of a trial, in their order; a step without a number
    /// is left out.
    pub fn progress(&self, trial: &Trial) -> Vec<f64> {
        let mut curves = trial.curves.iter();
        let curve = curves.find(|curve| curve.metric.name == self.metric.name);
        let points = curve.map_or(&[][..], |curve| &curve.points);
        let scores = points.iter();
        let scores = scores.map(|(_, value)| self.score_of(*value, &trial.costs));
        scores.flatten().collect()
    }

    /// The score of a value of the metric at these costs.
    pub fn score_of(&self, value: f64, costs: &Costs) -> Option<f64> {
        self.penalised(self.metric.direction.score(value), costs)
    }

    /// A score, larger is better, after all penalties; `None` where a cost that
    /// one of them is on is not known.
    pub fn penalised(&self, plain: f64, costs: &Costs) -> Option<f64> {
        let score = self.penalties.iter().try_fold(plain, |score, penalty| {
            Some(penalty.apply(score, costs.value(penalty.cost)?))
        });
        score.filter(|score| score.is_finite())
    }

    /// The score and the negated costs that should be small: all larger is
    /// better. `None` where one of them is not known.
    pub fn scores(&self, trial: &Trial) -> Option<Vec<f64>> {
        let costs = self.minimized.iter();
        let costs = costs.map(|&cost| Some(cost.direction().score(trial.costs.value(cost)?)));
        std::iter::once(self.score(trial)).chain(costs).collect()
    }

    /// The trials that no other dominates: none is at least as good in every
    /// score and better in one. By number; of equals the first.
    pub fn front<'a>(&self, trials: impl IntoIterator<Item = &'a Trial>) -> Vec<&'a Trial> {
        let scored = trials
            .into_iter()
            .filter_map(|trial| Some((trial, self.scores(trial)?)));
        let scored: Vec<(&Trial, Vec<f64>)> = scored.collect();
        let beaten = |index: usize| {
            let (_, own) = &scored[index];
            scored.iter().enumerate().any(|(other, (_, scores))| {
                dominates(scores, own) || (other < index && scores == own)
            })
        };
        (0..scored.len())
            .filter(|&i| !beaten(i))
            .map(|i| scored[i].0)
            .collect()
    }

    /// The best trial of those that spent the most: by score, then fewer parameters, then the earlier one.
    pub fn best<'a>(&self, trials: impl IntoIterator<Item = &'a Trial>) -> Option<&'a Trial> {
        let mut ranked = self.ranked(trials);
        (!ranked.is_empty()).then(|| ranked.swap_remove(0))
    }

    /// All trials with a score, the best first. Those that spent more stand before
    /// all that spent less, whose scores are not comparable.
    pub fn ranked<'a>(&self, trials: impl IntoIterator<Item = &'a Trial>) -> Vec<&'a Trial> {
        let scored = trials
            .into_iter()
            .filter_map(|trial| Some((self.score(trial)?, trial)));
        let mut scored: Vec<(f64, &Trial)> = scored.collect();
        scored.sort_by(|a, b| b.1.fidelity.cmp(&a.1.fidelity).then_with(|| order(*a, *b)));
        scored.into_iter().map(|(_, trial)| trial).collect()
    }
}

/// Of two trials with these scores the better one stands first: by score, then by fewer
/// parameters, then the earlier one. However much they spent.
pub fn order(a: (f64, &Trial), b: (f64, &Trial)) -> Ordering {
    let parameters = |trial: &Trial| trial.costs.value(PARAMETERS).unwrap_or(f64::INFINITY);
    (b.0.total_cmp(&a.0))
        .then_with(|| parameters(a.1).total_cmp(&parameters(b.1)))
        .then_with(|| a.1.number.cmp(&b.1.number))
}

/// Whether `a` is at least as good as `b` in every score and better in one;
/// larger is better.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a >= b) && a.iter().zip(b).any(|(a, b)| a > b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::LATENCY;
    use crate::trial::{Fidelity, Outcome, Proposal};

    fn trial(number: u64, accuracy: f64, latency: f64) -> Trial {
        let proposal = Proposal {
            number,
            architecture: String::new(),
            key: String::new(),
            fidelity: Fidelity::epochs(1),
            seed: 0,
            parent: None,
        };
        let mut trial = proposal.complete(Outcome::Finished);
        trial.metrics.set(Metric::validation_accuracy(), accuracy);
        trial.costs.set(LATENCY, Some(latency));
        trial
    }

    #[track_caller]
    fn reward(kind: PenaltyKind, accuracy: f64, latency: f64, expected: f64) {
        let mut objective = Objective::new(Metric::validation_accuracy());
        objective.penalties.push(Penalty {
            cost: LATENCY,
            target: 80.0,
            kind,
        });
        let score = objective.score(&trial(0, accuracy, latency)).unwrap();
        assert!((score - expected).abs() < 1e-6, "{score}");
    }

    #[test]
    fn published_rewards() {
        reward(PenaltyKind::SOFT, 0.75, 80.0, 0.75);
        reward(PenaltyKind::SOFT, 0.75, 40.0, 0.787_287);
        reward(PenaltyKind::SOFT, 0.75, 160.0, 0.714_478);
        reward(PenaltyKind::HARD, 0.75, 160.0, 0.375);
        reward(PenaltyKind::SOFT, 0.77, 120.0, 0.748_453);
        reward(PenaltyKind::Linear { weight: 0.1 }, 0.75, 40.0, 0.70);
    }

    #[test]
    fn the_front_has_what_nothing_dominates() {
        let mut objective = Objective::new(Metric::validation_accuracy());
        objective.minimized.push(LATENCY);
        let trials = [
            trial(0, 0.9, 5.0),
            trial(1, 0.8, 2.0),
            trial(2, 0.8, 3.0),
            trial(3, 0.9, 5.0),
            trial(4, 0.95, 9.0),
        ];
        let front = objective.front(&trials);
        let numbers: Vec<u64> = front.iter().map(|trial| trial.number).collect();
        assert_eq!(numbers, [0, 1, 4]);
        assert_eq!(objective.best(&trials).map(|t| t.number), Some(4));
    }

    #[test]
    fn failures_have_no_score() {
        let objective = Objective::new(Metric::validation_accuracy());
        let mut failed = trial(0, 0.9, 1.0);
        failed.outcome = Outcome::Crashed {
            message: "x".into(),
        };
        assert_eq!(objective.score(&failed), None);
    }
}

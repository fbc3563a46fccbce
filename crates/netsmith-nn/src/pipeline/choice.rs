//! Which of the networks that were trained in full is handed over, and which of them
//! are the front.

use super::Context;
use netsmith::objective::{Objective, order};
use netsmith::trial::Trial;
use std::cmp::Ordering;

/// By what full trainings are compared: their results, and the latencies that their
/// networks were measured at, which stand among the costs of these trials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    objective: &'a Objective,
    /// Milliseconds.
    limit_latency: Option<f64>,
}

impl<'a> Choice<'a> {
    pub(super) fn of(context: &'a Context<'_>) -> Self {
        Self {
            objective: &context.objective,
            limit_latency: context.config.limit_latency,
        }
    }

    /// Whether it is not known to be over the limit on latency.
    fn keeps(&self, trial: &Trial) -> bool {
        let over = self.limit_latency.zip(trial.costs.latency_ms);
        !over.is_some_and(|(limit, latency)| latency > limit)
    }

    /// What keeps the limit stands first, then the better one however long it was
    /// trained.
    fn order(&self, a: &Trial, b: &Trial) -> Ordering {
        let score = |trial| self.objective.score(trial).unwrap_or(f64::NEG_INFINITY);
        let keeps = self.keeps(b).cmp(&self.keeps(a));
        keeps.then_with(|| order((score(a), a), (score(b), b)))
    }

    /// The places of all of these, the best first.
    pub(super) fn best_first(&self, trials: &[&Trial]) -> Vec<usize> {
        let mut places: Vec<usize> = (0..trials.len()).collect();
        places.sort_by(|a, b| self.order(trials[*a], trials[*b]));
        places
    }

    /// The places of those that no other one dominates; where one keeps the limit,
    /// those over it are out.
    pub(super) fn front(&self, trials: &[&Trial]) -> Vec<usize> {
        let some = trials.iter().any(|trial| self.keeps(trial));
        let allowed = trials.iter().copied();
        let allowed = allowed.filter(|trial| !some || self.keeps(trial));
        let front = self.objective.front(allowed).into_iter();
        let place = |own: &Trial| trials.iter().position(|trial| trial.number == own.number);
        front.filter_map(place).collect()
    }

    /// Whether a longer training of a network takes the place of its first.
    pub(super) fn improves(&self, longer: &Trial, first: &Trial) -> bool {
        self.objective.score(longer) >= self.objective.score(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::trial::{Fidelity, Metric, Outcome, Proposal};

    /// A training of so many epochs with this accuracy at this latency.
    fn trial(number: u64, epochs: u32, accuracy: f64, latency: f64) -> Trial {
        let proposal = Proposal {
            number,
            architecture: String::new(),
            key: String::new(),
            fidelity: Fidelity::epochs(epochs),
            seed: 0,
            parent: None,
        };
        let mut trial = proposal.complete(Outcome::Finished);
        trial.metrics.set(Metric::validation_accuracy(), accuracy);
        trial.costs.latency_ms = Some(latency);
        trial
    }

    #[track_caller]
    fn check(trials: &[Trial], limit: Option<f64>, best_first: &[usize], front: &[usize]) {
        let mut objective = Objective::default();
        objective.minimized.push("latency_ms".into());
        let choice = Choice {
            objective: &objective,
            limit_latency: limit,
        };
        let trials: Vec<&Trial> = trials.iter().collect();
        assert_eq!(choice.best_first(&trials), best_first);
        assert_eq!(choice.front(&trials), front);
    }

    #[test]
    fn what_is_over_the_limit_comes_last_and_is_not_of_the_front() {
        let trials = [
            trial(0, 8, 0.90, 2.0),
            trial(1, 8, 0.95, 5.0),
            trial(2, 8, 0.85, 3.0),
            trial(3, 8, 0.80, 1.0),
        ];
        check(&trials, None, &[1, 0, 2, 3], &[0, 1, 3]);
        check(&trials, Some(4.0), &[0, 2, 3, 1], &[0, 3]);
        // None keeps it: the best and the whole front all the same.
        check(&trials, Some(0.5), &[1, 0, 2, 3], &[0, 1, 3]);
    }

    #[test]
    fn the_better_result_counts_however_long_it_took() {
        let trials = [trial(0, 8, 0.90, 2.0), trial(500, 19, 0.89, 2.0)];
        check(&trials, None, &[0, 1], &[0]);
        let objective = Objective::default();
        let choice = Choice {
            objective: &objective,
            limit_latency: None,
        };
        assert!(!choice.improves(&trials[1], &trials[0]));
        assert!(choice.improves(&trial(500, 19, 0.90, 2.0), &trials[0]));
    }
}

//! Which of the networks that were trained in full is handed over, and which of them
//! are the front.

use super::Context;
use super::prepare::Prepared;
use netsmith::objective::{Objective, order};
use netsmith::space::Limits;
use netsmith::trial::Trial;
use std::cmp::Ordering;

/// By what full trainings are compared: their results, and the limits on what their
/// networks were measured at, which stands among the costs of these trials. What a graph
/// decides was held to its limits when the architecture was proposed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'a> {
    objective: &'a Objective,
    limits: Limits,
}

impl<'a> Choice<'a> {
    /// Under the limits that hold now: those that were asked for, or tighter ones that a
    /// supernet has set.
    pub(super) fn of(context: &'a Context<'_>, prepared: &Prepared) -> Self {
        Self::under(&context.objective, prepared)
    }

    /// The same with this objective.
    pub(super) fn under(objective: &'a Objective, prepared: &Prepared) -> Self {
        Self {
            objective,
            limits: prepared.limits.measured(),
        }
    }

    /// How many times its limit the most excessive cost is; 1 where all that are known
    /// keep theirs.
    fn excess(&self, trial: &Trial) -> f64 {
        let limits = self.limits.iter();
        let ratios = limits.filter_map(|(cost, limit)| Some(trial.costs.value(cost)? / limit));
        ratios.fold(1.0, f64::max)
    }

    fn keeps(&self, trial: &Trial) -> bool {
        self.limits.check_costs(&trial.costs).is_ok()
    }

    /// What keeps the limits stands first, and what is nearer to them before what is
    /// further away; then the better one however long it was trained.
    fn order(&self, a: &Trial, b: &Trial) -> Ordering {
        let score = |trial| self.objective.score(trial).unwrap_or(f64::NEG_INFINITY);
        let nearer = self.excess(a).total_cmp(&self.excess(b));
        nearer.then_with(|| order((score(a), a), (score(b), b)))
    }

    /// Whether two keep the limits equally well.
    pub(super) fn is_level(&self, a: &Trial, b: &Trial) -> bool {
        self.excess(a) <= self.excess(b)
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
    use netsmith::cost::LATENCY;
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
        trial.costs.set(LATENCY, Some(latency));
        trial
    }

    #[track_caller]
    fn check(trials: &[Trial], limit: Option<f64>, best_first: &[usize], front: &[usize]) {
        let mut objective = Objective::default();
        objective.minimized.push(LATENCY);
        let choice = Choice {
            objective: &objective,
            limits: limit.map_or(Limits::FREE, |limit| Limits::FREE.with(LATENCY, limit)),
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
        // None keeps it: the nearest to it first, and the whole front all the same.
        check(&trials, Some(0.5), &[3, 0, 2, 1], &[0, 1, 3]);
    }

    #[test]
    fn the_better_result_counts_however_long_it_took() {
        let trials = [trial(0, 8, 0.90, 2.0), trial(500, 19, 0.89, 2.0)];
        check(&trials, None, &[0, 1], &[0]);
        let objective = Objective::default();
        let choice = Choice {
            objective: &objective,
            limits: Limits::FREE,
        };
        assert!(!choice.improves(&trials[1], &trials[0]));
        assert!(choice.improves(&trial(500, 19, 0.90, 2.0), &trials[0]));
    }
}

//! Brackets: how many begin on which rung, and how many go on.

use super::{Ladder, Plan, ranked};
use crate::space::Architecture;
use crate::strategy::evolution::Individual;
use crate::strategy::{Observation, Suggestion};
use std::collections::{BTreeSet, VecDeque};

/// So many trials on one rung of a bracket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The rung, from the lowest.
    pub rung: usize,
    /// The trials.
    pub trials: usize,
}

/// The bracket `s` of Hyperband: `n = ceil((s_max + 1) / (s + 1) eta^s)` begin
/// `s` rungs below the highest, and `floor(n eta^-i)` are on the i-th after.
///
/// # Paper
/// Li et al. 2018, arXiv:1603.06560, algorithm 1, with whole powers in place of
/// logarithms.
pub fn hyperband_rungs(eta: usize, rungs: usize, s: usize) -> Vec<Rung> {
    let first = (rungs * eta.pow(s as u32)).div_ceil(s + 1);
    rungs_of(eta, rungs, s, first)
}

/// The same as the authors of BOHB have it: `n = ceil(floor((s_max + 1) / (s + 1))
/// eta^s)`.
///
/// # Paper
/// Falkner et al. 2018, arXiv:1807.01774, and its code.
pub fn hpbandster_rungs(eta: usize, rungs: usize, s: usize) -> Vec<Rung> {
    let first = rungs / (s + 1) * eta.pow(s as u32);
    rungs_of(eta, rungs, s, first)
}

fn rungs_of(eta: usize, rungs: usize, s: usize, first: usize) -> Vec<Rung> {
    let one = |i: usize| Rung {
        rung: rungs - 1 - s + i,
        trials: (first / eta.pow(i as u32)).max(1),
    };
    (0..=s).map(one).collect()
}

/// One bracket at work. A rung is decided when all of its trials have ended.
#[derive(Debug)]
pub(super) struct Bracket {
    rungs: Vec<Rung>,
    /// Position of the present rung in `rungs`.
    at: usize,
    /// What is to be tried on the present rung, with the trial that it comes from.
    waiting: VecDeque<(Architecture, u64)>,
    /// How many of the present rung were proposed, and those that run.
    proposed: usize,
    running: BTreeSet<u64>,
    ended: Vec<Individual>,
}

impl Bracket {
    pub(super) fn new(rungs: Vec<Rung>) -> Self {
        Self {
            rungs,
            at: 0,
            waiting: VecDeque::new(),
            proposed: 0,
            running: BTreeSet::new(),
            ended: Vec::new(),
        }
    }

    /// Whether new architectures are wanted: on which rung.
    pub(super) fn wants_new(&self) -> Option<usize> {
        let rung = self.rungs.first()?;
        (self.at == 0 && self.proposed < rung.trials).then_some(rung.rung)
    }

    /// Notes that a proposal is on its first rung.
    pub(super) fn begin(&mut self, number: u64) {
        self.proposed += 1;
        self.running.insert(number);
    }

    /// Something that goes on, as the proposal of this number.
    pub(super) fn go_on(&mut self, ladder: Ladder, number: u64) -> Option<Plan> {
        let (architecture, parent) = self.waiting.pop_front()?;
        let rung = self.rungs.get(self.at)?.rung;
        self.begin(number);
        Some(Plan {
            suggestion: Suggestion {
                architecture,
                parent: Some(parent),
            },
            share: ladder.share(rung),
        })
    }

    /// Whether nothing is left to do.
    pub(super) fn is_over(&self) -> bool {
        self.at >= self.rungs.len()
    }

    /// The rung of a trial of this bracket, which has ended; nothing for others.
    pub(super) fn tell(&mut self, observation: &Observation) -> Option<usize> {
        if !self.running.remove(&observation.number) {
            return None;
        }
        let rung = self.rungs[self.at];
        self.ended.extend(Individual::of(observation.clone()));
        if self.proposed >= rung.trials && self.running.is_empty() && self.waiting.is_empty() {
            self.climb();
        }
        Some(rung.rung)
    }

    /// The best go on; failures never do.
    fn climb(&mut self) {
        self.at += 1;
        let best = ranked(std::mem::take(&mut self.ended));
        let Some(next) = self.rungs.get_mut(self.at) else {
            return;
        };
        let best = best.into_iter().take(next.trials);
        self.waiting = best.map(|own| (own.architecture, own.number)).collect();
        next.trials = self.waiting.len();
        self.proposed = 0;
        if self.waiting.is_empty() {
            self.at = self.rungs.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rungs: Vec<Rung>, expected: &[(usize, usize)]) {
        let found: Vec<(usize, usize)> = rungs.iter().map(|own| (own.rung, own.trials)).collect();
        assert_eq!(found, expected);
    }

    /// The brackets of the paper for R = 81 and R = 27 and a factor of three.
    #[test]
    fn hyperband_has_its_published_brackets() {
        check(
            hyperband_rungs(3, 5, 4),
            &[(0, 81), (1, 27), (2, 9), (3, 3), (4, 1)],
        );
        check(
            hyperband_rungs(3, 5, 3),
            &[(1, 34), (2, 11), (3, 3), (4, 1)],
        );
        check(hyperband_rungs(3, 5, 2), &[(2, 15), (3, 5), (4, 1)]);
        check(hyperband_rungs(3, 5, 1), &[(3, 8), (4, 2)]);
        check(hyperband_rungs(3, 5, 0), &[(4, 5)]);
        check(hyperband_rungs(3, 4, 3), &[(0, 27), (1, 9), (2, 3), (3, 1)]);
        check(hyperband_rungs(3, 4, 2), &[(1, 12), (2, 4), (3, 1)]);
        check(hyperband_rungs(3, 4, 1), &[(2, 6), (3, 2)]);
        check(hyperband_rungs(3, 4, 0), &[(3, 4)]);
    }

    /// As the code of BOHB counts for budgets from 1 to 12 and from 1 to 81.
    #[test]
    fn bohb_has_the_brackets_of_its_code() {
        check(hpbandster_rungs(3, 3, 2), &[(0, 9), (1, 3), (2, 1)]);
        check(hpbandster_rungs(3, 3, 1), &[(1, 3), (2, 1)]);
        check(hpbandster_rungs(3, 3, 0), &[(2, 3)]);
        check(
            hpbandster_rungs(3, 5, 4),
            &[(0, 81), (1, 27), (2, 9), (3, 3), (4, 1)],
        );
        check(
            hpbandster_rungs(3, 5, 3),
            &[(1, 27), (2, 9), (3, 3), (4, 1)],
        );
        check(hpbandster_rungs(3, 5, 2), &[(2, 9), (3, 3), (4, 1)]);
        check(hpbandster_rungs(3, 5, 1), &[(3, 6), (4, 2)]);
        check(hpbandster_rungs(3, 5, 0), &[(4, 5)]);
    }
}

//! Individuals, their order, and what was proposed before.

use crate::objective::dominates;
use crate::pareto::{crowding, fronts};
use crate::space::Architecture;
use crate::strategy::Observation;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// A trial that ended with scores.
#[derive(Clone, Debug)]
pub(in crate::strategy) struct Individual {
    /// Number of the trial.
    pub(in crate::strategy) number: u64,
    /// What was tried.
    pub(in crate::strategy) architecture: Architecture,
    /// Larger is better in each.
    pub(in crate::strategy) scores: Vec<f64>,
}

impl Individual {
    /// The individual of a trial; nothing where it failed.
    pub(in crate::strategy) fn of(observation: Observation) -> Option<Self> {
        Some(Self {
            number: observation.number,
            architecture: observation.architecture,
            scores: observation.scores?,
        })
    }
}

/// The positions of individuals, the best first: by score; with several scores by front, then
/// by crowding. Equals stand by age.
pub(in crate::strategy) fn ranking(individuals: &[&Individual]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..individuals.len()).collect();
    let several = individuals.iter().any(|own| own.scores.len() > 1);
    if !several {
        order.sort_by(|&a, &b| {
            let score = |i: usize| individuals[i].scores.first().copied().unwrap_or_default();
            score(b)
                .total_cmp(&score(a))
                .then(individuals[a].number.cmp(&individuals[b].number))
        });
        return order;
    }
    let beats = |a: usize, b: usize| dominates(&individuals[a].scores, &individuals[b].scores);
    by_fronts(individuals, fronts(individuals.len(), beats))
}

/// The positions of individuals front by front, the loneliest of each first.
pub(in crate::strategy) fn by_fronts(
    individuals: &[&Individual],
    fronts: Vec<Vec<usize>>,
) -> Vec<usize> {
    let mut order = Vec::with_capacity(individuals.len());
    for front in fronts {
        let points: Vec<&[f64]> = front
            .iter()
            .map(|&i| individuals[i].scores.as_slice())
            .collect();
        let mut placed: Vec<(f64, usize)> = crowding(&points).into_iter().zip(front).collect();
        placed.sort_by(|a, b| {
            let age = || individuals[a.1].number.cmp(&individuals[b.1].number);
            b.0.partial_cmp(&a.0)
                .unwrap_or(Ordering::Equal)
                .then_with(age)
        });
        order.extend(placed.into_iter().map(|(_, i)| i));
    }
    order
}

/// Which architectures were proposed, or told from elsewhere.
#[derive(Clone, Debug, Default)]
pub(in crate::strategy) struct Known(BTreeSet<Architecture>);

impl Known {
    /// Remembers an architecture; whether it is new.
    pub(in crate::strategy) fn insert(&mut self, architecture: &Architecture) -> bool {
        !self.0.contains(architecture) && self.0.insert(architecture.clone())
    }

    /// Whether it is remembered.
    pub(in crate::strategy) fn contains(&self, architecture: &Architecture) -> bool {
        self.0.contains(architecture)
    }
}

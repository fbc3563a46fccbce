//! A population that lives on: it begins, and then each child joins it when its trial is told.

use super::{
    Crossover, Individual, Initialisation, Known, Mutation, Selection, Survival, crossover,
    initialisation, mutation, ranking, selection, survival, unknown,
};
use crate::catalogue::{Parameter, Settings};
use crate::objective::dominates;
use crate::space::Infeasible;
use crate::strategy::{Ask, Suggestion};
use rand::RngExt;

/// The parts of evolution that a user can swap.
#[derive(Clone, Copy, Debug)]
pub(in crate::strategy) struct Steps {
    initialisation: Initialisation,
    selection: Selection,
    crossover: Crossover,
    crossover_rate: f64,
    mutation: Mutation,
    survival: Survival,
}

/// The parameters of [`Steps`].
pub(in crate::strategy) const PARAMETERS: [Parameter; 10] = [
    initialisation::PARAMETER,
    selection::PARAMETERS[0],
    selection::PARAMETERS[1],
    selection::PARAMETERS[2],
    crossover::PARAMETERS[0],
    crossover::PARAMETERS[1],
    mutation::PARAMETERS[0],
    mutation::PARAMETERS[1],
    survival::PARAMETERS[0],
    survival::PARAMETERS[1],
];

impl Steps {
    /// The parts that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        Self {
            initialisation: Initialisation::of(settings),
            selection: Selection::of(settings),
            crossover: Crossover::of(settings),
            crossover_rate: settings.number("crossover-rate"),
            mutation: Mutation::of(settings),
            survival: Survival::of(settings),
        }
    }

    /// A proposal for the beginning; `begun` others were made before it.
    pub(in crate::strategy) fn first(
        &self,
        ask: &mut Ask<'_>,
        known: &mut Known,
        begun: usize,
    ) -> Result<Suggestion, Infeasible> {
        let mut infeasible = None;
        let suggestion = unknown(ask, known, |ask| {
            match self.initialisation.first(ask, begun) {
                Ok(architecture) => Some(Suggestion {
                    architecture,
                    parent: None,
                }),
                Err(none) => {
                    infeasible = Some(none);
                    None
                }
            }
        });
        infeasible.map_or(suggestion, Err)
    }

    /// A child of individuals that stand in order, the best first.
    pub(in crate::strategy) fn child(
        &self,
        ask: &mut Ask<'_>,
        known: &mut Known,
        order: &[&Individual],
    ) -> Result<Suggestion, Infeasible> {
        unknown(ask, known, |ask| {
            let parent = order[self.selection.rank(order.len(), ask.random)];
            let crosses = order.len() > 1 && ask.random.random_bool(self.crossover_rate);
            let child = if crosses {
                let other = order[self.selection.rank(order.len(), ask.random)];
                let parents = [&parent.architecture, &other.architecture];
                let crossed = self.crossover.child(ask, parents)?;
                // Parents that are alike make a child that is like them: it still has to change.
                if parents.contains(&&crossed) {
                    self.mutation.child(ask, &crossed)?
                } else {
                    crossed
                }
            } else {
                self.mutation.child(ask, &parent.architecture)?
            };
            Some(Suggestion {
                architecture: child,
                parent: Some(parent.number),
            })
        })
    }
}

/// A population with its steps.
#[derive(Clone, Debug)]
pub(in crate::strategy) struct Colony {
    size: usize,
    steps: Steps,
    members: Vec<Individual>,
    begun: usize,
    /// The scores of parents whose children are not told yet, by the child's number.
    expected: Vec<(u64, Vec<f64>)>,
}

impl Colony {
    /// An empty one.
    pub(in crate::strategy) fn new(size: usize, steps: Steps) -> Self {
        Self {
            size,
            steps,
            members: Vec::new(),
            begun: 0,
            expected: Vec::new(),
        }
    }

    /// The next proposal.
    pub(in crate::strategy) fn ask(
        &mut self,
        ask: &mut Ask<'_>,
        known: &mut Known,
    ) -> Result<Suggestion, Infeasible> {
        if self.members.len() < self.size {
            self.begun += 1;
            return self.steps.first(ask, known, self.begun - 1);
        }
        let order = self.order();
        let suggestion = self.steps.child(ask, known, &order)?;
        let parent = order
            .iter()
            .find(|own| Some(own.number) == suggestion.parent);
        if let Some(scores) = parent.map(|parent| parent.scores.clone()) {
            self.expected.push((ask.number, scores));
        }
        Ok(suggestion)
    }

    /// A trial of this colony ended; nothing where it failed.
    pub(in crate::strategy) fn tell(&mut self, number: u64, individual: Option<Individual>) {
        let at = self.expected.iter().position(|(child, _)| *child == number);
        if let Some(at) = at {
            let (_, parent) = self.expected.swap_remove(at);
            let better = individual
                .as_ref()
                .is_some_and(|own| dominates(&own.scores, &parent));
            self.steps.mutation.learn(better);
        }
        if let Some(individual) = individual {
            self.members.push(individual);
            self.steps.survival.cut(&mut self.members, self.size);
        }
    }

    /// The best so many, the best first.
    pub(in crate::strategy) fn best(&self, count: usize) -> Vec<Individual> {
        self.order().into_iter().take(count).cloned().collect()
    }

    /// Takes individuals from elsewhere; the worst make way.
    pub(in crate::strategy) fn welcome(&mut self, strangers: Vec<Individual>) {
        for stranger in strangers {
            let here = self.members.iter().any(|own| own.number == stranger.number);
            if !here {
                self.members.push(stranger);
            }
        }
        Survival::Elitism.cut(&mut self.members, self.size);
    }

    fn order(&self) -> Vec<&Individual> {
        let members: Vec<&Individual> = self.members.iter().collect();
        ranking(&members).into_iter().map(|i| members[i]).collect()
    }
}

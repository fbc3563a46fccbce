//! Which options lead on: rules and limits while an architecture is decided.

use super::bounds::{Explored, Explorer};
use super::{Architecture, DecisionId, Excess, Limits, Space};

/// Says step by step which options an architecture in the making may take.
pub(super) struct Gate<'a> {
    space: &'a Space,
    pub(super) limits: &'a Limits,
    /// Made when it is first needed: where nothing is limited it never is.
    explorer: Option<Explorer<'a>>,
    /// Whether every completion keeps the limits.
    settled: bool,
    /// The architecture whose completions were explored last, and what was found.
    last: Option<(Architecture, Option<Explored>)>,
}

impl<'a> Gate<'a> {
    pub(super) fn new(space: &'a Space, limits: &'a Limits) -> Self {
        Self {
            space,
            limits,
            explorer: None,
            settled: limits.is_free(),
            last: None,
        }
    }

    /// Begins with the next architecture.
    pub(super) fn reset(&mut self) {
        self.settled = self.limits.is_free();
    }

    /// Whether every option of every decision is allowed.
    pub(super) fn is_open(&self) -> bool {
        self.settled && self.space.rules().is_empty()
    }

    /// Looks whether what was decided leaves all options within the limits.
    pub(super) fn settle(&mut self, partial: &Architecture) {
        if !self.settled {
            let explored = self.explore(partial);
            self.settled = explored.is_some_and(|found| self.limits.includes(&found.bounds));
        }
    }

    /// Whether the bounds leave room for a network that keeps the limits.
    ///
    /// # Errors
    /// The limit that no architecture keeps, with the lower bound of its cost.
    pub(super) fn check(&mut self) -> Result<(), Excess> {
        if self.limits.is_free() {
            return Ok(());
        }
        let undecided = Architecture::undecided(self.space.decisions().len());
        match self.explore(&undecided) {
            Some(explored) => self.limits.check_bounds(&explored.bounds),
            None => Ok(()),
        }
    }

    /// All options that the decision may take; `partial` comes back as it was.
    pub(super) fn allowed(&mut self, partial: &mut Architecture, decision: DecisionId) -> Vec<u32> {
        let options = 0..self.space.decision(decision).count();
        options
            .filter(|&option| self.allows(partial, decision, option))
            .collect()
    }

    /// Whether the decision may take this option; `partial` comes back as it was.
    pub(super) fn allows(
        &mut self,
        partial: &mut Architecture,
        decision: DecisionId,
        option: u32,
    ) -> bool {
        if self.is_open() {
            return true;
        }
        let before = partial.option(decision);
        partial.set(decision, Some(option));
        let allowed = self.rules_hold(partial, decision) && self.limits_may(partial);
        partial.set(decision, before);
        allowed
    }

    /// Whether the network of a complete architecture keeps the limits and its
    /// shapes fit. The network is built only where the bounds leave it open.
    pub(super) fn keeps(&mut self, architecture: &Architecture) -> bool {
        if self.settled && !self.space.may_misfit {
            return true;
        }
        let sure = self
            .explore(architecture)
            .is_some_and(|found| !found.may_misfit && self.limits.includes(&found.bounds));
        sure || self.space.keeps(architecture, self.limits)
    }

    fn rules_hold(&self, partial: &Architecture, decision: DecisionId) -> bool {
        let rules = self.space.rules().iter();
        let mut concerned = rules.filter(|rule| rule.decisions().contains(&decision));
        concerned.all(|rule| rule.can_hold(partial, self.space.decisions()))
    }

    /// Whether some completion may keep the limits.
    fn limits_may(&mut self, partial: &Architecture) -> bool {
        if self.settled {
            return true;
        }
        let explored = self.explore(partial);
        explored.is_some_and(|found| self.limits.check_bounds(&found.bounds).is_ok())
    }

    /// What all completions have in common; nothing where some node fits together
    /// under no option. An option is looked at twice in a row, before and after
    /// it is taken.
    fn explore(&mut self, partial: &Architecture) -> Option<Explored> {
        if let Some((known, explored)) = &self.last
            && known == partial
        {
            return *explored;
        }
        let space = self.space;
        let explorer = self.explorer.get_or_insert_with(|| space.explorer());
        let explored = explorer.bounds(partial).ok();
        self.last = Some((partial.clone(), explored));
        explored
    }
}

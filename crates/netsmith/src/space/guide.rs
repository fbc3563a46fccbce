//! Architectures made decision by decision by somebody who chooses, such as a
//! policy that learns.

use super::gate::Gate;
use super::{Architecture, DecisionId, Infeasible, Limits, Space};

/// Leads through the active decisions of a space in their order, and says at
/// each which options rules and limits leave.
///
/// It remembers the bounds that it met: one guide should serve several walks.
#[expect(
    missing_debug_implementations,
    reason = "remembers the bounds of every subgraph that it met"
)]
pub struct Guide<'a> {
    space: &'a Space,
    gate: Gate<'a>,
}

/// One active decision that is to be made now.
#[expect(missing_debug_implementations, reason = "borrows a guide")]
pub struct Open<'o, 'a> {
    gate: &'o mut Gate<'a>,
    partial: &'o mut Architecture,
    decision: DecisionId,
}

impl Space {
    /// A guide under these limits.
    ///
    /// # Errors
    /// The limit that no architecture keeps, with the nearest bound.
    pub fn guide<'a>(&'a self, limits: &'a Limits) -> Result<Guide<'a>, Infeasible> {
        let mut gate = Gate::new(self, limits);
        gate.check().map_err(|excess| self.infeasible(&excess))?;
        Ok(Guide { space: self, gate })
    }
}

impl Guide<'_> {
    /// The architecture of the options that `choose` gives, asked for each
    /// active decision in order.
    ///
    /// Returns nothing where `choose` finds no option, or where the whole breaks
    /// a limit that its parts could have kept: bounds are not always tight.
    pub fn walk(
        &mut self,
        choose: &mut dyn FnMut(&mut Open<'_, '_>) -> Option<u32>,
    ) -> Option<Architecture> {
        let space = self.space;
        let mut architecture = Architecture::undecided(space.decisions().len());
        self.gate.reset();
        for &decision in space.order() {
            if !space.is_active(decision, &architecture) {
                continue;
            }
            let option = choose(&mut Open {
                gate: &mut self.gate,
                partial: &mut architecture,
                decision,
            })?;
            architecture.set(decision, Some(option));
            self.gate.settle(&architecture);
        }
        let kept = space.keeps(&architecture, self.gate.limits);
        kept.then_some(architecture)
    }
}

impl Open<'_, '_> {
    /// The decision.
    pub fn decision(&self) -> DecisionId {
        self.decision
    }

    /// Whether every option is allowed, now and at all later decisions.
    pub fn is_free(&self) -> bool {
        self.gate.is_open()
    }

    /// Whether this option is allowed.
    pub fn allows(&mut self, option: u32) -> bool {
        self.gate.allows(self.partial, self.decision, option)
    }

    /// All options that are allowed, ascending.
    pub fn allowed(&mut self) -> Vec<u32> {
        self.gate.allowed(self.partial, self.decision)
    }
}

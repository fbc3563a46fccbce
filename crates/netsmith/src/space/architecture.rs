//! Architectures: one value for every decision.

use super::DecisionId;

/// One option for every active decision of a space; inactive ones have none.
///
/// While it is being made it may lack options of active decisions as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Architecture {
    options: Vec<u32>,
}

/// Stands for "no option".
const NONE: u32 = u32::MAX;

impl Architecture {
    /// No option for any of this many decisions.
    pub fn undecided(decisions: usize) -> Self {
        Self {
            options: vec![NONE; decisions],
        }
    }

    /// From what [`Architecture::raw`] gave.
    pub(crate) fn from_raw(options: Vec<u32>) -> Self {
        Self { options }
    }

    /// Its options as numbers, the largest of which stands for none.
    pub(crate) fn raw(&self) -> &[u32] {
        &self.options
    }

    /// The option of a decision.
    pub fn option(&self, decision: DecisionId) -> Option<u32> {
        let option = self.options[decision.0];
        (option != NONE).then_some(option)
    }

    /// Sets or clears the option of a decision.
    pub fn set(&mut self, decision: DecisionId, option: Option<u32>) {
        self.options[decision.0] = option.unwrap_or(NONE);
    }

    /// The same with one option changed.
    #[must_use]
    pub fn with(mut self, decision: DecisionId, option: u32) -> Self {
        self.set(decision, Some(option));
        self
    }

    /// Options in the order of the space's decisions.
    pub fn options(&self) -> impl ExactSizeIterator<Item = Option<u32>> {
        self.options
            .iter()
            .map(|&option| (option != NONE).then_some(option))
    }
}

//! Limits that a graph alone decides.

use super::Bounds;
use crate::network::{MemoryPlan, Network};
use std::fmt;

/// Upper limits on costs that are known without measuring anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Trainable scalars.
    pub parameters: Option<u64>,
    /// Multiply-accumulate operations for one sample.
    pub macs: Option<u64>,
    /// Peak bytes of inference at batch 1, with the weights.
    pub memory: Option<u64>,
}

/// A cost over its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cost}<={limit} cannot be met: {least} is the least that this space allows")]
pub struct Infeasible {
    /// Which cost.
    pub cost: LimitedCost,
    /// The limit.
    pub limit: u64,
    /// The nearest bound: no architecture costs less.
    pub least: u64,
}

impl Infeasible {
    /// What to do about it.
    pub fn hint(&self) -> String {
        format!(
            "raise the limit to {}<={} or more, or make the space smaller",
            self.cost, self.least
        )
    }
}

/// The costs that [`Limits`] can hold down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitedCost {
    /// Trainable scalars.
    Parameters,
    /// Multiply-accumulate operations for one sample.
    Macs,
    /// Peak bytes of inference at batch 1.
    Memory,
}

impl fmt::Display for LimitedCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parameters => "parameters",
            Self::Macs => "macs",
            Self::Memory => "memory",
        })
    }
}

impl Limits {
    /// Whether there is no limit at all.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }

    /// Whether some architecture within these bounds may keep all limits.
    ///
    /// # Errors
    /// The first cost that none keeps.
    pub fn check_bounds(&self, bounds: &Bounds) -> Result<(), Infeasible> {
        self.check([bounds.parameters.low, bounds.macs.low, bounds.memory.low])
    }

    /// Whether every architecture within these bounds keeps all limits.
    pub(super) fn includes(&self, bounds: &Bounds) -> bool {
        let highs = [bounds.parameters.high, bounds.macs.high, bounds.memory.high];
        self.check(highs).is_ok()
    }

    /// Whether a network keeps all limits.
    ///
    /// # Errors
    /// The first cost over its limit.
    pub fn check_network(&self, network: &Network) -> Result<(), Infeasible> {
        if self.is_free() {
            return Ok(());
        }
        let memory = self
            .memory
            .map_or(0, |_| MemoryPlan::of(network, 1).inference());
        self.check([network.parameters(), network.macs(), memory])
    }

    fn check(&self, [parameters, macs, memory]: [u64; 3]) -> Result<(), Infeasible> {
        for (cost, limit, least) in [
            (LimitedCost::Parameters, self.parameters, parameters),
            (LimitedCost::Macs, self.macs, macs),
            (LimitedCost::Memory, self.memory, memory),
        ] {
            if let Some(limit) = limit.filter(|&limit| least > limit) {
                return Err(Infeasible { cost, limit, least });
            }
        }
        Ok(())
    }
}

//! What networks may cost behind a gradient search that was asked for cheap ones.
//!
//! A cost in the loss of the architecture makes the derived one cheaper. What goes on
//! from it looks for accuracy alone and would grow again, so none of the networks that
//! are trained by themselves may cost more than the derived one, or than the target
//! where that is higher.

use super::PipelineError;
use super::pace::least_of;
use super::prepare::Prepared;
use crate::supernet::{Efficiency, NetworkCost, Options};
use netsmith::network::Network;
use netsmith::space::{Architecture, Limits, Space};
use netsmith::study::Study;
use std::fmt;

/// The study's record of it: scalars, operations or milliseconds.
const RECORD: &str = "efficiency-bound";

/// The most that a network may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    cost: Efficiency,
    most: f64,
}

impl Bound {
    /// The bound that the derived architecture sets, once in the life of a study;
    /// none where no cost was asked for.
    pub(super) fn set(
        study: &Study,
        space: &Space,
        options: &Options,
        latency: NetworkCost<'_>,
        derived: &Architecture,
    ) -> Result<Option<Self>, PipelineError> {
        let Some(cost) = options.efficiency else {
            return Ok(None);
        };
        let own = cost.of(latency, &space.network(derived)?);
        let most = own.max(options.efficiency_target.unwrap_or(0.0));
        let most = study.recorded(RECORD, || most)?;
        Ok(Some(Self { cost, most }))
    }

    /// The bound that was set, where one was.
    pub(super) fn of(study: &Study, options: &Options) -> Result<Option<Self>, PipelineError> {
        let recorded = study.view()?.recorded()?;
        let pair = options.efficiency.zip(recorded.get(RECORD));
        Ok(pair.map(|(cost, &most)| Self { cost, most }))
    }

    /// Whether a network is cheap enough.
    pub(super) fn keeps(&self, latency: NetworkCost<'_>, network: &Network) -> bool {
        self.cost.of(latency, network) <= self.most
    }

    /// These limits, and it.
    pub(super) fn within(&self, limits: Limits) -> Limits {
        let whole = Some(self.most.ceil() as u64);
        match self.cost {
            Efficiency::Parameters => Limits {
                parameters: least_of(limits.parameters, whole),
                ..limits
            },
            Efficiency::Macs => Limits {
                macs: least_of(limits.macs, whole),
                ..limits
            },
            Efficiency::Latency => limits,
        }
    }

    /// Makes it a limit of what is searched from here on.
    pub(super) fn apply(&self, prepared: &mut Prepared) {
        prepared.limits = self.within(prepared.limits);
        if self.cost == Efficiency::Latency {
            let own = prepared.latency_limit.unwrap_or(f64::INFINITY);
            prepared.latency_limit = Some(own.min(self.most));
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.most;
        match self.cost {
            Efficiency::Parameters => write!(f, "{most:.0} parameters"),
            Efficiency::Macs => write!(f, "{most:.0} MACs"),
            Efficiency::Latency => write!(f, "{most:.3} ms"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_of_limit_and_bound_holds() {
        let own = Limits {
            parameters: Some(100),
            macs: Some(1_000),
            ..Limits::default()
        };
        for (cost, most, parameters, macs) in [
            (Efficiency::Parameters, 60.0, 60, 1_000),
            (Efficiency::Parameters, 160.0, 100, 1_000),
            (Efficiency::Macs, 99.5, 100, 100),
            (Efficiency::Latency, 0.5, 100, 1_000),
        ] {
            let limits = Bound { cost, most }.within(own);
            let both = (limits.parameters, limits.macs);
            assert_eq!(both, (Some(parameters), Some(macs)), "{cost:?} {most}");
        }
    }
}

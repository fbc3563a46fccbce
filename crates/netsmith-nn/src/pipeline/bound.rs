//! What networks may cost behind a gradient search that was asked for cheap ones.
//!
//! A cost in the loss of the architecture makes the derived one cheaper. What goes on
//! from it looks for accuracy alone and would grow again, so none of the networks that
//! are trained by themselves may cost more than the derived one, or than the target
//! where that is higher.

use super::PipelineError;
use super::prepare::Prepared;
use crate::supernet::{NetworkCost, Options, cost_of};
use netsmith::cost::Cost;
use netsmith::network::Network;
use netsmith::space::{Architecture, Limits, Space};
use netsmith::study::Study;
use std::fmt;

/// The study's record of it, in the unit of the cost.
const RECORD: &str = "efficiency-bound";

/// The most that a network may cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bound {
    cost: Cost,
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
        let own = cost_of(cost, latency, &space.network(derived)?);
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
        cost_of(self.cost, latency, network) <= self.most
    }

    /// These limits, and it.
    pub(super) fn within(&self, limits: Limits) -> Limits {
        let whole = self.cost.unit().is_whole();
        let most = if whole { self.most.ceil() } else { self.most };
        limits.tightened(self.cost, most)
    }

    /// Makes it a limit of what is searched and handed over from here on.
    pub(super) fn apply(&self, prepared: &mut Prepared) {
        prepared.limits = self.within(prepared.limits);
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cost.quantity(self.most).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::choice::Choice;
    use super::super::prepare::prepare;
    use super::*;
    use crate::pipeline::Config;
    use netsmith::cost::{LATENCY, MACS, PARAMETERS};
    use netsmith::trial::{Fidelity, Metric, Outcome, Proposal, Trial};

    #[test]
    fn the_lower_of_limit_and_bound_holds() {
        let own = Limits::FREE.with(PARAMETERS, 100.0).with(MACS, 1_000.0);
        for (cost, most, expected) in [
            (PARAMETERS, 60.0, own.with(PARAMETERS, 60.0)),
            (PARAMETERS, 160.0, own),
            (MACS, 99.5, own.with(MACS, 100.0)),
            (LATENCY, 0.5, own.with(LATENCY, 0.5)),
        ] {
            let limits = Bound { cost, most }.within(own);
            assert_eq!(limits, expected, "{cost} {most}");
        }
    }

    /// Nothing but the supernet limits the latency here.
    #[test]
    fn the_final_choice_is_held_to_the_bound() {
        let mut prepared = prepare(&Config::default()).unwrap();
        let trial = |number, accuracy: f64, latency: f64| -> Trial {
            let proposal = Proposal {
                number,
                architecture: String::new(),
                key: String::new(),
                fidelity: Fidelity::epochs(8),
                seed: 0,
                parent: None,
            };
            let mut trial = proposal.complete(Outcome::Finished);
            trial.metrics.set(Metric::validation_accuracy(), accuracy);
            trial.costs.set(LATENCY, Some(latency));
            trial
        };
        let trials = [trial(0, 0.95, 2.0), trial(1, 0.90, 0.4)];
        let trials: Vec<&Trial> = trials.iter().collect();
        let objective = prepared.objective.clone();
        let first = |prepared: &Prepared| Choice::under(&objective, prepared).best_first(&trials);
        assert_eq!(first(&prepared), [0, 1]);
        let bound = Bound {
            cost: LATENCY,
            most: 0.5,
        };
        bound.apply(&mut prepared);
        assert_eq!(first(&prepared), [1, 0]);
    }
}

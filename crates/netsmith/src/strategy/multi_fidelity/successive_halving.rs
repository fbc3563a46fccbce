//! Successive halving.

use super::bracket::hyperband_rungs;
use super::hyperband::{Brackets, Halving};
use super::{ETA, Ladder, PROPOSER, Proposer, RUNGS};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::strategy::{Entry, Strategy, StrategyError};

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "successive-halving",
    "Many begin with few epochs; again and again the best of them go on with more.",
    build,
)
.paper("Jamieson and Talwalkar 2016, arXiv:1502.07943")
.parameters(&[
    ETA,
    RUNGS,
    PROPOSER,
    Parameter {
        name: "trials",
        kind: ParameterKind::Integer(0, 1_000_000),
        default: "0",
        doc: "How many begin; 0: as many as leave one on the highest rung.",
    },
]);

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let ladder = Ladder::of(settings);
    let top = ladder.rungs - 1;
    let mut rungs = hyperband_rungs(ladder.eta, ladder.rungs, top);
    let first = settings.integer("trials");
    if first > 0 {
        for (place, rung) in rungs.iter_mut().enumerate() {
            rung.trials = (first / ladder.eta.pow(place as u32)).max(1);
        }
    }
    Ok(Box::new(Halving {
        brackets: Brackets::new(ladder, vec![rungs]),
        proposer: Proposer::of(settings)?,
    }))
}

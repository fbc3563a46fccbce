//! BOHB: Hyperband whose new architectures come from kernel densities of the
//! good and of the bad ones.

use super::bracket::hpbandster_rungs;
use super::hyperband::{Brackets, Next};
use super::parzen::Parzen;
use super::{ETA, Ladder, Plan, RUNGS};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::Infeasible;
use crate::strategy::evolution::{Known, stranger};
use crate::strategy::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use rand::RngExt;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "bohb",
    "Hyperband in which densities of good and bad architectures propose.",
    build,
)
.paper("Falkner et al. 2018, arXiv:1807.01774")
.parameters(&[
    ETA,
    RUNGS,
    Parameter {
        name: "random-share",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.333333",
        doc: "The share of new architectures that are drawn at random all the same.",
    },
    Parameter {
        name: "candidates",
        kind: ParameterKind::Integer(1, 100_000),
        default: "64",
        doc: "Draws from the good, of which the best is tried.",
    },
    Parameter {
        name: "bandwidth-factor",
        kind: ParameterKind::Number(0.01, 100.0),
        default: "3",
        doc: "How much wider than estimated the draws are.",
    },
    Parameter {
        name: "least-bandwidth",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.001",
        doc: "The least width of a kernel.",
    },
]);

/// # Paper
/// Algorithms 1 and 2 of arXiv:1807.01774, with the brackets of its code.
/// Deviations: sizes are options like others; while a rung waits for its last
/// trials, the next bracket begins.
#[derive(Debug)]
pub struct Bohb {
    brackets: Brackets,
    parzen: Parzen,
    random_share: f64,
    known: Known,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    let ladder = Ladder::of(settings);
    let all = (0..ladder.rungs).rev();
    let all = all.map(|s| hpbandster_rungs(ladder.eta, ladder.rungs, s));
    Ok(Box::new(Bohb {
        brackets: Brackets::new(ladder, all.collect()),
        parzen: Parzen::new(
            ladder.rungs,
            settings.integer("candidates"),
            settings.number("bandwidth-factor"),
            settings.number("least-bandwidth"),
        ),
        random_share: settings.number("random-share"),
        known: Known::default(),
    }))
}

impl Strategy for Bohb {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        self.plan(ask).map(|plan| plan.suggestion)
    }

    fn plan(&mut self, ask: &mut Ask<'_>) -> Result<Plan, Infeasible> {
        let share = match self.brackets.next(ask.number) {
            Next::Plan(plan) => return Ok(plan),
            Next::New(share) => share,
        };
        let drawn = match ask.random.random::<f64>() < self.random_share {
            true => None,
            false => self.parzen.draw(ask),
        };
        let suggestion = match drawn {
            Some(architecture) if self.known.insert(&architecture) => Suggestion {
                architecture,
                parent: None,
            },
            _ => stranger(ask, &mut self.known)?,
        };
        Ok(Plan { suggestion, share })
    }

    fn tell(&mut self, observation: Observation) {
        if let Some(rung) = self.brackets.tell(&observation) {
            self.parzen.tell(rung, observation);
        }
    }

    fn mean_share(&self) -> f64 {
        self.brackets.mean_share()
    }
}

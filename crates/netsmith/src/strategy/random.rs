//! Random search.

use super::{Ask, Entry, Observation, Strategy, Suggestion};
use crate::space::Infeasible;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "random",
    "Draw every architecture anew: the baseline that any other must beat.",
    |_| Ok(Box::new(RandomSearch)),
);

/// Every active decision is drawn uniformly from what rules and limits allow.
#[derive(Clone, Copy, Debug)]
pub struct RandomSearch;

impl Strategy for RandomSearch {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let architecture = ask.space.sample(ask.limits, ask.random)?;
        Ok(Suggestion {
            architecture,
            parent: None,
        })
    }

    fn tell(&mut self, _observation: Observation) {}
}

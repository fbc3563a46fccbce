//! What an architecture is worth under the shared weights.

use netsmith::cost::LATENCY;
use netsmith::network::Network;
use netsmith::objective::Objective;
use netsmith::space::{Architecture, Space};
use netsmith::trial::Costs;
use std::fmt;

/// From the quality of an architecture to its reward: the penalties of an
/// objective on what its own network costs.
#[derive(Clone, Copy)]
pub struct Reward<'a> {
    /// What trials are scored by; its penalties count, its metric does not.
    pub objective: &'a Objective,
    /// Milliseconds of a network, where a penalty is on latency.
    pub latency: Option<&'a (dyn Fn(&Network) -> f64 + Sync)>,
}

impl fmt::Debug for Reward<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reward")
            .field("objective", self.objective)
            .finish_non_exhaustive()
    }
}

impl Reward<'_> {
    /// The quality, larger is better, after all penalties; nothing where a cost
    /// is not known.
    pub fn of(&self, quality: f64, space: &Space, architecture: &Architecture) -> Option<f64> {
        if self.objective.penalties.is_empty() {
            return Some(quality);
        }
        let network = space.network(architecture).ok()?;
        let mut costs = Costs::of(&network);
        costs.set(LATENCY, self.latency.map(|latency| latency(&network)));
        self.objective.penalised(quality, &costs)
    }
}

//! Training-free scores as features for strategies.

use super::{Entry, ScoreData, Subject, WORST};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Space};
use netsmith::strategy::Scorer;

/// Scores untrained networks on the same samples and with the same seed.
#[derive(Clone, Debug)]
pub struct TrainingFree {
    entries: Vec<&'static Entry>,
    data: ScoreData,
    seed: Seed,
}

impl TrainingFree {
    /// A scorer by these entries of the catalogue.
    pub fn new(entries: Vec<&'static Entry>, data: ScoreData, seed: &Seed) -> Self {
        Self {
            entries,
            data,
            seed: *seed,
        }
    }

    /// The names of the scores, in their order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The scores of a network; [`WORST`] in all where it cannot be run.
    ///
    /// # Panics
    /// The samples are not of the network's shape.
    pub fn of(&self, network: &Network) -> Vec<f64> {
        let entries = self.entries.iter();
        match Subject::new(network, &self.data, &self.seed) {
            Ok(mut subject) => entries.map(|entry| subject.score(entry)).collect(),
            Err(_) => vec![WORST; self.entries.len()],
        }
    }
}

impl Scorer for TrainingFree {
    fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
        match space.network(architecture) {
            Ok(network) => self.of(&network),
            Err(_) => vec![WORST; self.entries.len()],
        }
    }
}

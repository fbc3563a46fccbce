//! How strategies fare with more and more workers.

use super::comparison::Spread;
use super::{Bench, BenchError};
use crate::catalogue::Settings;
use crate::strategy::Entry;
use serde::Serialize;

/// What strategies reach with so many look-ups side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaling {
    /// Look-ups side by side.
    pub workers: usize,
    /// Simulated seconds of one search.
    pub budget: f64,
    /// The strategies, in the order asked for.
    pub strategies: Vec<Scaled>,
}

/// What one of them reaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scaled {
    /// Its name.
    pub name: String,
    /// Test accuracy of the answers on the searched data set.
    pub test_accuracy: Spread,
    /// Paid look-ups of one search, on average.
    pub evaluations: f64,
}

impl Bench<'_> {
    /// The same comparison with each of these numbers of workers.
    ///
    /// # Errors
    /// Those of [`Bench::run`].
    pub fn scaling(
        &self,
        strategies: &[(&Entry, Settings)],
        workers: &[usize],
    ) -> Result<Vec<Scaling>, BenchError> {
        let at = |&workers: &usize| {
            let mut bench = self.clone();
            (bench.workers, bench.by_key, bench.latency) = (workers, false, None);
            let scaled = |(entry, settings): &(&Entry, Settings)| {
                let scores = bench.run(entry, settings)?;
                Ok::<_, BenchError>(Scaled {
                    name: scores.name,
                    test_accuracy: scores
                        .test_accuracy
                        .get(bench.data_name())
                        .copied()
                        .unwrap_or(scores.validation_accuracy),
                    evaluations: scores.evaluations,
                })
            };
            Ok(Scaling {
                workers,
                budget: self.budget,
                strategies: strategies.iter().map(scaled).collect::<Result<_, _>>()?,
            })
        };
        workers.iter().map(at).collect()
    }
}

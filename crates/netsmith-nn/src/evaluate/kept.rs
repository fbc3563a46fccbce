//! The weights of the best trials of a search, from which others learn later.

use crate::module::Weights;
use crate::train::weight_file::{WeightFile, replace, to_bytes};
use netsmith::cost::Direction;
use netsmith::network::Network;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The key of the record in a file's metadata.
const KEY: &str = "netsmith-kept";

/// A folder with the weights of the best trials so far.
///
/// A file is written before its trial is recorded as finished, and removed only where
/// enough better ones stand there. So after a search that was killed and went on the best
/// are there, perhaps with others.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    most: usize,
    direction: Direction,
    /// Scores and numbers of the files that this process wrote, the best first.
    known: Mutex<Vec<(f64, u64)>>,
}

impl Kept {
    /// The best so many by a metric with this direction, in this folder.
    pub fn new(folder: PathBuf, most: usize, direction: Direction) -> Self {
        Self {
            folder,
            most,
            direction,
            known: Mutex::default(),
        }
    }

    /// Keeps the weights of a trial with this value, if it is one of the best.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn keep(
        &self,
        trial: u64,
        value: f64,
        network: &Network,
        weights: &Weights,
    ) -> io::Result<()> {
        let score = self.direction.score(value);
        if !score.is_finite() {
            return Ok(());
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Of equals the earlier trial stands first, as where teachers are chosen.
        let place = known.partition_point(|(other, number)| {
            other.total_cmp(&score).is_gt() || (*other >= score && *number < trial)
        });
        if place >= self.most {
            return Ok(());
        }
        let groups = [("weights".to_owned(), &weights.0)];
        let bytes = to_bytes(network, &groups, (KEY, String::new())).map_err(io::Error::other)?;
        replace(&self.path(trial), &bytes)?;
        known.insert(place, (score, trial));
        let enough = self.most.min(known.len());
        for (_, worse) in known.drain(enough..) {
            // One that is left behind costs only space.
            let _ = fs::remove_file(self.path(worse));
        }
        Ok(())
    }

    /// The weights of a trial with this network; nothing where they were not kept.
    pub fn weights(&self, trial: u64, network: &Network) -> Option<Weights> {
        let bytes = fs::read(self.path(trial)).ok()?;
        let file = WeightFile::of(&bytes).ok()?;
        file.group(network, "weights", true).ok().map(Weights)
    }

    fn path(&self, trial: u64) -> PathBuf {
        self.folder.join(format!("kept-{trial}.safetensors"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::catalogue::Settings;
    use netsmith::network::Shape;
    use netsmith::random::Seed;
    use netsmith::space::{Task, mlp};

    #[test]
    fn the_best_are_kept_in_whatever_order_they_come() {
        let task = Task::vector(Shape::vector(5), 3);
        let space = (mlp::ENTRY.build)(&task, &Settings::defaults(mlp::ENTRY.parameters)).unwrap();
        let text = "depth=1,layer0.width=16,norm=none,activation=relu,dropout=0";
        let network = space.network(&space.parse(text).unwrap()).unwrap().pruned();
        let weights = |trial| Weights::init(&network, &Seed::new(trial));
        let values = [
            (0, 0.5),
            (1, f64::NAN),
            (2, 0.9),
            (3, 0.7),
            (4, 0.9),
            (5, 0.6),
        ];
        for backwards in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let kept = Kept::new(folder.path().to_owned(), 2, Direction::Maximize);
            let mut order = values.to_vec();
            if backwards {
                order.reverse();
            }
            for (trial, value) in order {
                kept.keep(trial, value, &network, &weights(trial)).unwrap();
            }
            let found = (0..6).filter(|trial| kept.weights(*trial, &network).is_some());
            assert_eq!(found.collect::<Vec<_>>(), [2, 4]);
            assert_eq!(kept.weights(4, &network), Some(weights(4)));
        }
    }
}

//! What trained networks leave to their children.

use crate::module::Weights;
use crate::morphism::inherit;
use crate::train::weight_file::{WeightFile, replace, to_bytes};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Space};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::PathBuf;

/// The key of the record in a file's metadata.
const KEY: &str = "netsmith-parent";

/// The relative deviation that tells copied channels apart.
const NOISE: f32 = 0.01;

/// The folder in which the weights of finished trials wait for children.
///
/// A file is written before its trial is recorded as finished, and always with
/// the same bits; so a search that was killed and goes on finds what it would
/// have found. A parent that shares another trial's results has no file: its
/// children start afresh.
#[derive(Clone, Debug)]
pub struct Inheritance {
    space: Space,
    folder: PathBuf,
}

/// What the file says besides the weights.
#[derive(Serialize, Deserialize)]
struct Record {
    architecture: String,
    /// Epochs that went into the weights, those of ancestors too.
    epochs: u64,
}

/// What a child starts with.
#[derive(Debug)]
pub(super) struct Heirloom {
    pub(super) weights: Weights,
    /// Epochs that went into the parent's weights.
    pub(super) epochs: u64,
}

impl Inheritance {
    /// Of trials of this space, in this folder.
    pub fn new(space: Space, folder: PathBuf) -> Self {
        Self { space, folder }
    }

    /// Leaves the weights of a trial to its children.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn leave(
        &self,
        trial: u64,
        architecture: &Architecture,
        network: &Network,
        weights: &Weights,
        epochs: u64,
    ) -> io::Result<()> {
        let record = Record {
            architecture: self.space.text(architecture),
            epochs,
        };
        let json = serde_json::to_string(&record)?;
        let groups = [("weights".to_owned(), &weights.0)];
        let bytes = to_bytes(network, &groups, (KEY, json)).map_err(io::Error::other)?;
        replace(&self.path(trial), &bytes)
    }

    /// What a child of a trial starts with; nothing where the trial left nothing.
    pub(super) fn take(&self, parent: u64, child: &Network, seed: &Seed) -> Option<Heirloom> {
        let bytes = fs::read(self.path(parent)).ok()?;
        let file = WeightFile::of(&bytes).ok()?;
        let record: Record = serde_json::from_str(file.record(KEY)?).ok()?;
        let architecture = self.space.parse(&record.architecture).ok()?;
        let network = self.space.network(&architecture).ok()?.pruned();
        let weights = Weights(file.group(&network, "weights", true).ok()?);
        let inherited = inherit(&network, &weights, child, seed, NOISE);
        Some(Heirloom {
            weights: inherited.weights,
            epochs: record.epochs,
        })
    }

    fn path(&self, trial: u64) -> PathBuf {
        self.folder.join(format!("parent-{trial}.safetensors"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::catalogue::Settings;
    use netsmith::network::Shape;
    use netsmith::space::{Task, mlp};

    #[test]
    fn a_child_starts_from_what_its_parent_left() {
        let task = Task::vector(Shape::vector(5), 3);
        let space = (mlp::ENTRY.build)(&task, &Settings::defaults(mlp::ENTRY.parameters)).unwrap();
        let parse = |width: usize| {
            let text = format!("depth=1,layer0.width={width},norm=none,activation=relu,dropout=0");
            let architecture = space.parse(&text).unwrap();
            let network = space.network(&architecture).unwrap().pruned();
            (architecture, network)
        };
        let ((narrow, parent), (_, child)) = (parse(16), parse(32));
        let folder = tempfile::tempdir().unwrap();
        let inheritance = Inheritance::new(space.clone(), folder.path().to_owned());
        let seed = Seed::new(2);
        assert!(inheritance.take(7, &child, &seed).is_none());

        let weights = Weights::init(&parent, &Seed::new(1));
        inheritance
            .leave(7, &narrow, &parent, &weights, 12)
            .unwrap();
        let own = inheritance.take(7, &parent, &seed).unwrap();
        assert_eq!((own.weights, own.epochs), (weights.clone(), 12));
        let heirloom = inheritance.take(7, &child, &seed).unwrap();
        let size = weights.0[0].len();
        assert_eq!(heirloom.weights.0[0][..size], weights.0[0]);
        let again = inheritance.take(7, &child, &seed).unwrap();
        assert_eq!(again.weights, heirloom.weights);
    }
}

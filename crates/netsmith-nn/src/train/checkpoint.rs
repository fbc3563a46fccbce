//! A training between two epochs, in memory and in a file.
//!
//! The file is safetensors: `weights/NAME`, `moment0/NAME`, `moment1/NAME` and,
//! where the best weights are kept, `best/NAME`; all else is one JSON object in
//! the metadata, with numbers that must come back to the bit written as their
//! bits. It is written beside its place and then renamed, so that a file that
//! is there is whole.

use super::weight_file::{Misfit, WeightFile, replace, to_bytes};
use super::{End, Epoch, Optimizer, OptimizerState, Trained};
use crate::module::Weights;
use ::safetensors::SafeTensorError;
use netsmith::cost::{Direction, Quantity, Unit};
use netsmith::network::Network;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The key of the JSON object in the file's metadata.
const KEY: &str = "netsmith-checkpoint";
/// The version of the JSON object.
const FORMAT: u32 = 1;

/// A training between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    pub(super) weights: Weights,
    pub(super) optimizer: OptimizerState,
    pub(super) history: Vec<Epoch>,
    pub(super) best: Option<Best>,
}

/// The best epoch so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Best {
    epoch: usize,
    weights: Weights,
}

/// What the file says besides the tensors.
#[derive(Serialize, Deserialize)]
struct Record {
    format: u32,
    optimizer: Optimizer,
    steps: u64,
    history: Vec<EpochRecord>,
    best: Option<usize>,
}

/// One epoch; real numbers as their bits.
#[derive(Serialize, Deserialize)]
struct EpochRecord {
    train_loss: u64,
    valid_loss: Option<u64>,
    metric: Option<u64>,
    /// The standard error of the metric.
    #[serde(default)]
    standard_error: Option<u64>,
    /// Whether the metric is a share of samples.
    fraction: bool,
    /// Whether it has no unit; neither is the unit of the target.
    #[serde(default)]
    plain: bool,
}

impl Checkpoint {
    /// Before the first epoch.
    pub(super) fn start(network: &Network, optimizer: Optimizer, weights: Weights) -> Self {
        Self {
            weights,
            optimizer: OptimizerState::new(network, optimizer),
            history: Vec::new(),
            best: None,
        }
    }

    /// How many epochs are done.
    pub fn epochs(&self) -> usize {
        self.history.len()
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The weights of the best epoch where they were kept, or else [`Self::weights`].
    pub fn best_weights(&self) -> &Weights {
        self.best
            .as_ref()
            .map_or(&self.weights, |best| &best.weights)
    }

    /// The measurements of all epochs so far.
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    pub(super) fn best_epoch(&self) -> Option<usize> {
        self.best.as_ref().map(|best| best.epoch)
    }

    pub(super) fn fits(&self, network: &Network, optimizer: Optimizer) -> bool {
        let sizes = network.weights().iter().map(|w| w.shape.elements());
        sizes.eq(self.weights.0.iter().map(Vec::len)) && self.optimizer.optimizer == optimizer
    }

    /// Takes an epoch's measurements in, and its weights where they are the
    /// best and asked for.
    pub(super) fn finish(&mut self, epoch: Epoch, keep_best: bool, direction: Direction) {
        let best = self.best_epoch().and_then(|best| self.history[best].metric);
        self.history.push(epoch);
        let better = match (best, epoch.metric) {
            (Some(best), Some(new)) => direction.better(new.value, best.value),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if keep_best && better {
            self.best = Some(Best {
                epoch: epoch.number,
                weights: self.weights.clone(),
            });
        }
    }

    /// The end of the training, with the weights of its last epoch or of the best
    /// one.
    pub(super) fn into_trained(self, end: End, of_best: bool) -> Trained {
        let last = self.history.last().map(|epoch| epoch.number);
        let (weights, epoch) = match self.best.filter(|_| of_best) {
            Some(best) => (best.weights, Some(best.epoch)),
            None => (self.weights, last),
        };
        Trained {
            weights,
            epoch,
            history: self.history,
            end,
        }
    }

    /// Writes the checkpoint to a file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written; one that was there before is left as it was.
    pub fn save(&self, network: &Network, path: &Path) -> Result<(), CheckpointError> {
        let write = |source| CheckpointError::Write {
            path: path.to_owned(),
            source,
        };
        replace(path, &self.bytes(network)?).map_err(write)
    }

    /// Reads a checkpoint.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is of another network.
    pub fn load(network: &Network, path: &Path) -> Result<Self, CheckpointError> {
        let bytes = fs::read(path).map_err(|source| CheckpointError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(network, &bytes)
    }

    fn bytes(&self, network: &Network) -> Result<Vec<u8>, CheckpointError> {
        let record = Record {
            format: FORMAT,
            optimizer: self.optimizer.optimizer,
            steps: self.optimizer.steps,
            history: self.history.iter().map(EpochRecord::of).collect(),
            best: self.best_epoch(),
        };
        let json = serde_json::to_string(&record);
        let json = json.expect("a record is plain numbers — this is a bug in netsmith");
        let mut groups = vec![("weights".to_owned(), &self.weights.0)];
        for (number, moment) in self.optimizer.moments.iter().enumerate() {
            groups.push((format!("moment{number}"), moment));
        }
        if let Some(best) = &self.best {
            groups.push(("best".to_owned(), &best.weights.0));
        }
        to_bytes(network, &groups, (KEY, json)).map_err(|source| CheckpointError::Format { source })
    }

    fn from_bytes(network: &Network, bytes: &[u8]) -> Result<Self, CheckpointError> {
        let file = WeightFile::of(bytes).map_err(|source| CheckpointError::Format { source })?;
        let json = file.record(KEY).ok_or(CheckpointError::NoRecord)?;
        let record: Record = serde_json::from_str(json).map_err(|_| CheckpointError::NoRecord)?;
        if record.format != FORMAT {
            return Err(CheckpointError::Version {
                found: record.format,
            });
        }
        let group = |group: &str, all: bool| {
            let other = |Misfit { tensor }| CheckpointError::OtherNetwork { tensor };
            file.group(network, group, all).map_err(other)
        };
        let moments = 0..record.optimizer.moments();
        let moments = moments.map(|number| group(&format!("moment{number}"), false));
        let best = match record.best {
            Some(epoch) if epoch < record.history.len() => Some(Best {
                epoch,
                weights: Weights(group("best", true)?),
            }),
            Some(_) => return Err(CheckpointError::NoRecord),
            None => None,
        };
        Ok(Self {
            weights: Weights(group("weights", true)?),
            optimizer: OptimizerState {
                optimizer: record.optimizer,
                steps: record.steps,
                moments: moments.collect::<Result<_, _>>()?,
            },
            history: record
                .history
                .iter()
                .enumerate()
                .map(EpochRecord::epoch)
                .collect(),
            best,
        })
    }
}

impl EpochRecord {
    fn of(epoch: &Epoch) -> Self {
        let has_unit = |unit| epoch.metric.is_some_and(|metric| metric.unit == unit);
        Self {
            train_loss: epoch.train_loss.to_bits(),
            valid_loss: epoch.valid_loss.map(f64::to_bits),
            metric: epoch.metric.map(|metric| metric.value.to_bits()),
            standard_error: epoch.standard_error.map(f64::to_bits),
            fraction: has_unit(Unit::Fraction),
            plain: has_unit(Unit::Plain),
        }
    }

    fn epoch((number, record): (usize, &Self)) -> Epoch {
        let unit = match (record.fraction, record.plain) {
            (true, _) => Unit::Fraction,
            (false, true) => Unit::Plain,
            (false, false) => Unit::Target,
        };
        let metric = record.metric.map(f64::from_bits);
        Epoch {
            number,
            train_loss: f64::from_bits(record.train_loss),
            valid_loss: record.valid_loss.map(f64::from_bits),
            metric: metric.map(|value| Quantity::new(value, unit)),
            standard_error: record.standard_error.map(f64::from_bits),
        }
    }
}

/// A checkpoint that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It cannot be written.
    #[error("cannot write the checkpoint {}", .path.display())]
    Write {
        /// Where to.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It cannot be read.
    #[error("cannot read the checkpoint {}", .path.display())]
    Read {
        /// Where from.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is damaged or no safetensors file.
    #[error("the checkpoint is not a safetensors file")]
    Format {
        /// Why.
        #[source]
        source: SafeTensorError,
    },
    /// It is a safetensors file, but no checkpoint.
    #[error("the safetensors file is no checkpoint: it has no record of a training")]
    NoRecord,
    /// It was written by another version.
    #[error("the checkpoint has format {found}, this build reads {FORMAT}")]
    Version {
        /// Its format.
        found: u32,
    },
    /// A tensor is missing or has another size.
    #[error(
        "tensor `{tensor}` is missing or has another size: the checkpoint is of another network"
    )]
    OtherNetwork {
        /// Its name.
        tensor: String,
    },
}

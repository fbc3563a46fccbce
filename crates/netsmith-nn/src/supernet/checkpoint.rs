//! A gradient search between two epochs, in memory and in a file.
//!
//! The file is safetensors with the weights and their momentum; all else is one
//! JSON object in the metadata, real numbers as their bits. What the next epoch
//! draws comes from the seed and its number, so this is all there is.

use super::{EpochReport, PolicyState};
use crate::module::Weights;
use crate::train::weight_file::{WeightFile, replace, to_bytes};
use crate::train::{Optimizer, OptimizerState};
use ::safetensors::SafeTensorError;
use netsmith::network::Network;
use netsmith::strategy::controller::Moments;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The key of the JSON object in the file's metadata.
const KEY: &str = "netsmith-supernet";

/// A gradient search between two epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The shared weights.
    pub weights: Weights,
    pub(super) optimizer: OptimizerState,
    /// The architecture's parameters, by site.
    pub logits: Vec<Vec<f64>>,
    /// Their first and second moments.
    pub(super) moments: [Vec<Vec<f64>>; 2],
    /// What a policy has learnt, where the method has one.
    pub policy: Option<PolicyState>,
    pub(super) steps: u64,
    /// What all learning rates are multiplied by: halved by each roll-back.
    pub(super) caution: f64,
    /// The reports of all epochs so far.
    pub history: Vec<EpochReport>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    optimizer: Optimizer,
    optimizer_steps: u64,
    logits: Vec<Vec<u64>>,
    moments: [Vec<Vec<u64>>; 2],
    #[serde(default)]
    policy: Option<PolicyRecord>,
    steps: u64,
    caution: u64,
    history: Vec<EpochReport>,
}

#[derive(Serialize, Deserialize)]
struct PolicyRecord {
    parameters: Vec<u64>,
    mean: Vec<u64>,
    square: Vec<u64>,
    steps: i32,
    average: u64,
    rewards: i32,
}

impl PolicyRecord {
    fn of(state: &PolicyState) -> Self {
        Self {
            parameters: bits_of(&state.parameters),
            mean: bits_of(&state.moments.mean),
            square: bits_of(&state.moments.square),
            steps: state.moments.steps,
            average: state.seen.0.to_bits(),
            rewards: state.seen.1,
        }
    }

    fn state(&self) -> PolicyState {
        PolicyState {
            parameters: values_of(&self.parameters),
            moments: Moments {
                steps: self.steps,
                mean: values_of(&self.mean),
                square: values_of(&self.square),
            },
            seen: (f64::from_bits(self.average), self.rewards),
        }
    }
}

/// A state that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file.
    #[error("cannot {action} the supernet's state {}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No safetensors file.
    #[error("the supernet's state is not a safetensors file")]
    Format(#[from] SafeTensorError),
    /// It is of another supernet, or has no record.
    #[error("the supernet's state does not fit: it is of another space or method")]
    Other,
}

fn bits(values: &[Vec<f64>]) -> Vec<Vec<u64>> {
    values.iter().map(|values| bits_of(values)).collect()
}

fn bits_of(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn values(bits: &[Vec<u64>]) -> Vec<Vec<f64>> {
    bits.iter().map(|bits| values_of(bits)).collect()
}

fn values_of(bits: &[u64]) -> Vec<f64> {
    bits.iter().map(|bits| f64::from_bits(*bits)).collect()
}

impl State {
    /// Writes it to a file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written; one that was there is left as it was.
    pub fn save(&self, network: &Network, path: &Path) -> Result<(), StateError> {
        let record = Record {
            optimizer: self.optimizer.optimizer,
            optimizer_steps: self.optimizer.steps,
            logits: bits(&self.logits),
            moments: [bits(&self.moments[0]), bits(&self.moments[1])],
            policy: self.policy.as_ref().map(PolicyRecord::of),
            steps: self.steps,
            caution: self.caution.to_bits(),
            history: self.history.clone(),
        };
        let json = serde_json::to_string(&record);
        let json = json.expect("a record is plain numbers — this is a bug in netsmith");
        let groups = [
            ("weights".to_owned(), &self.weights.0),
            ("momentum".to_owned(), &self.optimizer.moments[0]),
        ];
        let bytes = to_bytes(network, &groups, (KEY, json))?;
        replace(path, &bytes).map_err(|source| StateError::File {
            action: "write",
            path: path.to_owned(),
            source,
        })
    }

    /// Reads it.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is of another supernet.
    pub fn load(network: &Network, path: &Path) -> Result<Self, StateError> {
        let bytes = fs::read(path).map_err(|source| StateError::File {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        let file = WeightFile::of(&bytes)?;
        let json = file.record(KEY);
        let record: Option<Record> = json.and_then(|json| serde_json::from_str(json).ok());
        let record = record.ok_or(StateError::Other)?;
        let group = |group: &str, all: bool| {
            let read = file.group(network, group, all);
            read.map_err(|_| StateError::Other)
        };
        Ok(Self {
            weights: Weights(group("weights", true)?),
            optimizer: OptimizerState {
                optimizer: record.optimizer,
                steps: record.optimizer_steps,
                moments: vec![group("momentum", false)?],
            },
            logits: values(&record.logits),
            moments: [values(&record.moments[0]), values(&record.moments[1])],
            policy: record.policy.as_ref().map(PolicyRecord::state),
            steps: record.steps,
            caution: f64::from_bits(record.caution),
            history: record.history,
        })
    }
}

//! The checkpoints of a search's trials.

use super::SearchError;
use crate::study::{Checkpoint, Study};
use std::path::{Path, PathBuf};

/// Folder of the checkpoints in a run directory.
pub const CHECKPOINTS: &str = "checkpoints";

/// Where the checkpoint of a trial stands.
pub fn checkpoint_path(study: &Study, number: u64) -> PathBuf {
    study.dir().join(checkpoint_file(number))
}

/// The same, beginning in the run directory.
pub fn checkpoint_file(number: u64) -> String {
    format!("{CHECKPOINTS}/{number}.safetensors")
}

pub(super) fn record_checkpoint(study: &Study, trial: u64, step: u64) -> Result<(), SearchError> {
    let file = checkpoint_file(trial);
    let bytes = file_length(&study.dir().join(&file));
    let checkpoint = Checkpoint {
        trial,
        step,
        file,
        bytes,
    };
    Ok(study.checkpoint(checkpoint)?)
}

fn file_length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Removes the checkpoint of a trial that has ended; one that is left behind
/// costs only space.
pub(super) fn drop_checkpoint(study: &Study, number: u64) {
    let _ = std::fs::remove_file(checkpoint_path(study, number));
}

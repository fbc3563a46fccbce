//! Conformance suites: what must hold for whatever is put into a catalogue.
//!
//! They are public, so that a strategy that lives elsewhere can be held to the
//! same.

mod operations;
mod strategies;
mod toy;

pub use operations::check_operation;
pub use strategies::{Broken, check_strategy, proposals};
pub use toy::Toy;

use crate::trial::Trial;

/// What must repeat of a trial, whatever the machine did in between.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// Position in the study.
    pub number: u64,
    /// The architecture's canonical text.
    pub architecture: String,
    /// What it could spend, as text.
    pub fidelity: String,
    /// The name of the outcome.
    pub outcome: &'static str,
    /// The bits of the validation accuracy.
    pub validation_accuracy: Option<u64>,
    /// The trial whose results these are.
    pub duplicate_of: Option<u64>,
    /// The trial that it was made from.
    pub parent: Option<u64>,
}

impl Record {
    /// The part of a trial that must repeat.
    pub fn of(trial: &Trial) -> Self {
        let accuracy = trial.metrics.get("validation_accuracy");
        Self {
            number: trial.number,
            architecture: trial.architecture.clone(),
            fidelity: trial.fidelity.to_string(),
            outcome: trial.outcome.name(),
            validation_accuracy: accuracy.map(|accuracy| accuracy.value.to_bits()),
            duplicate_of: trial.duplicate_of,
            parent: trial.parent,
        }
    }
}

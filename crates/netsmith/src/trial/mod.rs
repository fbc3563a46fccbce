//! Trials: one architecture evaluated at one fidelity with one seed, and what
//! came of it.
//!
//! A [`Proposal`] is what is known before the evaluation; [`Proposal::complete`]
//! turns it into a [`Trial`], which never changes again. Numbers are counted
//! from zero in the order of the proposals, so a trial's number says which
//! trials it could have learnt from.

mod costs;
mod fidelity;
mod metric;
mod outcome;

pub use costs::Costs;
pub use fidelity::{Fidelity, FidelityError};
pub use metric::{Curve, Measurement, Metric, Metrics};
pub use outcome::{Outcome, RUNNING};

use crate::cost::{Cost, Quantity};

/// What is to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// Position in the study, from zero.
    pub number: u64,
    /// The architecture's canonical text.
    pub architecture: String,
    /// The network key: 32 lowercase hexadecimal digits. Networks of the same
    /// key are the same network.
    pub key: String,
    /// How much the evaluation may spend.
    pub fidelity: Fidelity,
    /// Seed of the evaluation: initial weights, order of the data, and so on.
    pub seed: u64,
    /// The trial that this one was made from, where the strategy says so.
    pub parent: Option<u64>,
}

impl Proposal {
    /// The trial that this proposal becomes with an outcome; metrics, curves
    /// and costs are then filled in.
    pub fn complete(self, outcome: Outcome) -> Trial {
        Trial {
            number: self.number,
            architecture: self.architecture,
            key: self.key,
            fidelity: self.fidelity,
            seed: self.seed,
            parent: self.parent,
            outcome,
            duplicate_of: None,
            metrics: Metrics::new(),
            curves: Vec::new(),
            costs: Costs::default(),
            seconds: 0.0,
            ended: 0.0,
        }
    }
}

/// One completed trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Position in the study, from zero.
    pub number: u64,
    /// The architecture's canonical text.
    pub architecture: String,
    /// The network key: 32 lowercase hexadecimal digits.
    pub key: String,
    /// How much the evaluation could spend.
    pub fidelity: Fidelity,
    /// Seed of the evaluation.
    pub seed: u64,
    /// The trial that this one was made from, where the strategy said so.
    pub parent: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// The trial whose results these are, when the same network had been
    /// evaluated at the same fidelity with the same seed before.
    pub duplicate_of: Option<u64>,
    /// The results, such as `validation_accuracy`.
    pub metrics: Metrics,
    /// Values by step, one curve for each metric, ordered by name.
    pub curves: Vec<Curve>,
    /// What the network costs without training.
    pub costs: Costs,
    /// Seconds that the evaluation took. Outside the promise of repeatability.
    pub seconds: f64,
    /// Seconds of the study's clock at the end of the trial, the time of earlier
    /// processes included. Outside the promise of repeatability.
    pub ended: f64,
}

impl Trial {
    /// What was proposed.
    pub fn proposal(&self) -> Proposal {
        Proposal {
            number: self.number,
            architecture: self.architecture.clone(),
            key: self.key.clone(),
            fidelity: self.fidelity,
            seed: self.seed,
            parent: self.parent,
        }
    }

    /// The result or cost with this name.
    pub fn quantity(&self, name: &str) -> Option<Quantity> {
        let cost = || self.costs.get(Cost::from_field(name)?);
        self.metrics.get(name).or_else(cost)
    }

    /// The values by step of the metric with this name.
    pub fn curve(&self, name: &str) -> Option<&Curve> {
        self.curves.iter().find(|curve| &*curve.metric.name == name)
    }

    /// Whether the clock ended it before it had a result.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.outcome, Outcome::TimedOut { .. })
    }

    /// Whether it ran to the end of its fidelity.
    pub fn is_finished(&self) -> bool {
        self.outcome == Outcome::Finished
    }
}

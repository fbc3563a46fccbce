//! Stopping rules: which running trials are not worth their rest.
//!
//! A rule is told completed trials and gives a [`Bar`]: the values that a trial
//! has to reach, step by step. The bar is fixed when the trial is proposed, so
//! every stopping decision of a trial reads exactly the trials that its proposal
//! could read, however many run beside it and however fast.

mod extrapolation;
mod median;
mod running_median;

pub use extrapolation::{Extrapolation, Forecast, ForecastError, forecast};
pub use median::{Bar, Median, MedianParams, StoppingError};

use crate::trial::{Fidelity, Trial};

/// A rule of a search.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Worse than the median of the others at the same step.
    Median(Median),
    /// Not likely to end better than the best, as its curve goes.
    Extrapolation(Extrapolation),
}

impl Rule {
    /// Learns from a completed trial.
    pub fn tell(&mut self, trial: &Trial) {
        match self {
            Self::Median(rule) => rule.tell(trial),
            Self::Extrapolation(rule) => rule.tell(trial),
        }
    }

    /// What a trial of this fidelity has to reach, from the trials told so far.
    pub fn bar(&self, fidelity: Fidelity) -> Bar {
        match self {
            Self::Median(rule) => rule.bar(fidelity),
            Self::Extrapolation(rule) => Bar::of_hope(rule.metric(), rule.hope(fidelity)),
        }
    }
}

impl From<Median> for Rule {
    fn from(rule: Median) -> Self {
        Self::Median(rule)
    }
}

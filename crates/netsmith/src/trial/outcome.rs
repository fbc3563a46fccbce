//! How a trial ended.

use std::fmt;

use crate::cost::{Quantity, Unit};

/// The word for a trial that has not ended, where an outcome's name would stand.
pub const RUNNING: &str = "running";

/// How a trial ended. A bad candidate is an outcome, never the end of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It ran to the end of its fidelity.
    Finished,
    /// The stopping rule ended it.
    Stopped,
    /// Its loss or weights left the finite numbers.
    Diverged {
        /// What was seen.
        reason: String,
    },
    /// Its planned peak does not fit.
    OutOfMemory {
        /// Planned peak, in bytes.
        needed: u64,
        /// What there was, in bytes.
        available: u64,
    },
    /// It breaks a limit that was set.
    OverLimit {
        /// The cost that is limited, such as `parameters`.
        what: String,
        /// Its value.
        value: Quantity,
        /// The limit, in the unit of the value.
        limit: Quantity,
    },
    /// Its evaluation panicked or failed, or the process died while it ran.
    Crashed {
        /// What is known about it.
        message: String,
    },
    /// The clock ended it, with a result of its best step so far.
    CutShort {
        /// Steps that it did, such as epochs.
        steps: u64,
    },
    /// It did not end in time, and had no result.
    TimedOut {
        /// The time that it had, in seconds.
        limit_seconds: f64,
    },
}

impl Outcome {
    /// The names of all outcomes, as [`Outcome::name`] gives them.
    pub const NAMES: [&'static str; 8] = [
        "finished",
        "stopped",
        "diverged",
        "out-of-memory",
        "over-limit",
        "crashed",
        "cut-short",
        "timed-out",
    ];

    /// The stable name that JSON and the study use.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Diverged { .. } => "diverged",
            Self::OutOfMemory { .. } => "out-of-memory",
            Self::OverLimit { .. } => "over-limit",
            Self::Crashed { .. } => "crashed",
            Self::CutShort { .. } => "cut-short",
            Self::TimedOut { .. } => "timed-out",
        }
    }

    /// Whether the candidate gave no usable result: anything but finished,
    /// stopped and cut short.
    pub fn is_failure(&self) -> bool {
        !matches!(self, Self::Finished | Self::Stopped | Self::CutShort { .. })
    }
}

impl fmt::Display for Outcome {
    /// For people: the name, and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Finished | Self::Stopped => Ok(()),
            Self::Diverged { reason: why } | Self::Crashed { message: why } => write!(f, ": {why}"),
            Self::OutOfMemory { needed, available } => {
                write!(f, ": needs {}, has {}", bytes(*needed), bytes(*available))
            }
            Self::OverLimit { what, value, limit } => {
                write!(f, ": {what} is {value}, the limit is {limit}")
            }
            Self::CutShort { steps } => {
                let plural = if *steps == 1 { "" } else { "s" };
                write!(f, " after {steps} step{plural}")
            }
            Self::TimedOut { limit_seconds } => write!(f, ": not done after {limit_seconds:.1} s"),
        }
    }
}

fn bytes(count: u64) -> Quantity {
    Quantity::new(count as f64, Unit::Bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_say_why() {
        let over = Outcome::OverLimit {
            what: "parameters".into(),
            value: Quantity::new(51_234.0, Unit::Parameters),
            limit: Quantity::new(50_000.0, Unit::Parameters),
        };
        assert_eq!(
            over.to_string(),
            "over-limit: parameters is 51,234 parameters, the limit is 50,000 parameters"
        );
        let memory = Outcome::OutOfMemory {
            needed: 3_000_000_000,
            available: 2_000_000,
        };
        assert_eq!(
            memory.to_string(),
            "out-of-memory: needs 3.00 GB, has 2.00 MB"
        );
        assert!(memory.is_failure() && !Outcome::Stopped.is_failure());
        let short = Outcome::CutShort { steps: 1 };
        assert_eq!(short.to_string(), "cut-short after 1 step");
        assert!(!short.is_failure());
    }
}

//! Terms that lower the score of costly networks, and how they are written.

use crate::catalogue::UnknownName;
use crate::cost::{AmountError, Cost};
use std::fmt;
use std::str::FromStr;

/// A term that lowers the score of costly networks.
///
/// Its text is `COST=TARGET`, a colon and how it acts:
///
/// | text | acts on a score `a` at a cost `c` with the target `t` |
/// |---|---|
/// | `parameters=50k:soft` | `a · (c / t)^-0.07`, MnasNet's soft constraint; also where nothing stands behind the target |
/// | `latency=5ms:hard` | `a` up to the target, `a · t / c` beyond: MnasNet's hard constraint |
/// | `macs=2M:linear=0.1` | `a − 0.1 · c / t`, the efficiency term of AdaBERT's loss |
/// | `memory=1M:power=0/-0.5` | `a · (c / t)^w`, one exponent `w` up to the target, one beyond |
///
/// ```
/// use netsmith::objective::{Penalty, PenaltyKind};
///
/// let penalty: Penalty = "parameters=50k:soft".parse()?;
/// assert_eq!((penalty.target, penalty.kind), (50_000.0, PenaltyKind::SOFT));
/// assert_eq!(penalty.to_string(), "parameters=50000:soft");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Penalty {
    /// The cost.
    pub cost: Cost,
    /// The value at which the penalty is neutral, in the unit of the cost.
    pub target: f64,
    /// How it acts.
    pub kind: PenaltyKind,
}

/// How a penalty acts on a score `a` at a cost `c` with the target `t`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PenaltyKind {
    /// `a · (c / t)^w`, with one exponent below the target and one above it:
    /// MnasNet's reward (arXiv:1807.11626, equations 2 and 3). Soft: both −0.07;
    /// hard: 0 and −1.
    Power {
        /// Exponent where `c <= t`.
        within: f64,
        /// Exponent where `c > t`.
        beyond: f64,
    },
    /// `a − weight · c / t`: the efficiency term of AdaBERT's loss
    /// (arXiv:2001.04246, section 3.3) for one architecture, with the cost as a
    /// multiple of the target in place of a normalised one.
    Linear {
        /// Weight of the term.
        weight: f64,
    },
}

impl PenaltyKind {
    /// MnasNet's soft constraint: twice the cost is worth 5 % of the score.
    pub const SOFT: Self = Self::Power {
        within: -0.07,
        beyond: -0.07,
    };
    /// MnasNet's hard constraint.
    pub const HARD: Self = Self::Power {
        within: 0.0,
        beyond: -1.0,
    };
}

impl Penalty {
    /// The score after this penalty; for a score of which less is better the
    /// power acts the other way.
    pub(super) fn apply(&self, score: f64, cost: f64) -> f64 {
        let ratio = cost / self.target;
        match self.kind {
            PenaltyKind::Power { within, beyond } => {
                let exponent = if ratio <= 1.0 { within } else { beyond };
                let factor = ratio.powf(exponent);
                if score < 0.0 {
                    score / factor
                } else {
                    score * factor
                }
            }
            PenaltyKind::Linear { weight } => score - weight * ratio,
        }
    }
}

impl fmt::Display for Penalty {
    /// The text that [`Penalty::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}", self.cost, self.target, self.kind)
    }
}

impl fmt::Display for PenaltyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            &Self::SOFT => f.write_str("soft"),
            &Self::HARD => f.write_str("hard"),
            Self::Power { within, beyond } => write!(f, "power={within}/{beyond}"),
            Self::Linear { weight } => write!(f, "linear={weight}"),
        }
    }
}

impl FromStr for Penalty {
    type Err = PenaltyError;

    fn from_str(text: &str) -> Result<Self, PenaltyError> {
        let (word, rest) = text.split_once('=').ok_or_else(|| PenaltyError::Form {
            text: text.to_owned(),
        })?;
        let cost = Cost::named(word.trim())?;
        let (amount, how) = rest.split_once(':').unwrap_or((rest, "soft"));
        let target = cost.parse(amount)?;
        if target <= 0.0 {
            return Err(PenaltyError::Target {
                cost,
                text: amount.trim().to_owned(),
            });
        }
        Ok(Self {
            cost,
            target,
            kind: how.trim().parse()?,
        })
    }
}

impl FromStr for PenaltyKind {
    type Err = PenaltyError;

    fn from_str(text: &str) -> Result<Self, PenaltyError> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|n| n.is_finite());
        let weight = || PenaltyError::Weight {
            text: text.to_owned(),
        };
        let exponents = || PenaltyError::Exponents {
            text: text.to_owned(),
        };
        match text
            .split_once('=')
            .map_or((text, ""), |(name, value)| (name.trim(), value.trim()))
        {
            ("soft", "") => Ok(Self::SOFT),
            ("hard", "") => Ok(Self::HARD),
            ("linear", value) => {
                let weight = number(value).filter(|&w| w >= 0.0).ok_or_else(weight)?;
                Ok(Self::Linear { weight })
            }
            ("power", value) => {
                let exponent = |text| number(text).filter(|&exponent| exponent <= 0.0);
                let both = value.split_once('/').unwrap_or((value, value));
                let (within, beyond) = exponent(both.0)
                    .zip(exponent(both.1))
                    .ok_or_else(exponents)?;
                Ok(Self::Power { within, beyond })
            }
            _ => Err(PenaltyError::Kind {
                text: text.to_owned(),
            }),
        }
    }
}

/// A text that is no penalty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PenaltyError {
    /// It has no target.
    #[error("penalty `{text}`: it is of the form COST=TARGET[:HOW]")]
    Form {
        /// The text.
        text: String,
    },
    /// There is no such cost.
    #[error("penalty on `{}`: there is no such cost", .0.name)]
    Cost(UnknownName),
    /// The target is no amount of the cost.
    #[error("penalty on {0}")]
    Amount(AmountError),
    /// The target is zero.
    #[error("penalty on {cost} with the target `{text}`: it is an amount above 0")]
    Target {
        /// The cost.
        cost: Cost,
        /// The target.
        text: String,
    },
    /// It acts in no known way.
    #[error("a penalty that acts `{text}`: it is soft, hard, linear=WEIGHT or power=EXPONENT")]
    Kind {
        /// How it was to act.
        text: String,
    },
    /// A weight that would reward costs, or none.
    #[error("penalty `{text}`: its weight is a number of 0 or more")]
    Weight {
        /// How it was to act.
        text: String,
    },
    /// Exponents that would reward costs, or none.
    #[error("penalty `{text}`: its exponents are numbers of 0 or less")]
    Exponents {
        /// How it was to act.
        text: String,
    },
}

// The messages hold these whole, so that they are no causes to be told besides.
impl From<UnknownName> for PenaltyError {
    fn from(unknown: UnknownName) -> Self {
        Self::Cost(unknown)
    }
}

impl From<AmountError> for PenaltyError {
    fn from(amount: AmountError) -> Self {
        Self::Amount(amount)
    }
}

impl PenaltyError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Cost(unknown) => unknown.hint(),
            Self::Amount(error) => error.hint(),
            Self::Form { .. } | Self::Kind { .. } => {
                "write `parameters=50k:soft`, `latency=5ms:hard` or `macs=2M:linear=0.1`".into()
            }
            Self::Target { .. } => "write `50k`, `2M` or, for latency, `5ms`".into(),
            Self::Weight { .. } => "write `linear=0.1`".into(),
            Self::Exponents { .. } => "write `power=-0.07`, or `power=0/-1` for one exponent up to the target and one beyond".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip() {
        for (text, canonical) in [
            ("parameters=50k", "parameters=50000:soft"),
            ("latency=5ms:hard", "latency=5:hard"),
            ("macs=2M:linear=0.1", "macs=2000000:linear=0.1"),
            ("memory=1M:power=0/-0.5", "memory=1000000:power=0/-0.5"),
            ("macs=1:power=-0.07", "macs=1:soft"),
        ] {
            let penalty: Penalty = text.parse().unwrap();
            assert_eq!(penalty.to_string(), canonical);
            assert_eq!(canonical.parse(), Ok(penalty));
        }
    }

    #[track_caller]
    fn refused(text: &str, message: &str, hint: &str) {
        let error = text.parse::<Penalty>().unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().contains(hint), "{}", error.hint());
    }

    #[test]
    fn faults_name_value_rule_and_remedy() {
        refused(
            "parameters",
            "penalty `parameters`: it is of the form COST=TARGET[:HOW]",
            "parameters=50k:soft",
        );
        refused(
            "latncy=5ms",
            "penalty on `latncy`: there is no such cost",
            "did you mean `latency`?",
        );
        refused(
            "macs=0",
            "penalty on macs with the target `0`: it is an amount above 0",
            "2M",
        );
        refused(
            "latency=5kB",
            "penalty on latency `5kB`: it is a number above 0 and a unit",
            "us, ms, s",
        );
        refused(
            "macs=1M:softly",
            "a penalty that acts `softly`: it is soft, hard, linear=WEIGHT or power=EXPONENT",
            "macs=2M:linear=0.1",
        );
        refused(
            "macs=1M:linear=-1",
            "penalty `linear=-1`: its weight is a number of 0 or more",
            "linear=0.1",
        );
        refused(
            "macs=1M:power=0.5",
            "penalty `power=0.5`: its exponents are numbers of 0 or less",
            "power=0/-1",
        );
    }
}

//! How much an evaluation may spend.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How much an evaluation may spend.
///
/// Fidelities are ordered by what they spend, `epochs * data`.
///
/// ```
/// use netsmith::trial::Fidelity;
///
/// let low = Fidelity::epochs(10).with_data(0.25);
/// assert_eq!(low.to_string(), "epochs=10,data=0.25");
/// assert_eq!("epochs=10,data=0.25".parse(), Ok(low));
/// assert!(low < Fidelity::epochs(3));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fidelity {
    /// Passes over the data; zero where nothing is trained.
    pub epochs: u32,
    /// Fraction of the training data, above 0 and at most 1.
    pub data: f64,
}

impl Fidelity {
    /// So many epochs on all the data.
    pub const fn epochs(epochs: u32) -> Self {
        Self { epochs, data: 1.0 }
    }

    /// With a fraction of the training data.
    pub const fn with_data(self, data: f64) -> Self {
        Self { data, ..self }
    }

    /// A share of it, above 0 and at most 1: whole epochs, rounded down; where not
    /// even one is left, one on a share of the data.
    ///
    /// ```
    /// use netsmith::trial::Fidelity;
    ///
    /// assert_eq!(Fidelity::epochs(12).share(1.0 / 9.0), Fidelity::epochs(1));
    /// let less = Fidelity::epochs(2).share(0.25);
    /// assert_eq!(less, Fidelity::epochs(1).with_data(0.5));
    /// ```
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        // A third of twelve is four, whatever the rounding.
        let epochs = f64::from(self.epochs) * share + 1e-9;
        match epochs {
            _ if self.epochs == 0 => self,
            few if few < 1.0 => {
                let data = (self.data * few * 1000.0).round() / 1000.0;
                Self::epochs(1).with_data(data.clamp(0.001, 1.0))
            }
            _ => Self {
                epochs: epochs as u32,
                ..self
            },
        }
    }

    /// What it spends, in full epochs.
    pub fn spend(&self) -> f64 {
        f64::from(self.epochs) * self.data
    }
}

impl Ord for Fidelity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.spend()
            .total_cmp(&other.spend())
            .then(self.epochs.cmp(&other.epochs))
            .then(self.data.total_cmp(&other.data))
    }
}

impl PartialOrd for Fidelity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Fidelity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Fidelity {}

impl fmt::Display for Fidelity {
    /// The stable text, such as `epochs=10,data=0.25`; all of the data is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epochs={}", self.epochs)?;
        if self.data.total_cmp(&1.0) == Ordering::Equal {
            return Ok(());
        }
        write!(f, ",data={}", self.data)
    }
}

impl FromStr for Fidelity {
    type Err = FidelityError;

    fn from_str(text: &str) -> Result<Self, FidelityError> {
        let mut fidelity = Self::epochs(0);
        for part in text.split(',') {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| FidelityError::Part { part: part.into() })?;
            match name.trim() {
                "epochs" => {
                    fidelity.epochs = value.trim().parse().map_err(|_| FidelityError::Epochs {
                        value: value.into(),
                    })?;
                }
                "data" => fidelity.data = share(value)?,
                _ => return Err(FidelityError::Part { part: part.into() }),
            }
        }
        Ok(fidelity)
    }
}

fn share(text: &str) -> Result<f64, FidelityError> {
    match text.trim().parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1.0 => Ok(value),
        _ => Err(FidelityError::Share { value: text.into() }),
    }
}

/// Why a text is not a fidelity.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FidelityError {
    /// Not `name=value` with a name that is known.
    #[error("fidelity part `{part}`: must be `epochs=` or `data=` and a number")]
    Part {
        /// The part.
        part: String,
    },
    /// Not a number of epochs.
    #[error("epochs `{value}`: must be a whole number, zero or more")]
    Epochs {
        /// The value.
        value: String,
    },
    /// Not a fraction.
    #[error("fraction `{value}`: must be above 0 and at most 1")]
    Share {
        /// The value.
        value: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        for fidelity in [
            Fidelity::epochs(0),
            Fidelity::epochs(12),
            Fidelity::epochs(3).with_data(1.0 / 3.0),
        ] {
            assert_eq!(fidelity.to_string().parse(), Ok(fidelity));
        }
    }

    #[test]
    fn faults_are_named() {
        let error = |text: &str| text.parse::<Fidelity>().unwrap_err().to_string();
        assert_eq!(
            error("epochs=1,data=1.5"),
            "fraction `1.5`: must be above 0 and at most 1"
        );
        assert_eq!(
            error("epochs=-1"),
            "epochs `-1`: must be a whole number, zero or more"
        );
        assert!(error("speed=3").starts_with("fidelity part `speed=3`"));
    }
}

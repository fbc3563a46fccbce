//! Numbers that know their unit and which way is better.

use std::fmt;

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Trainable scalars.
    Parameters,
    /// Multiply-accumulate operations for one sample.
    Macs,
    /// Bytes of memory.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// A fraction between zero and one, such as an accuracy.
    Fraction,
    /// In the unit of the regression target.
    Target,
    /// No unit.
    Plain,
}

impl Unit {
    /// Its name in a sentence, in the plural.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Macs => "MACs",
            Self::Bytes => "bytes",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Fraction => "a fraction",
            Self::Target => "the unit of the target",
            Self::Plain => "a number without a unit",
        }
    }
}

/// Which way a number gets better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Direction {
    /// Whether `a` is strictly better than `b`; a NaN is never better.
    pub fn better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Minimize => a < b || (b.is_nan() && !a.is_nan()),
            Self::Maximize => a > b || (b.is_nan() && !a.is_nan()),
        }
    }

    /// The value turned so that larger is better.
    pub fn score(self, value: f64) -> f64 {
        match self {
            Self::Minimize => -value,
            Self::Maximize => value,
        }
    }
}

/// A value with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The number.
    pub value: f64,
    /// What it counts.
    pub unit: Unit,
}

impl Quantity {
    /// A value with its unit.
    pub fn new(value: f64, unit: Unit) -> Self {
        Self { value, unit }
    }
}

impl fmt::Display for Quantity {
    /// For people: `9,210 parameters`, `81.9 kB`, `0.11 ms`, `97.5 %`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::Parameters => write!(f, "{} parameters", grouped(value)),
            Unit::Macs => write!(f, "{} MACs", grouped(value)),
            Unit::Bytes if value >= 1e9 => write!(f, "{:.2} GB", value / 1e9),
            Unit::Bytes if value >= 1e6 => write!(f, "{:.2} MB", value / 1e6),
            Unit::Bytes if value >= 1e3 => write!(f, "{:.1} kB", value / 1e3),
            Unit::Bytes => write!(f, "{value:.0} B"),
            Unit::Milliseconds => write!(f, "{value:.3} ms"),
            Unit::Seconds => write!(f, "{value:.1} s"),
            Unit::Fraction => write!(f, "{:.2} %", value * 100.0),
            Unit::Target | Unit::Plain => write!(f, "{value:.4}"),
        }
    }
}

/// A whole number with a comma after every third digit.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 {
        format!("-{text}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_well() {
        let shown = |value, unit| Quantity::new(value, unit).to_string();
        assert_eq!(shown(1_531_546.0, Unit::Parameters), "1,531,546 parameters");
        assert_eq!(shown(81_920.0, Unit::Bytes), "81.9 kB");
        assert_eq!(shown(0.9756, Unit::Fraction), "97.56 %");
    }

    #[test]
    fn nan_is_never_better() {
        assert!(!Direction::Maximize.better(f64::NAN, 0.0));
        assert!(Direction::Minimize.better(0.0, f64::NAN));
    }
}

//! Amounts of a cost as people write them: `50k`, `64kB`, `2.5ms`.

use super::{Cost, Unit};

/// What may stand after a number, and by how much it multiplies.
type Scales = &'static [(&'static str, f64)];

const COUNTS: Scales = &[("", 1.0), ("k", 1e3), ("K", 1e3), ("M", 1e6), ("G", 1e9)];

const BYTES: Scales = &[
    ("", 1.0),
    ("B", 1.0),
    ("kB", 1e3),
    ("KiB", 1024.0),
    ("MB", 1e6),
    ("MiB", 1_048_576.0),
    ("GB", 1e9),
    ("GiB", 1_073_741_824.0),
    ("k", 1e3),
    ("K", 1e3),
    ("M", 1e6),
    ("G", 1e9),
];

const MILLISECONDS: Scales = &[("", 1.0), ("us", 1e-3), ("ms", 1.0), ("s", 1e3)];

const SECONDS: Scales = &[("", 1.0), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];

const NO_UNIT: Scales = &[("", 1.0)];

impl Unit {
    fn scales(self) -> Scales {
        match self {
            Self::Parameters | Self::Macs => COUNTS,
            Self::Bytes => BYTES,
            Self::Milliseconds => MILLISECONDS,
            Self::Seconds => SECONDS,
            Self::Fraction | Self::Target | Self::Plain => NO_UNIT,
        }
    }

    /// Whether only whole numbers of it exist.
    pub fn is_whole(self) -> bool {
        match self {
            Self::Parameters | Self::Macs | Self::Bytes => true,
            Self::Milliseconds | Self::Seconds => false,
            Self::Fraction | Self::Target | Self::Plain => false,
        }
    }
}

/// The value of a text in the unit of the cost: of a count a whole number,
/// fractions cut off; of anything else a number above zero.
pub(super) fn amount(cost: Cost, text: &str) -> Result<f64, AmountError> {
    let whole = cost.unit().is_whole();
    let fault = || AmountError {
        cost,
        text: text.trim().to_owned(),
        rule: if whole { " of 0 or more" } else { " above 0" },
    };
    let trimmed = text.trim();
    let end = trimmed.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let (digits, suffix) = trimmed.split_at(end.len());
    let mut scales = cost.unit().scales().iter();
    let factor = scales
        .find(|(name, _)| *name == suffix)
        .map(|scale| scale.1);
    let number = digits.trim().parse::<f64>().ok();
    let value = number.zip(factor).map(|(number, factor)| number * factor);
    let value = value.filter(|value| value.is_finite()).ok_or_else(fault)?;
    if whole && value >= 0.0 {
        Ok(value.trunc())
    } else if value > 0.0 {
        Ok(value)
    } else {
        Err(fault())
    }
}

/// A text that is no amount of a cost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cost} `{text}`: it is a number{rule} and a unit")]
pub struct AmountError {
    /// The cost.
    pub cost: Cost,
    /// The text.
    pub text: String,
    /// What must hold for the number.
    rule: &'static str,
}

impl AmountError {
    /// What to do about it: the units, and an example.
    pub fn hint(&self) -> String {
        let scales = self.cost.unit().scales().iter();
        // Of two letters for the same the usual one is named.
        let names = scales.map(|scale| scale.0).filter(|name| !name.is_empty());
        let names: Vec<&str> = names.filter(|name| *name != "K").collect();
        let unit = names.first().copied().unwrap_or_default();
        format!(
            "write `50{unit}`; the units are {}, or none for {}",
            names.join(", "),
            self.cost.unit().in_words()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LATENCY, MACS, MEMORY, PARAMETERS};

    #[test]
    fn amounts_have_units() {
        for (cost, text, expected) in [
            (PARAMETERS, "50k", 50_000.0),
            (MACS, "1.5M", 1_500_000.0),
            (MACS, " 2 G", 2_000_000_000.0),
            (MACS, "7.9", 7.0),
            (MEMORY, "64kB", 64_000.0),
            (MEMORY, "64 KiB", 65_536.0),
            (MEMORY, "100B", 100.0),
            (MEMORY, "1M", 1_000_000.0),
            (MEMORY, "0.5MiB", 524_288.0),
            (LATENCY, "2.5ms", 2.5),
            (LATENCY, "250us", 0.25),
            (LATENCY, "2s", 2_000.0),
            (LATENCY, "5", 5.0),
        ] {
            let value = cost.parse(text).unwrap();
            assert!((value - expected).abs() < 1e-9, "{cost} {text}: {value}");
        }
    }

    #[test]
    fn what_is_no_amount_names_the_units() {
        for (cost, text) in [
            (PARAMETERS, "many"),
            (PARAMETERS, "-1"),
            (PARAMETERS, "inf"),
            (PARAMETERS, ""),
            (PARAMETERS, "5kB"),
            (MEMORY, "5ms"),
            (LATENCY, "0ms"),
            (LATENCY, "5msms"),
            (LATENCY, "1k"),
        ] {
            assert!(cost.parse(text).is_err(), "{cost} {text}");
        }
        let error = MEMORY.parse("64kb").unwrap_err();
        assert_eq!(
            error.to_string(),
            "memory `64kb`: it is a number of 0 or more and a unit"
        );
        assert_eq!(
            error.hint(),
            "write `50B`; the units are B, kB, KiB, MB, MiB, GB, GiB, k, M, G, or none for bytes"
        );
        let error = LATENCY.parse("1k").unwrap_err();
        assert!(error.hint().contains("us, ms, s"), "{}", error.hint());
    }
}

//! Real numbers that come back from JSON to the bit, NaN too: written as texts, for
//! a number in JSON may be read with another last digit.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

/// Of what `serde(with)` stands before.
pub(super) fn serialize<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// The number of a text, or a plain number as older runs have it.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let value = Value::deserialize(from)?;
    let number = match &value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    number.ok_or_else(|| D::Error::custom(format_args!("{value} is no number")))
}

/// The same of a number that may be missing.
pub(super) mod optional {
    use super::{Deserialize, Deserializer, Serializer, Value};
    use serde::de::Error;

    /// Nothing as null.
    pub(in super::super) fn serialize<S: Serializer>(
        value: &Option<f64>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => super::serialize(value, to),
            None => to.serialize_none(),
        }
    }

    /// Null as nothing.
    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<f64>, D::Error> {
        match Value::deserialize(from)? {
            Value::Null => Ok(None),
            value => super::deserialize(value)
                .map(Some)
                .map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Numbers {
        #[serde(with = "super")]
        whole: f64,
        #[serde(with = "super::optional")]
        part: Option<f64>,
    }

    fn back(whole: f64, part: Option<f64>) -> (u64, Option<u64>) {
        let json = serde_json::to_vec(&Numbers { whole, part }).unwrap();
        let read: Numbers = serde_json::from_slice(&json).unwrap();
        (read.whole.to_bits(), read.part.map(f64::to_bits))
    }

    #[test]
    fn numbers_come_back_to_the_bit() {
        // The logistic map visits numbers of all digits.
        let mut value = 0.3_f64;
        for _ in 0..10_000 {
            value = 3.99 * value * (1.0 - value);
            let bits = value.to_bits();
            assert_eq!(back(value, Some(value)), (bits, Some(bits)));
        }
        assert_eq!(back(f64::NAN, None), (f64::NAN.to_bits(), None));
    }

    #[test]
    fn plain_numbers_are_read_too() {
        let read: Numbers = serde_json::from_str(r#"{"whole": 0.5, "part": 2}"#).unwrap();
        assert_eq!((read.whole, read.part), (0.5, Some(2.0)));
        assert!(serde_json::from_str::<Numbers>(r#"{"whole": true, "part": 2}"#).is_err());
    }
}

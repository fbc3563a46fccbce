//! How a configuration writes its limits: a table from the name of a cost to a number in
//! its unit, or to a text with a unit.
//!
//! ```toml
//! [limits]
//! parameters = 50_000
//! memory = "64kB"
//! latency = "2.5ms"
//! ```
//!
//! Studies that were begun before there was such a table hold `limit-parameters` and its
//! like at the top of their configuration; these are read as entries of the table.

use netsmith::cost::Cost;
use netsmith::space::Limits;
use serde::de::{Error, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The table.
const TABLE: &str = "limits";

/// What stands before the name of a cost where there is no table.
const PREFIX: &str = "limit-";

/// Writes all limits; counts as whole numbers.
pub(super) fn serialize<S: Serializer>(limits: &Limits, to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(limits.iter().count()))?;
    for (cost, limit) in limits.iter() {
        if cost.unit().is_whole() {
            map.serialize_entry(cost.name(), &(limit as u64))?;
        } else {
            map.serialize_entry(cost.name(), &limit)?;
        }
    }
    map.end()
}

/// Reads the table.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Limits, D::Error> {
    let mut limits = Limits::FREE;
    for (name, amount) in BTreeMap::<String, Amount>::deserialize(from)? {
        let cost = Cost::named(&name)
            .map_err(|error| D::Error::custom(format!("{error}; {}", error.hint())))?;
        let limit = cost
            .parse(&amount.0)
            .map_err(|error| D::Error::custom(format!("{error}; {}", error.hint())))?;
        limits = limits.with(cost, limit);
    }
    Ok(limits)
}

/// Moves limits that stand outside the table into it; whether there were any.
pub(super) fn gather(configuration: &mut toml::Table) -> bool {
    let mut moved = toml::Table::new();
    for cost in Cost::all() {
        if let Some(limit) = configuration.remove(&format!("{PREFIX}{cost}")) {
            moved.insert(cost.name().to_owned(), limit);
        }
    }
    let any = !moved.is_empty();
    if let Some(toml::Value::Table(table)) = configuration.get(TABLE) {
        moved.extend(table.clone());
    }
    if any {
        configuration.insert(TABLE.to_owned(), moved.into());
    }
    any
}

/// A number or a text, as a text.
struct Amount(String);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a text with a unit such as \"50k\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                Ok(Amount(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                Ok(Amount(number.to_string()))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                Ok(Amount(number.to_string()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                Ok(Amount(text.to_owned()))
            }
        }
        from.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use netsmith::cost::{Cost, LATENCY, MEMORY, PARAMETERS};
    use netsmith::space::Limits;

    #[test]
    fn a_table_has_units_or_none() {
        let text = "[limits]\nparameters = 50_000\nmemory = \"64kB\"\nlatency = 2.5\n";
        let limits = Limits::FREE
            .with(PARAMETERS, 50_000.0)
            .with(MEMORY, 64_000.0)
            .with(LATENCY, 2.5);
        assert_eq!(Config::read(text).unwrap().limits, limits);
        // Nothing that is not written is limited.
        assert_eq!(Config::read("seed = 3").unwrap().limits, Limits::FREE);
    }

    #[test]
    fn what_a_study_holds_from_before_the_table_is_read() {
        let text = "limit-parameters = 20000\nlimit-latency = 0.5\nseed = 3\n";
        let config = Config::read(text).unwrap();
        let limits = Limits::FREE.with(PARAMETERS, 20_000.0).with(LATENCY, 0.5);
        assert_eq!((config.limits, config.seed), (limits, 3));
        let written = toml::to_string(&config).unwrap();
        assert!(
            written.contains("[limits]\nlatency = 0.5\nparameters = 20000")
                || written.contains("[limits]\nparameters = 20000\nlatency = 0.5")
        );
        assert_eq!(Config::read(&written).unwrap(), config);
    }

    #[test]
    fn every_cost_can_be_limited_and_comes_back() {
        for cost in Cost::all() {
            let config = Config {
                limits: Limits::FREE.with(cost, 7.0),
                ..Config::default()
            };
            let written = toml::to_string(&config).unwrap();
            assert_eq!(Config::read(&written).unwrap(), config, "{cost}");
        }
    }

    #[test]
    fn faults_name_the_costs_and_the_units() {
        for (text, expected) in [
            ("[limits]\nspeed = 3\n", "there is no cost `speed`"),
            ("[limits]\nmemory = \"3ms\"\n", "kB, KiB, MB"),
            ("[limits]\nlatency = 0\n", "a number above 0"),
            ("limit-speed = 3\n", "unknown field `limit-speed`"),
        ] {
            let error = Config::read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}

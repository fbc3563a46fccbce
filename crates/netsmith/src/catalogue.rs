//! Catalogues: what there is to choose from, and its parameters.
//!
//! Each folder of interchangeable parts ends in one `CATALOGUE`; command line,
//! help, reference pages and conformance tests all read it.

use crate::nearest::remedy;
use std::collections::BTreeMap;
use std::fmt;

/// One thing in a catalogue, with what builds it.
#[derive(Clone, Copy, Debug)]
pub struct Entry<B> {
    /// Its name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Where it was published.
    pub paper: Option<&'static str>,
    /// What can be set.
    pub parameters: &'static [Parameter],
    /// Builds it.
    pub build: B,
}

impl<B> Entry<B> {
    /// An entry without parameters.
    pub const fn new(name: &'static str, summary: &'static str, build: B) -> Self {
        Self {
            name,
            summary,
            paper: None,
            parameters: &[],
            build,
        }
    }

    /// The same with its publication.
    #[must_use]
    pub const fn paper(mut self, paper: &'static str) -> Self {
        self.paper = Some(paper);
        self
    }

    /// The same with its parameters.
    #[must_use]
    pub const fn parameters(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }
}

/// The entry of this name.
///
/// # Errors
/// There is none; the error lists those that there are.
pub fn find<'a, B>(
    kind: &'static str,
    catalogue: &'a [Entry<B>],
    name: &str,
) -> Result<&'a Entry<B>, UnknownName> {
    catalogue
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| UnknownName {
            kind,
            name: name.to_owned(),
            known: catalogue
                .iter()
                .map(|entry| entry.name.to_owned())
                .collect(),
        })
}

/// A name that is in no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} `{name}`")]
pub struct UnknownName {
    /// What was looked for: `space`, `strategy`, ...
    pub kind: &'static str,
    /// The name.
    pub name: String,
    /// All names that there are.
    pub known: Vec<String>,
}

impl UnknownName {
    /// What to do about it.
    pub fn hint(&self) -> String {
        remedy(&self.name, &self.known)
    }
}

/// Something that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name: `channels`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: ParameterKind,
    /// The value where none is given, as a text.
    pub default: &'static str,
    /// One sentence, with the unit.
    pub doc: &'static str,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// A whole number between two, both included.
    Integer(u64, u64),
    /// A number between two, both included.
    Number(f64, f64),
    /// `true` or `false`.
    Switch,
    /// One of several words.
    Word(&'static [&'static str]),
    /// Whole numbers between two, joined by commas; at least one.
    Integers(u64, u64),
    /// Some of several words, joined by commas; at least one.
    Words(&'static [&'static str]),
    /// The path of a file.
    Path,
}

impl fmt::Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::Number(low, high) => write!(f, "a number from {low} to {high}"),
            Self::Switch => f.write_str("true or false"),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Integers(low, high) => {
                write!(f, "whole numbers from {low} to {high}, joined by commas")
            }
            Self::Words(words) => write!(f, "some of {}, joined by commas", words.join(", ")),
            Self::Path => f.write_str("the path of a file"),
        }
    }
}

impl ParameterKind {
    fn accepts(self, value: &str) -> bool {
        let integer = |text: &str, low, high| {
            text.trim()
                .parse::<u64>()
                .is_ok_and(|number| (low..=high).contains(&number))
        };
        match self {
            Self::Integer(low, high) => integer(value, low, high),
            Self::Number(low, high) => value
                .trim()
                .parse::<f64>()
                .is_ok_and(|number| (low..=high).contains(&number)),
            Self::Switch => matches!(value, "true" | "false"),
            Self::Word(words) => words.contains(&value),
            Self::Integers(low, high) => value.split(',').all(|part| integer(part, low, high)),
            Self::Words(words) => value.split(',').all(|part| words.contains(&part.trim())),
            Self::Path => !value.is_empty(),
        }
    }
}

/// Checked values of all parameters of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<&'static str, String>,
}

impl Settings {
    /// The given values, and the defaults of the others.
    ///
    /// # Errors
    /// All values that are unknown or out of range, at once.
    pub fn new(
        parameters: &[Parameter],
        given: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<SettingError>> {
        let mut errors: Vec<SettingError> = Vec::new();
        let mut values: BTreeMap<&'static str, String> = parameters
            .iter()
            .map(|p| (p.name, p.default.to_owned()))
            .collect();
        for (name, value) in given {
            match parameters.iter().find(|parameter| parameter.name == name) {
                None => errors.push(SettingError::Unknown {
                    name: name.clone(),
                    known: parameters.iter().map(|p| p.name).collect(),
                }),
                Some(parameter) if !parameter.kind.accepts(value) => {
                    errors.push(SettingError::Value {
                        name: parameter.name,
                        value: value.clone(),
                        kind: parameter.kind,
                    });
                }
                Some(parameter) => {
                    values.insert(parameter.name, value.clone());
                }
            }
        }
        if errors.is_empty() {
            Ok(Self { values })
        } else {
            Err(errors)
        }
    }

    /// All defaults.
    pub fn defaults(parameters: &[Parameter]) -> Self {
        Self {
            values: parameters
                .iter()
                .map(|p| (p.name, p.default.to_owned()))
                .collect(),
        }
    }

    /// Takes over the values of the parameters that both have.
    pub(crate) fn take(&mut self, other: &Self) {
        for (name, value) in &other.values {
            if let Some(own) = self.values.get_mut(name) {
                own.clone_from(value);
            }
        }
    }

    /// All values, defaults too, by name.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }

    /// The text of a value.
    pub fn text(&self, name: &str) -> &str {
        match self.values.get(name) {
            Some(value) => value,
            None => panic!("there is no parameter `{name}` — this is a bug in netsmith"),
        }
    }

    /// A whole number.
    pub fn integer(&self, name: &str) -> usize {
        self.parsed(name, self.text(name))
    }

    /// A number.
    pub fn number(&self, name: &str) -> f64 {
        self.parsed(name, self.text(name))
    }

    /// A switch.
    pub fn switch(&self, name: &str) -> bool {
        self.parsed(name, self.text(name))
    }

    /// Several whole numbers, as given.
    pub fn integers(&self, name: &str) -> Vec<usize> {
        self.text(name)
            .split(',')
            .map(|part| self.parsed(name, part))
            .collect()
    }

    /// Several words, as given.
    pub fn words(&self, name: &str) -> Vec<&str> {
        self.text(name).split(',').map(str::trim).collect()
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str, text: &str) -> T {
        text.trim().parse().unwrap_or_else(|_| {
            panic!("parameter `{name}` was checked as another type — this is a bug in netsmith")
        })
    }
}

/// A setting that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No parameter of this name.
    #[error("there is no parameter `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// All names that there are.
        known: Vec<&'static str>,
    },
    /// A value that the parameter does not take.
    #[error("{name} is `{value}`: it takes {kind}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// The value.
        value: String,
        /// What it takes.
        kind: ParameterKind,
    },
}

impl SettingError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Value { .. } => None,
            Self::Unknown { known, .. } if known.is_empty() => {
                Some("nothing can be set here".to_owned())
            }
            Self::Unknown { name, known } => Some(remedy(name, known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[
        Parameter {
            name: "channels",
            kind: ParameterKind::Integer(1, 512),
            default: "16",
            doc: "Channels.",
        },
        Parameter {
            name: "widths",
            kind: ParameterKind::Integers(1, 64),
            default: "8,16",
            doc: "Widths.",
        },
    ];

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn values_win_over_defaults() {
        let settings = Settings::new(PARAMETERS, &given(&[("widths", "4,8")])).unwrap();
        assert_eq!(settings.integer("channels"), 16);
        assert_eq!(settings.integers("widths"), [4, 8]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let errors = Settings::new(PARAMETERS, &given(&[("chanels", "1"), ("widths", "0")]));
        let errors = errors.unwrap_err();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[0].hint().unwrap(), "did you mean `channels`?");
        assert_eq!(
            errors[1].to_string(),
            "widths is `0`: it takes whole numbers from 1 to 64, joined by commas"
        );
    }
}

//! Tables of the file, read key by key.

use super::error::Fault;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value of the file with its place.
pub(super) type Value<'t> = &'t Spanned<DeValue<'t>>;

/// A text of the file with its place.
type Text<'t> = (&'t str, Range<usize>);

/// A table whose keys are all asked for, or told as unknown.
#[derive(Debug)]
pub(super) struct Table<'t> {
    table: &'t DeTable<'t>,
    pub(super) span: Range<usize>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'t> Table<'t> {
    pub(super) fn new(table: &'t DeTable<'t>, span: Range<usize>) -> Self {
        Self {
            table,
            span,
            asked: RefCell::default(),
        }
    }

    /// The value as a table.
    pub(super) fn of(value: Value<'t>) -> Result<Self, Fault> {
        match value.get_ref() {
            DeValue::Table(table) => Ok(Self::new(table, value.span())),
            other => Err(unexpected(value, "a table", other)),
        }
    }

    pub(super) fn get(&self, key: &'static str) -> Option<Value<'t>> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// All entries: key, its place, value.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Value<'t>)> {
        let entries = self.table.iter();
        entries.map(|(key, value)| (key.get_ref().as_ref(), key.span(), value))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<Option<(&'t str, Range<usize>)>, Fault> {
        self.get(key).map(text).transpose()
    }

    pub(super) fn switch(&self, key: &'static str) -> Result<Option<bool>, Fault> {
        let switch = |value: Value<'t>| match value.get_ref() {
            DeValue::Boolean(switch) => Ok(*switch),
            other => Err(unexpected(value, "true or false", other)),
        };
        self.get(key).map(switch).transpose()
    }

    pub(super) fn number(&self, key: &'static str) -> Result<Option<(f32, Range<usize>)>, Fault> {
        let number = |value: Value<'t>| {
            let text = match value.get_ref() {
                DeValue::Float(float) => float.as_str(),
                DeValue::Integer(integer) => integer.as_str(),
                other => return Err(unexpected(value, "a number", other)),
            };
            let number = text.parse();
            let number = number.map_err(|_| Fault::new(value.span(), "this is no number"))?;
            Ok((number, value.span()))
        };
        self.get(key).map(number).transpose()
    }

    /// One text or a list of texts.
    pub(super) fn texts(&self, key: &'static str) -> Result<Option<Vec<Text<'t>>>, Fault> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let texts: Result<Vec<_>, Fault> = match value.get_ref() {
            DeValue::Array(array) => array.iter().map(text).collect(),
            _ => Ok(vec![text(value)?]),
        };
        texts.map(Some)
    }

    /// One of several words, or the default.
    pub(super) fn word<T: Copy>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
        default: T,
    ) -> Result<T, Fault> {
        let Some((text, span)) = self.text(key)? else {
            return Ok(default);
        };
        let known = words.iter().find(|(word, _)| *word == text);
        known.map(|(_, value)| *value).ok_or_else(|| {
            let fault = Fault::new(span, format!("{key} is `{text}`"));
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            fault.hint(format!("it is one of {}", words.join(", ")))
        })
    }

    /// Whether all keys were asked for.
    pub(super) fn finish(&self) -> Result<(), Fault> {
        let asked = self.asked.borrow();
        let unknown = self.entries().find(|(key, _, _)| !asked.contains(key));
        match unknown {
            None => Ok(()),
            Some((key, span, _)) => {
                let fault = Fault::new(span, format!("nothing is called `{key}` here"));
                Err(fault.among(key, asked.iter().copied()))
            }
        }
    }
}

/// The value as a text.
pub(super) fn text(value: Value<'_>) -> Result<(&str, Range<usize>), Fault> {
    match value.get_ref() {
        DeValue::String(text) => Ok((text.as_ref(), value.span())),
        other => Err(unexpected(value, "a text", other)),
    }
}

/// The value as a whole number between two.
pub(super) fn integer(value: Value<'_>, low: usize, high: usize) -> Result<usize, Fault> {
    let DeValue::Integer(integer) = value.get_ref() else {
        return Err(unexpected(value, "a whole number", value.get_ref()));
    };
    let number = usize::from_str_radix(integer.as_str(), integer.radix());
    number
        .ok()
        .filter(|number| (low..=high).contains(number))
        .ok_or_else(|| {
            let number = integer.as_str();
            Fault::new(
                value.span(),
                format!("{number} is not a whole number from {low} to {high}"),
            )
        })
}

/// The values of a list.
pub(super) fn list<'t>(value: Value<'t>) -> Result<impl Iterator<Item = Value<'t>>, Fault> {
    match value.get_ref() {
        DeValue::Array(array) => Ok(array.iter()),
        other => Err(unexpected(value, "a list", other)),
    }
}

fn unexpected(value: Value<'_>, expected: &str, found: &DeValue<'_>) -> Fault {
    let found = found.type_str();
    Fault::new(value.span(), format!("expected {expected}, found {found}"))
}

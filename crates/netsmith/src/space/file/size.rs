//! Sizes: numbers, named values and products of them.

use super::error::Fault;
use super::table::{Value, integer, text};
use super::writer::{Names, Scope, Writer};
use crate::space::Size;
use std::ops::Range;
use toml::de::DeValue;

/// The largest size that a file may name.
pub(super) const LARGEST: usize = 16_384;

impl Writer<'_> {
    /// A size: a number, or terms joined by `*` and `/`. A term is a number, a
    /// value of the file, `channels` of the node's input, `channels(node)`, or
    /// `classes`.
    pub(super) fn size(
        &mut self,
        value: Value<'_>,
        scope: &Scope,
        names: &Names,
    ) -> Result<Size, Fault> {
        if let DeValue::Integer(_) = value.get_ref() {
            return integer(value, 1, LARGEST).map(Size::Fixed);
        }
        let (text, span) = text(value)?;
        let mut size: Option<Size> = None;
        let mut rest = text;
        let mut operator = '*';
        loop {
            let end = rest.find(['*', '/']).unwrap_or(rest.len());
            let term = rest[..end].trim();
            size = Some(match (size, operator) {
                (None, _) => self.term(term, &span, scope, names)?,
                (Some(size), '/') => size.over(number(term, &span)?),
                (Some(size), _) => size.times(self.term(term, &span, scope, names)?),
            });
            let Some(next) = rest[end..].chars().next() else {
                break;
            };
            operator = next;
            rest = &rest[end + 1..];
        }
        size.ok_or_else(|| Fault::new(span, "a size is missing"))
    }

    fn term(
        &mut self,
        term: &str,
        span: &Range<usize>,
        scope: &Scope,
        names: &Names,
    ) -> Result<Size, Fault> {
        let of = term.strip_prefix("channels(");
        if let Some(node) = of.and_then(|node| node.strip_suffix(')')) {
            return names.port(node.trim(), span).map(Size::ChannelsOf);
        }
        match term {
            "channels" => Ok(Size::Channels),
            "classes" => Ok(Size::Fixed(self.classes)),
            _ if term.starts_with(|letter: char| letter.is_ascii_digit()) => {
                number(term, span).map(Size::Fixed)
            }
            _ => self.value(term, span, scope).map(Size::Decided),
        }
    }
}

fn number(term: &str, span: &Range<usize>) -> Result<usize, Fault> {
    let number = term.parse().ok();
    number
        .filter(|number| (1..=LARGEST).contains(number))
        .ok_or_else(|| {
            let rule = format!("`{term}` is not a whole number from 1 to {LARGEST}");
            Fault::new(span.clone(), rule)
        })
}

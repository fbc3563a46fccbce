//! What the text of one cell of a table stands for.
//!
//! ```text
//! number     [sign][currency] digits [decimal mark digits] [exponent] [% or currency]
//! grouped    digits in threes, split by the other mark, a space or an apostrophe
//! missing    empty or `?`; among numbers also NA, NULL, None, `-` and their like
//! ```

use serde::{Deserialize, Serialize};

/// How the cells of one column are written, found once for the whole column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notation {
    /// Whether a comma stands before the decimals.
    pub decimal_comma: bool,
    /// Whether digits stand in groups of three.
    pub grouped: bool,
    /// What stands before or after every number, such as `%` or `$`.
    pub unit: String,
    /// Texts of missing values; `None`: the usual ones.
    pub missing: Option<Vec<String>>,
    /// What is taken from every number in 64 bits, so that 32 hold the rest.
    pub offset: f64,
}

/// What can stand for a missing value in a column of numbers; in a column of texts it
/// is a text.
const WORDS: &[&str] = &[
    "na", "n/a", "n.a.", "#n/a", "<na>", "nan", "null", "none", "nil", "-", "--", ".", "\\n",
];

/// What may stand before or after a number.
const UNITS: &[&str] = &["%", "$", "€", "£", "¥", "₹", "USD", "EUR", "GBP", "CHF"];

/// Whether a cell is missing in a column of any kind.
pub(super) fn is_absent(cell: &str, missing: Option<&[String]>) -> bool {
    cell.is_empty()
        || match missing {
            None => cell == "?",
            Some(texts) => texts.iter().any(|text| text == cell),
        }
}

/// Whether a cell is missing in a column of numbers alone.
pub(super) fn is_word(cell: &str, missing: Option<&[String]>) -> bool {
    missing.is_none() && WORDS.iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// The unit of a cell, and the number without it.
pub(super) fn without_unit(cell: &str) -> (&'static str, String) {
    let (sign, rest) = match cell.strip_prefix(['-', '+']) {
        Some(rest) => (&cell[..1], rest),
        None => ("", cell),
    };
    for unit in UNITS {
        let bare = rest.strip_prefix(unit).or_else(|| rest.strip_suffix(unit));
        if let Some(bare) = bare {
            return (unit, format!("{sign}{}", bare.trim()));
        }
    }
    ("", cell.to_owned())
}

/// A number without a unit, within what 32 bits hold.
pub(super) fn bare_number(text: &str, decimal_comma: bool, grouped: bool) -> Option<f64> {
    let digits = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let value = if !decimal_comma && !grouped {
        // Words such as `inf` are no numbers.
        text.bytes()
            .all(digits)
            .then(|| text.parse::<f64>())?
            .ok()?
    } else {
        let (decimal, group) = if decimal_comma {
            (',', '.')
        } else {
            ('.', ',')
        };
        let (whole, rest) = match text.find(decimal) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        };
        let whole = if grouped {
            ungrouped(whole, group)?
        } else {
            whole.to_owned()
        };
        if rest.contains([',', '+']) || rest.contains('.') || whole.contains([',', '.']) {
            return None;
        }
        let plain = if rest.is_empty() {
            whole
        } else {
            format!("{whole}.{rest}")
        };
        plain
            .bytes()
            .all(digits)
            .then(|| plain.parse::<f64>())?
            .ok()?
    };
    (value.abs() <= f64::from(f32::MAX)).then_some(value)
}

/// The digits of `1,234,567`; of `1234` too.
fn ungrouped(text: &str, mark: char) -> Option<String> {
    let marks = [mark, ' ', '\u{a0}', '\u{202f}', '\'', '’'];
    let used = text.chars().find(|c| marks.contains(c));
    let Some(used) = used else {
        return Some(text.to_owned());
    };
    let mut groups = text.split(used);
    let first = groups.next()?.trim_start_matches(['-', '+']);
    let of_digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = groups.collect();
    let sound = (1..=3).contains(&first.len())
        && of_digits(first)
        && first != "0"
        && rest
            .iter()
            .all(|group| group.len() == 3 && of_digits(group));
    sound.then(|| text.replace(used, ""))
}

impl Notation {
    /// A cell as a number before the offset is taken from it.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        if self.unit.is_empty() {
            return bare_number(cell, self.decimal_comma, self.grouped);
        }
        let (unit, bare) = without_unit(cell);
        (unit == self.unit).then(|| bare_number(&bare, self.decimal_comma, self.grouped))?
    }

    /// A cell as it is kept: a number less the offset.
    pub(super) fn kept(&self, cell: &str) -> Option<f32> {
        self.number(cell).map(|value| (value - self.offset) as f32)
    }

    /// Whether a cell of a column of texts is missing.
    pub(super) fn lacks_text(&self, cell: &str) -> bool {
        is_absent(cell, self.missing.as_deref())
    }

    /// Whether a cell of a column of numbers is missing.
    pub(super) fn lacks_number(&self, cell: &str) -> bool {
        self.lacks_text(cell) || is_word(cell, self.missing.as_deref())
    }

    /// What a reader should know of how the numbers are written; nothing where they are
    /// plain.
    pub(super) fn remark(&self) -> Option<String> {
        let mut parts = Vec::new();
        if self.decimal_comma {
            parts.push("with a decimal comma".to_owned());
        }
        if self.grouped {
            parts.push("with digits in groups of three".to_owned());
        }
        if !self.unit.is_empty() {
            parts.push(format!("without their `{}`", self.unit));
        }
        (!parts.is_empty()).then(|| parts.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_their_column_writes_them() {
        let check = |text: &str, comma, grouped, expected: Option<f64>| {
            assert_eq!(bare_number(text, comma, grouped), expected, "{text}");
        };
        check("-1.5e3", false, false, Some(-1500.0));
        check("9,0", true, false, Some(9.0));
        check("1.234,5", true, true, Some(1234.5));
        check("1,234,567.25", false, true, Some(1_234_567.25));
        check("-12 345", false, true, Some(-12_345.0));
        for text in ["inf", "NaN", "1e39", "1,2", "", "0x1f"] {
            check(text, false, false, None);
        }
        check("1,23", false, true, None);
        check("0,123", false, true, None);
        check("1,2,3", true, false, None);
        assert_eq!(without_unit("-$1,5"), ("$", "-1,5".to_owned()));
        assert_eq!(without_unit("12 %"), ("%", "12".to_owned()));
    }
}

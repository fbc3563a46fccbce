//! What can be wrong with a file that writes a space.

use crate::nearest::remedy;
use miette::{Diagnostic, LabeledSpan, SourceCode};
use std::fmt;
use std::ops::Range;

/// A file that gives no space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file cannot be read.
    #[error("space file `{path}` cannot be read: {reason}")]
    Read {
        /// Its path.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The file is larger than any space.
    #[error("space file `{path}` has {bytes} bytes: at most {most} are read")]
    TooLarge {
        /// Its path.
        path: String,
        /// Its size.
        bytes: u64,
        /// The largest size.
        most: u64,
    },
    /// A fault at some place of the file.
    #[error("{rule}")]
    Fault {
        /// The file's name.
        file: String,
        /// The whole text.
        text: String,
        /// The place of the fault, in bytes.
        span: Range<usize>,
        /// What is wrong.
        rule: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl FileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Fault { hint, .. } => hint.as_deref(),
            Self::Read { .. } | Self::TooLarge { .. } => None,
        }
    }

    /// What the TOML reader says of the text of a file, with the key that was
    /// probably meant.
    pub fn of_toml(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let message = error.message().trim().replace('\n', ", ");
        // `unknown field `x`, expected one of `a`, `b`, ...`
        let mut quoted = message.split('`').skip(1).step_by(2);
        let (rule, hint) = match quoted.next() {
            Some(key) if message.starts_with("unknown field") => (
                format!("nothing is called `{key}` here"),
                Some(remedy(key, quoted)),
            ),
            _ => (message.clone(), None),
        };
        Self::Fault {
            file: file.to_owned(),
            text: text.to_owned(),
            span: error.span().unwrap_or(0..0),
            rule,
            hint,
        }
    }

    /// The line of the fault with the fault underlined, below its place:
    ///
    /// ```text
    ///  --> space.toml:7:9
    ///   |
    /// 7 | width = [0]
    ///   |         ^^^
    /// ```
    pub fn excerpt(&self) -> Option<String> {
        let Self::Fault {
            file, text, span, ..
        } = self
        else {
            return None;
        };
        let (number, column) = self.position()?;
        let line = text.lines().nth(number - 1).unwrap_or_default();
        let underlined = text.get(span.clone()).unwrap_or_default();
        let underlined = underlined.lines().next().unwrap_or_default();
        // A tab has the width that the terminal gives it, here as above.
        let blank = |letter: char| if letter == '\t' { '\t' } else { ' ' };
        let indent: String = line.chars().take(column - 1).map(blank).collect();
        let marks = "^".repeat(underlined.chars().count().max(1));
        let margin = " ".repeat(number.to_string().len());
        Some(format!(
            "{margin}--> {file}:{number}:{column}\n{margin} |\n{number} | {line}\n{margin} | {indent}{marks}"
        ))
    }

    /// Line and column of the fault, counted from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        let Self::Fault { text, span, .. } = self else {
            return None;
        };
        let before = &text[..span.start.min(text.len())];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let lines = before.matches('\n').count();
        Some((lines + 1, before[line..].chars().count() + 1))
    }
}

impl Diagnostic for FileError {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint()
            .map(|hint| Box::new(hint) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::Fault { text, .. } => Some(text),
            Self::Read { .. } | Self::TooLarge { .. } => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        match self {
            Self::Fault { span, file, .. } => {
                let label = LabeledSpan::new(Some(file.clone()), span.start, span.len());
                Some(Box::new(std::iter::once(label)))
            }
            Self::Read { .. } | Self::TooLarge { .. } => None,
        }
    }
}

/// A fault whose file is known further up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) rule: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    /// The fault in the file of this name and text.
    pub(super) fn of_file(self, name: &str, text: &str) -> FileError {
        FileError::Fault {
            file: name.to_owned(),
            text: text.to_owned(),
            span: self.span,
            rule: self.rule,
            hint: self.hint,
        }
    }
}

impl Fault {
    pub(super) fn new(span: Range<usize>, rule: impl Into<String>) -> Self {
        Self {
            span,
            rule: rule.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The hint that names the nearest of what there is, or all.
    pub(super) fn among<'a>(self, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.collect();
        match known.is_empty() {
            true => self,
            false => self.hint(remedy(name, known)),
        }
    }
}

//! What can be wrong with a file that writes a space.

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
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) rule: String,
    pub(super) hint: Option<String>,
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
        match crate::catalogue::nearest(name, known.iter().copied()) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None if known.is_empty() => self,
            None => self.hint(format!("there are: {}", known.join(", "))),
        }
    }
}

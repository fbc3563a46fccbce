//! Which data are meant: `KIND[:PATH]`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::{CATALOGUE, DataError, Entry, PathForm};
use netsmith::nearest::nearest;

/// A kind of data and where they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The entry's name in the catalogue.
    pub kind: &'static str,
    /// A file or folder, where the kind takes one.
    pub path: Option<PathBuf>,
}

impl Source {
    /// The kind's entry in the catalogue.
    pub fn entry(&self) -> &'static Entry {
        let mut entries = CATALOGUE.iter();
        entries
            .find(|entry| entry.name == self.kind)
            .expect("a source is made from the catalogue — this is a bug in netsmith")
    }
}

impl FromStr for Source {
    type Err = DataError;

    /// Reads `KIND` or `KIND:PATH`.
    ///
    /// # Errors
    /// [`DataError::UnknownKind`], [`DataError::PathMissing`] or
    /// [`DataError::PathNotTaken`].
    fn from_str(text: &str) -> Result<Self, DataError> {
        let (kind, path) = match text.split_once(':') {
            Some((kind, path)) => (kind, Some(path).filter(|path| !path.is_empty())),
            None => (text, None),
        };
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == kind) else {
            let names = CATALOGUE.iter().map(|entry| entry.name);
            return Err(DataError::UnknownKind {
                given: kind.into(),
                nearest: nearest(kind, names),
            });
        };
        match (entry.build.path, path) {
            (PathForm::Required(form), None) => Err(DataError::PathMissing {
                kind: entry.name,
                form,
            }),
            (PathForm::None, Some(path)) => Err(DataError::PathNotTaken {
                kind: entry.name,
                path: path.into(),
            }),
            _ => Ok(Self {
                kind: entry.name,
                path: path.map(PathBuf::from),
            }),
        }
    }
}

impl fmt::Display for Source {
    /// `KIND` or `KIND:PATH`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}:{}", self.kind, path.display()),
            None => f.write_str(self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_kind_and_perhaps_a_path() {
        let source: Source = "csv:C:/data/a.csv".parse().expect("it is well formed");
        assert_eq!(
            (source.kind, source.path.as_deref()),
            ("csv", Some("C:/data/a.csv".as_ref()))
        );
        assert_eq!(source.to_string(), "csv:C:/data/a.csv");
        assert_eq!(
            "digits".parse::<Source>().expect("it is well formed").path,
            None
        );
    }

    #[test]
    fn slips_are_answered() {
        let error = |text: &str| text.parse::<Source>().expect_err("it is not well formed");
        let misspelt = error("digit");
        assert!(
            misspelt
                .to_string()
                .starts_with("data `digit`: is not one of digits, ")
        );
        assert_eq!(misspelt.hint().as_deref(), Some("did you mean `digits`?"));
        assert_eq!(error("csv").to_string(), "data `csv`: needs a path");
        assert_eq!(
            error("csv:").hint().as_deref(),
            Some("write `csv:FILE.csv`")
        );
        assert_eq!(
            error("digits:/tmp").to_string(),
            "data `digits`: takes no path, `/tmp` was given"
        );
    }
}

//! Why a row cannot be read.

use std::path::Path;

use rusqlite::Connection;

use super::error::StudyError;

/// An error inside the database, before the file's name is added to it.
#[derive(Debug)]
pub(super) enum Fault {
    /// SQLite's own.
    Sqlite(rusqlite::Error),
    /// A row that SQLite can read and the format does not allow.
    Row {
        table: &'static str,
        row: String,
        rule: &'static str,
    },
}

impl Fault {
    pub(super) fn new(table: &'static str, row: impl ToString, rule: &'static str) -> Self {
        Self::Row {
            table,
            row: row.to_string(),
            rule,
        }
    }

    /// The error that callers see.
    pub(super) fn at(self, path: &Path, connection: &Connection) -> StudyError {
        match self {
            Self::Sqlite(
                source @ (rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)),
            ) => StudyError::Damaged {
                path: path.into(),
                finding: source.to_string(),
            },
            Self::Sqlite(source) => StudyError::database(path, source, Some(connection)),
            Self::Row { table, row, rule } => StudyError::Damaged {
                path: path.into(),
                finding: format!("table `{table}`, row {row}: {rule}"),
            },
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite(source)
    }
}

//! What can go wrong with a study on disk.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};
use thiserror::Error;

use super::schema;

/// Why a study cannot be made, opened, read or written.
///
/// No error destroys anything: a study that cannot be used is left as it is.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The directory holds no study.
    #[error("`{}` holds no study: there is no `{}` in it", .dir.display(), super::DATABASE)]
    Missing {
        /// The run directory.
        dir: PathBuf,
    },
    /// There is a study already where one should be made.
    #[error("`{}` holds a study already: one run directory holds one study", .dir.display())]
    Exists {
        /// The run directory.
        dir: PathBuf,
    },
    /// The file is something else.
    #[error("`{}` is not a study: it was not written by netsmith", .path.display())]
    NotAStudy {
        /// The file.
        path: PathBuf,
    },
    /// Another version's format that this build cannot read, or cannot write.
    #[error(
        "study `{}` has format {found}, this build reads {} and writes {}",
        .path.display(), readable(), schema::FORMAT
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// The file's content breaks the rules of its format.
    #[error("study `{}` is damaged: {finding}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first fault that was found.
        finding: String,
    },
    /// Another process writes the study.
    #[error("study in `{}` is in use{}: one process writes at a time", .dir.display(), by(*.process))]
    Locked {
        /// The run directory.
        dir: PathBuf,
        /// The id of the process, where it could be read.
        process: Option<u32>,
    },
    /// There is no room for more.
    #[error("study `{}` cannot grow: the disk is full", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// A value that is larger than what a study can be read back with.
    #[error("{what} of {length} bytes: at most {limit} bytes fit a study")]
    TooLarge {
        /// What the value is.
        what: &'static str,
        /// Its length in bytes.
        length: usize,
        /// The greatest length in bytes.
        limit: usize,
    },
    /// A trial was completed a second time.
    #[error("trial {number} was completed already: a trial has one outcome")]
    CompletedTwice {
        /// The trial.
        number: u64,
    },
    /// A trial was proposed a second time, and differently.
    #[error(
        "trial {number} is `{was}` in the study but `{is}` was proposed: a resumed search must propose the same"
    )]
    ProposalChanged {
        /// The trial.
        number: u64,
        /// The proposal in the study.
        was: String,
        /// The new one.
        is: String,
    },
    /// An event names a trial that was never proposed.
    #[error("trial {number} is not in the study: a trial is proposed before anything else")]
    UnknownTrial {
        /// The trial.
        number: u64,
    },
    /// The study was ended by an error that was reported before.
    #[error("the study takes no more events: writing it failed before")]
    Closed,
    /// The file system refused.
    #[error("cannot {action} `{}`", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The database refused for a reason that has no variant of its own.
    #[error("cannot use study `{}`", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rusqlite::Error,
    },
}

impl StudyError {
    /// What may help, in one sentence.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "give the directory that `netsmith search` made, such as `runs/digits-1`".into()
            }
            Self::Exists { dir } => format!(
                "go on with it by `netsmith resume {}`, or name another directory",
                dir.display()
            ),
            Self::NotAStudy { .. } => {
                "give the directory of a run; this file is left as it is".into()
            }
            Self::Format { found, .. } if *found > schema::FORMAT => {
                "it was written by a newer netsmith; use that version".into()
            }
            Self::Format { .. } => {
                "older studies can be shown and exported but not resumed; resume it with the \
                 netsmith that wrote it"
                    .into()
            }
            Self::Damaged { .. } => "nothing was changed; restore the run directory from a copy, \
                 or save what is readable with `sqlite3 study.db .recover`"
                .into(),
            Self::Locked { .. } => {
                "wait until the other process ends, or end it; `netsmith show` works meanwhile"
                    .into()
            }
            Self::Full { .. } => "what was recorded before is safe; make room, then \
                 `netsmith resume` goes on"
                .into(),
            Self::ProposalChanged { .. } => {
                "resume with the binary, configuration and data of the first run".into()
            }
            _ => return None,
        })
    }

    /// The error for a failed operation of the database; a fault of the file is
    /// looked for when SQLite reports one.
    pub(super) fn database(path: &Path, source: rusqlite::Error, on: Option<&Connection>) -> Self {
        let path = path.to_path_buf();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStudy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::TooBig) => {
                let finding = on
                    .and_then(first_fault)
                    .unwrap_or_else(|| source.to_string());
                Self::Damaged { path, finding }
            }
            _ => Self::Database { path, source },
        }
    }
}

/// The first fault that SQLite's own check of the whole file finds.
fn first_fault(connection: &Connection) -> Option<String> {
    let found: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .ok()?;
    (found != "ok").then(|| found.replace('\n', " "))
}

fn by(process: Option<u32>) -> String {
    process
        .map(|id| format!(" by process {id}"))
        .unwrap_or_default()
}

/// The formats that this build reads.
fn readable() -> String {
    match schema::OLDEST_FORMAT == schema::FORMAT {
        true => schema::FORMAT.to_string(),
        false => format!("{} to {}", schema::OLDEST_FORMAT, schema::FORMAT),
    }
}

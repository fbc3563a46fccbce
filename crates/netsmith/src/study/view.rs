//! Reading a study.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rusqlite::{Connection, OptionalExtension};

use super::error::StudyError;
use super::fault::Fault;
use super::header::Header;
use super::schema::NO_TRIAL;
use super::trials::{Checkpoint, Trials};
use super::{DATABASE, connection, load, lock};

/// A study that can be read and not changed, also while another process writes
/// it.
#[derive(Debug)]
pub struct View {
    dir: PathBuf,
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl View {
    /// Opens the study of a run directory for reading. Any number of processes
    /// may do so at once.
    ///
    /// # Errors
    /// [`StudyError::Missing`], [`StudyError::NotAStudy`], [`StudyError::Format`]
    /// for a format that this build does not know, [`StudyError::Damaged`], and
    /// the file system's errors.
    pub fn open(dir: &Path) -> Result<Self, StudyError> {
        let path = dir.join(DATABASE);
        match path.try_exists() {
            Ok(true) => {}
            Ok(false) => return Err(StudyError::Missing { dir: dir.into() }),
            Err(source) => {
                return Err(StudyError::File {
                    action: "read",
                    path,
                    source,
                });
            }
        }
        let connection = Mutex::new(connection::read(&path)?);
        Ok(Self {
            dir: dir.into(),
            path,
            connection,
        })
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whether a process has the study open for writing now. One that was killed
    /// has not, whatever its trials look like.
    pub fn is_being_written(&self) -> bool {
        lock::is_taken(&self.dir)
    }

    /// Configuration, seed and versions.
    ///
    /// # Errors
    /// [`StudyError::Damaged`], or the database's errors.
    pub fn header(&self) -> Result<Header, StudyError> {
        self.query(Header::read)
    }

    /// All trials. A hundred thousand take less than a second.
    ///
    /// # Errors
    /// [`StudyError::Damaged`] when a row breaks the format's rules, or the
    /// database's errors.
    pub fn trials(&self) -> Result<Trials, StudyError> {
        self.query(load::all)
    }

    /// All checkpoints, by trial and step.
    ///
    /// # Errors
    /// As [`View::trials`].
    pub fn checkpoints(&self) -> Result<Vec<Checkpoint>, StudyError> {
        self.query(load::all_checkpoints)
    }

    /// The measurements that were taken once, by name.
    ///
    /// # Errors
    /// As [`View::trials`].
    pub fn recorded(&self) -> Result<BTreeMap<String, f64>, StudyError> {
        self.query(|connection| {
            let mut values = BTreeMap::new();
            let mut statement = connection.prepare("SELECT name, value FROM recorded")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                values.insert(
                    row.get(0)?,
                    row.get::<_, Option<f64>>(1)?.unwrap_or(f64::NAN),
                );
            }
            Ok(values)
        })
    }

    /// The entry of the study with this name.
    ///
    /// # Errors
    /// As [`View::trials`].
    pub fn entry(&self, name: &str) -> Result<Option<Vec<u8>>, StudyError> {
        self.entry_at(NO_TRIAL, name)
    }

    /// The entry of a trial with this name.
    ///
    /// # Errors
    /// As [`View::trials`].
    pub fn trial_entry(&self, trial: u64, name: &str) -> Result<Option<Vec<u8>>, StudyError> {
        self.entry_at(trial.cast_signed(), name)
    }

    /// Checks the structure of the whole file, which takes about 0.1 s for a
    /// hundred thousand trials. [`Study::open`](super::Study::open) does so, for
    /// it is about to write.
    ///
    /// # Errors
    /// [`StudyError::Damaged`] with the first fault.
    pub fn check(&self) -> Result<(), StudyError> {
        let found = self.query(|connection| {
            Ok(connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0))?)
        })?;
        if found == "ok" {
            return Ok(());
        }
        Err(StudyError::Damaged {
            path: self.path.clone(),
            finding: found.replace('\n', " "),
        })
    }

    fn entry_at(&self, trial: i64, name: &str) -> Result<Option<Vec<u8>>, StudyError> {
        self.query(|connection| {
            Ok(connection
                .prepare_cached("SELECT value FROM entry WHERE trial = ?1 AND name = ?2")?
                .query_row((trial, name), |row| row.get(0))
                .optional()?)
        })
    }

    fn query<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StudyError> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        query(&connection).map_err(|fault| fault.at(&self.path, &connection))
    }
}

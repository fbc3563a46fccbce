//! The study: one search with all its trials, on disk.
//!
//! A run directory holds `study.db`, a SQLite file in WAL mode, and everything
//! that is shown, resumed or exported is read from it. [`Study`] writes it, one
//! process at a time; [`View`] reads it, from any number of processes.
//!
//! # What is durable
//! An event is durable once its group is committed, which happens within
//! milliseconds; [`Study::sync`] waits for it. What is committed survives the
//! death of the process at any instant, `kill -9` included, for it is then with
//! the operating system. A power cut may take the last seconds of commits, never
//! the order or the wholeness of what came before (`synchronous = NORMAL`: the
//! file is forced to disk at checkpoints of the WAL, not at each commit).
//!
//! # Example
//! ```
//! use netsmith::study::{Header, Study, View};
//! use netsmith::trial::{Fidelity, Metric, Outcome, Proposal};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = std::env::temp_dir().join(format!("netsmith-study-{}", std::process::id()));
//! let study = Study::create(&dir, &Header::new("seed = 7\n", 7, 1_767_225_600))?;
//! let proposal = Proposal {
//!     number: 0,
//!     architecture: "depth=2".into(),
//!     key: "00000000000000000000000000000000".into(),
//!     fidelity: Fidelity::epochs(3),
//!     seed: 11,
//!     parent: None,
//! };
//! study.propose(proposal.clone())?;
//! study.start(0)?;
//! let mut trial = proposal.complete(Outcome::Finished);
//! trial.metrics.set(Metric::validation_accuracy(), 0.75);
//! study.complete(trial.clone())?;
//! study.close()?;
//!
//! assert_eq!(View::open(&dir)?.trials()?.completed, [trial]);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok(())
//! # }
//! ```

mod apply;
mod connection;
mod directory;
mod error;
mod fault;
mod header;
mod load;
mod lock;
mod mirror;
mod recover;
mod remove;
mod schema;
mod trials;
mod view;
mod writer;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

pub use directory::new_run_directory;
pub use error::StudyError;
pub use header::Header;
pub use recover::{DEATHS, DEATHS_AT_WORK};
pub use remove::{Removed, remove};
pub use schema::{FIRST_FINAL, FORMAT, OLDEST_FORMAT};
pub use trials::{Checkpoint, FinalRun, Pending, Role, Suspicion, Trials};
pub use view::View;

use crate::trial::{Measurement, Outcome, Proposal, Trial};
use connection::VALUE_LIMIT;
use lock::Lock;
use schema::NO_TRIAL;
use writer::{Event, Writer};

/// Name of the study's file in a run directory.
pub const DATABASE: &str = "study.db";

/// A study that this process writes.
///
/// All methods may be called from any thread. Events are written in the order in
/// which they are sent, and an error of writing is reported by the next call; the
/// study takes no more events after one.
///
/// Dropping a study writes what was sent, but swallows errors: end it by
/// [`Study::close`].
#[derive(Debug)]
pub struct Study {
    dir: PathBuf,
    writer: Writer,
    recorded: Mutex<BTreeMap<String, f64>>,
    _lock: Lock,
}

impl Study {
    /// Makes a study in a directory, which is made too if need be.
    ///
    /// The file appears at once and whole, or not at all.
    ///
    /// # Errors
    /// [`StudyError::Exists`] when there is one already, [`StudyError::Locked`]
    /// when another process is just making it, [`StudyError::Full`], and the
    /// file system's errors.
    pub fn create(dir: &Path, header: &Header) -> Result<Self, StudyError> {
        fits("configuration", header.configuration.len())?;
        let failed = |action, path: &Path| {
            let path = path.to_path_buf();
            move |source| StudyError::File {
                action,
                path,
                source,
            }
        };
        std::fs::create_dir_all(dir).map_err(failed("make", dir))?;
        let lock = Lock::take(dir)?;
        let path = dir.join(DATABASE);
        if path.try_exists().map_err(failed("read", &path))? {
            return Err(StudyError::Exists { dir: dir.into() });
        }
        // Under another name until it is whole; a process that died here before
        // may have left some.
        let draft = dir.join(DRAFT);
        for name in [DRAFT, DRAFT_JOURNAL] {
            match std::fs::remove_file(dir.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(failed("replace", &draft)(error));
                }
                _ => {}
            }
        }
        connection::create(&draft, |connection| header.write(connection))?;
        std::fs::rename(&draft, &path).map_err(failed("name", &path))?;
        Self::start_writing(dir, lock)
    }

    /// Opens the study of a run directory to go on with it.
    ///
    /// Trials that ran when the last process died wait again, with one death
    /// more and under [`Suspicion`]; those of [`DEATHS`] deaths, or
    /// [`DEATHS_AT_WORK`], are recorded as crashed.
    ///
    /// # Errors
    /// Those of [`View::open`]; [`StudyError::Locked`] when another process has
    /// the study; [`StudyError::Format`] also for an older format, which can only
    /// be read.
    pub fn open(dir: &Path) -> Result<Self, StudyError> {
        // Nothing is written, not even the lock, before the file is known to be
        // a whole study.
        View::open(dir)?.check()?;
        Self::start_writing(dir, Lock::take(dir)?)
    }

    /// Opens the study of a run directory for reading; see [`View::open`].
    ///
    /// # Errors
    /// Those of [`View::open`].
    pub fn open_read_only(dir: &Path) -> Result<View, StudyError> {
        View::open(dir)
    }

    fn start_writing(dir: &Path, lock: Lock) -> Result<Self, StudyError> {
        let path = dir.join(DATABASE);
        let mut connection = connection::write(&path)?;
        recover::settle(&mut connection)
            .map_err(|source| StudyError::database(&path, source, Some(&connection)))?;
        let writer = Writer::new(path, connection)?;
        let recorded = Mutex::new(View::open(dir)?.recorded()?);
        Ok(Self {
            dir: dir.into(),
            writer,
            recorded,
            _lock: lock,
        })
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The study as it is now, everything included that was sent before.
    ///
    /// # Errors
    /// Those of writing, and those of [`View::open`].
    pub fn view(&self) -> Result<View, StudyError> {
        self.sync()?;
        View::open(&self.dir)
    }

    /// Adds a trial that waits to be started. Proposing the same again changes
    /// nothing.
    ///
    /// # Errors
    /// As all events: an error of this or an earlier one is reported by a later
    /// call. [`StudyError::ProposalChanged`] when the study holds something else
    /// under this number.
    pub fn propose(&self, proposal: Proposal) -> Result<(), StudyError> {
        fits("architecture", proposal.architecture.len())?;
        self.writer.send(Event::Propose {
            proposal,
            run: None,
        })
    }

    /// Adds a run of the final phase, whose number is [`FIRST_FINAL`] or more.
    /// From then on it is handled as any trial.
    ///
    /// # Errors
    /// As [`Study::propose`].
    pub fn propose_final(&self, run: FinalRun<Proposal>) -> Result<(), StudyError> {
        let FinalRun { role, name, trial } = run;
        fits("architecture", trial.architecture.len())?;
        self.writer.send(Event::Propose {
            proposal: trial,
            run: Some((role, name)),
        })
    }

    /// Marks a trial as running, so that it is known should the process die.
    /// [`Study::sync`] makes sure of it before something dangerous begins.
    ///
    /// # Errors
    /// [`StudyError::UnknownTrial`], [`StudyError::CompletedTwice`].
    pub fn start(&self, trial: u64) -> Result<(), StudyError> {
        self.writer.send(Event::Start(trial))
    }

    /// Marks a running trial as one that is at work: should the process die, the
    /// trial is hardly the cause. See [`DEATHS`] and [`DEATHS_AT_WORK`].
    ///
    /// # Errors
    /// Those of earlier events.
    pub fn working(&self, trial: u64) -> Result<(), StudyError> {
        self.writer.send(Event::Working(trial))
    }

    /// Adds a value of a running trial; one of the same metric and step is
    /// replaced.
    ///
    /// # Errors
    /// [`StudyError::UnknownTrial`], [`StudyError::CompletedTwice`].
    pub fn measure(&self, trial: u64, measurement: Measurement) -> Result<(), StudyError> {
        self.writer.send(Event::Measure { trial, measurement })
    }

    /// Completes a trial. Its curves replace what [`Study::measure`] added, so a
    /// cheap evaluation need not send single values. A trial of the search may
    /// come without having been proposed.
    ///
    /// # Errors
    /// [`StudyError::CompletedTwice`], [`StudyError::ProposalChanged`].
    pub fn complete(&self, trial: Trial) -> Result<(), StudyError> {
        let detail = match &trial.outcome {
            Outcome::Diverged { reason: text } | Outcome::Crashed { message: text } => text.len(),
            _ => 0,
        };
        fits("trial", trial.architecture.len() + detail)?;
        self.writer.send(Event::Complete(Box::new(trial)))
    }

    /// Adds a checkpoint to the index. The file must be whole before.
    ///
    /// # Errors
    /// [`StudyError::UnknownTrial`].
    pub fn checkpoint(&self, checkpoint: Checkpoint) -> Result<(), StudyError> {
        self.writer.send(Event::Checkpoint(checkpoint))
    }

    /// Takes a checkpoint from the index. Delete the file only after
    /// [`Study::sync`], so that the index never names a file that is gone.
    ///
    /// # Errors
    /// Those of earlier events.
    pub fn forget_checkpoint(&self, trial: u64, step: u64) -> Result<(), StudyError> {
        self.writer.send(Event::Forget { trial, step })
    }

    /// Sets an entry of the study: bytes under a name, for the search's own use.
    /// [`View::entry`] reads it.
    ///
    /// # Errors
    /// [`StudyError::TooLarge`].
    pub fn put(&self, name: &str, value: impl Into<Vec<u8>>) -> Result<(), StudyError> {
        self.put_at(NO_TRIAL, name, value.into())
    }

    /// Sets an entry of a trial. [`View::trial_entry`] reads it.
    ///
    /// # Errors
    /// [`StudyError::TooLarge`].
    pub fn put_for(
        &self,
        trial: u64,
        name: &str,
        value: impl Into<Vec<u8>>,
    ) -> Result<(), StudyError> {
        self.put_at(trial.cast_signed(), name, value.into())
    }

    fn put_at(&self, trial: i64, name: &str, value: Vec<u8>) -> Result<(), StudyError> {
        fits("entry", value.len())?;
        self.writer.send(Event::Put {
            trial,
            name: name.into(),
            value,
        })
    }

    /// A measurement that is taken once in the life of a study, such as the speed
    /// of this machine: later calls, also after a resume, give the same value. It
    /// is durable when it is returned.
    ///
    /// # Errors
    /// Those of writing.
    pub fn recorded(&self, name: &str, measure: impl FnOnce() -> f64) -> Result<f64, StudyError> {
        let mut recorded = self
            .recorded
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(value) = recorded.get(name) {
            return Ok(*value);
        }
        let value = measure();
        self.writer.send(Event::Record {
            name: name.into(),
            value,
        })?;
        self.sync()?;
        recorded.insert(name.into(), value);
        Ok(value)
    }

    /// Waits until everything that was sent before is durable.
    ///
    /// # Errors
    /// The first error of writing, such as [`StudyError::Full`].
    pub fn sync(&self) -> Result<(), StudyError> {
        self.writer.sync()
    }

    /// Ends the study in order: trials without an outcome wait for a resume, and
    /// no death is counted for them.
    ///
    /// # Errors
    /// The first error of writing that was not reported yet.
    pub fn close(mut self) -> Result<(), StudyError> {
        self.writer.send(Event::Rest)?;
        self.sync()?;
        self.writer.end();
        Ok(())
    }
}

impl Drop for Study {
    fn drop(&mut self) {
        // After `close` there is nobody to send to, and that is fine.
        let _ = self.writer.send(Event::Rest);
        self.writer.end();
    }
}

/// Name of a study's file while it is made.
const DRAFT: &str = "study.db.new";

/// What SQLite puts beside it meanwhile.
const DRAFT_JOURNAL: &str = "study.db.new-journal";

/// Makes sure that a value can be read back.
fn fits(what: &'static str, length: usize) -> Result<(), StudyError> {
    let limit = VALUE_LIMIT / 2;
    if length > limit {
        return Err(StudyError::TooLarge {
            what,
            length,
            limit,
        });
    }
    Ok(())
}

//! One process writes: the lock of a run directory.
//!
//! The operating system holds the lock for as long as the file is open, so it
//! ends with the process however that dies; a lock file that was left behind
//! blocks nobody. The database itself is never locked against readers.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::error::StudyError;

/// Name of the lock file in a run directory.
pub(super) const LOCK: &str = "study.lock";

/// How often to try again when the lock is taken, and how long to wait between.
/// A process that is just being started, such as an outside command, holds copies
/// of all open files for a moment, and so the lock of the study that started it.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// The right to write one study, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a run directory, or says who has it.
    pub(super) fn take(dir: &Path) -> Result<Self, StudyError> {
        let path = dir.join(LOCK);
        let failed = |action| {
            let path = path.clone();
            move |source| StudyError::File {
                action,
                path,
                source,
            }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open"))?;
        let mut tries = TRIES;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if tries > 0 => {
                    tries -= 1;
                    std::thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StudyError::Locked {
                        dir: dir.into(),
                        process: holder(&mut file),
                    });
                }
                Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
            }
        }
        // The holder's id only serves the message that others see; a full disk
        // must not keep anyone from the study for it.
        let _ = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// Whether a process holds the lock of a run directory.
///
/// It is tried without writing anything; who takes the lock just then tries
/// again.
pub(super) fn is_taken(dir: &Path) -> bool {
    let Ok(file) = File::open(dir.join(LOCK)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(20).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

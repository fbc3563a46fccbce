//! The thread that writes: events in, groups of them committed.
//!
//! The thread takes whatever has arrived, writes it in one transaction and
//! commits, and so on. An idle study therefore commits each event at once, and
//! a busy one some hundreds together. Events are committed in the order in
//! which they were sent: after a death, the file holds the start of the history
//! and never a part from the middle.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::apply::{Applier, Refusal};
use super::error::StudyError;
use super::trials::{Checkpoint, Role};
use crate::trial::{Measurement, Proposal, Trial};

/// How many events may wait; a sender that is faster than the disk waits too.
const QUEUE: usize = 4096;

/// The greatest number of events in one transaction.
const GROUP: usize = 1024;

/// One change of a study.
#[derive(Debug)]
pub(super) enum Event {
    Propose {
        proposal: Proposal,
        run: Option<(Role, String)>,
    },
    Start(u64),
    Working(u64),
    Measure {
        trial: u64,
        measurement: Measurement,
    },
    Complete(Box<Trial>),
    Checkpoint(Checkpoint),
    Forget {
        trial: u64,
        step: u64,
    },
    Put {
        trial: i64,
        name: String,
        value: Vec<u8>,
    },
    Record {
        name: String,
        value: f64,
    },
    /// All running trials wait again: the process ends on its own terms.
    Rest,
    /// Answered once everything before it is committed.
    Sync(SyncSender<()>),
}

/// The sending side.
#[derive(Debug)]
pub(super) struct Writer {
    events: Option<SyncSender<Event>>,
    failure: Arc<Mutex<Option<StudyError>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn new(path: PathBuf, connection: Connection) -> Result<Self, StudyError> {
        let (events, receiver) = sync_channel(QUEUE);
        let failure = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&failure);
        let file = path.clone();
        let thread = std::thread::Builder::new()
            .name("study".into())
            .spawn(move || {
                let mut waiting = Vec::new();
                if let Err(error) = write(&path, connection, &receiver, &mut waiting) {
                    // Before those who wait hear that it failed: they look here.
                    *slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(error);
                }
            })
            .map_err(|source| StudyError::File {
                action: "start writing",
                path: file,
                source,
            })?;
        Ok(Self {
            events: Some(events),
            failure,
            thread: Some(thread),
        })
    }

    /// Sends an event; an earlier event's error is reported here.
    pub(super) fn send(&self, event: Event) -> Result<(), StudyError> {
        match &self.events {
            Some(events) if events.send(event).is_ok() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    /// Waits until everything that was sent is committed.
    pub(super) fn sync(&self) -> Result<(), StudyError> {
        let (done, committed) = sync_channel(1);
        self.send(Event::Sync(done))?;
        committed.recv().map_err(|_| self.failure())
    }

    /// Ends the thread and waits for it.
    pub(super) fn end(&mut self) {
        drop(self.events.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the thread is a bug that its own message reports, and
            // the next event meets a closed study.
            let _ = thread.join();
        }
    }

    fn failure(&self) -> StudyError {
        let mut slot = self
            .failure
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        slot.take().unwrap_or(StudyError::Closed)
    }
}

/// Writes groups until there are no senders left. Who waits for a group stands in
/// `waiting` until it is committed.
fn write(
    path: &Path,
    mut connection: Connection,
    events: &Receiver<Event>,
    waiting: &mut Vec<SyncSender<()>>,
) -> Result<(), StudyError> {
    let failed = |source| StudyError::database(path, source, None);
    let mut applier = Applier::new(&connection).map_err(|fault| fault.at(path, &connection))?;
    while let Ok(first) = events.recv() {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let mut refusal = None;
        let mut next = Some(first);
        let mut count = 0;
        while let Some(event) = next.take() {
            count += 1;
            match event {
                Event::Sync(done) => waiting.push(done),
                event => match applier.apply(&transaction, event) {
                    Ok(()) => {}
                    // Refused before anything was written: what came before it
                    // is good.
                    Err(Refusal::Event(error)) => {
                        refusal = Some(error);
                        break;
                    }
                    Err(Refusal::Database(source)) => return Err(failed(source)),
                },
            }
            if count < GROUP {
                next = events.try_recv().ok();
            }
        }
        transaction.commit().map_err(failed)?;
        for done in waiting.drain(..) {
            // Whoever asked may have gone meanwhile.
            let _ = done.send(());
        }
        if let Some(error) = refusal {
            return Err(error);
        }
    }
    rest(connection);
    Ok(())
}

/// Leaves the study as one plain file, which can be copied and also be read
/// where nothing can be written. Where that fails, because somebody reads it just
/// now, the WAL stays beside it and is as good.
fn rest(connection: Connection) {
    let _ = connection.busy_timeout(Duration::ZERO).and_then(|()| {
        connection.query_row("PRAGMA journal_mode = DELETE", [], |row| {
            row.get::<_, String>(0)
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::{DATABASE, Header, Study, View, connection};
    use super::*;
    use crate::trial::{Fidelity, Outcome};

    fn trial(number: u64) -> Event {
        let architecture = "depth=2".repeat(100);
        let key = String::new();
        let fidelity = Fidelity::epochs(1);
        let proposal = Proposal {
            number,
            architecture,
            key,
            fidelity,
            seed: 0,
            parent: None,
        };
        Event::Complete(Box::new(proposal.complete(Outcome::Finished)))
    }

    #[test]
    fn a_full_disk_is_named_and_costs_nothing_that_was_durable() {
        let dir = tempfile::tempdir().unwrap();
        Study::create(dir.path(), &Header::new("", 1, 0))
            .unwrap()
            .close()
            .unwrap();
        let path = dir.path().join(DATABASE);
        let connection = connection::write(&path).unwrap();
        // SQLite gives the same error for the limit as for a disk without room.
        connection
            .pragma_update(None, "max_page_count", 60)
            .unwrap();
        let mut writer = Writer::new(path, connection).unwrap();
        let mut durable = 0;
        let error = loop {
            match writer.send(trial(durable)).and_then(|()| writer.sync()) {
                Ok(()) => durable += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StudyError::Full { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("resume"));
        assert!(matches!(writer.sync(), Err(StudyError::Closed)));
        writer.end();

        let study = Study::open(dir.path()).unwrap();
        assert_eq!(
            study.view().unwrap().trials().unwrap().completed.len() as u64,
            durable
        );
        study.writer.send(trial(durable)).unwrap();
        study.close().unwrap();
        let trials = View::open(dir.path()).unwrap().trials().unwrap();
        assert_eq!(trials.completed.len() as u64, durable + 1);
    }

    #[test]
    fn a_refused_event_keeps_what_came_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let study = Study::create(dir.path(), &Header::new("", 1, 0)).unwrap();
        // Likely all in one group, as nothing waits between them.
        for event in [trial(0), trial(1), Event::Start(9), trial(2)] {
            if study.writer.send(event).is_err() {
                break;
            }
        }
        assert!(study.sync().is_err());
        drop(study);
        let trials = View::open(dir.path()).unwrap().trials().unwrap();
        assert_eq!(trials.completed.len(), 2);
    }
}

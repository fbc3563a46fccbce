//! What a new process does with what the last one left.

use rusqlite::Connection;

use super::schema::QUEUED;

/// A trial during which the process died this often, without a new step in
/// between, is recorded as crashed: it is held to be the cause.
pub const DEATHS: u32 = 2;

/// Counts a death for every trial that was running, and records as crashed what
/// has had [`DEATHS`] of them. Running states can only stem from a process that
/// died: one that ends in order puts its trials back in the queue.
pub(super) fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute(
        "UPDATE trial SET deaths = deaths + 1, state = ?1
         WHERE state IN ('queued', 'running') AND state = 'running'",
        [QUEUED],
    )?;
    transaction.execute(
        "UPDATE trial SET state = 'crashed', detail = ?1, seconds = 0,
             ended = (SELECT coalesce(max(ended), 0) FROM trial)
         WHERE state IN ('queued', 'running') AND deaths >= ?2",
        (
            format!("the process died {DEATHS} times while this trial ran"),
            DEATHS,
        ),
    )?;
    transaction.commit()
}

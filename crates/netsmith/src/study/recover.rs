//! What a new process does with what the last one left.

use rusqlite::Connection;

use super::schema::QUEUED;

/// A trial that the process died in this often before any part of its work was
/// done, without a new step in between, is recorded as crashed: it is held to be
/// the cause. What brings a process down mostly does so at once, as by too much
/// memory in the first batch. All but the first of these deaths it had to itself:
/// see [`Suspicion`](super::Suspicion).
pub const DEATHS: u32 = 3;

/// The same for a trial that was at work when the process died. Its part in the
/// death is doubtful: whoever kills a long search now and then would otherwise
/// lose good trials.
pub const DEATHS_AT_WORK: u32 = 6;

/// From so many deaths at work on a trial runs alone, until its next step.
pub(super) const ALONE_AT_WORK: u32 = 3;

/// Counts a death for every trial that was running, and records as crashed what
/// has had too many of them. Running states can only stem from a process that
/// died: one that ends in order puts its trials back in the queue.
pub(super) fn settle(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute(
        "UPDATE trial SET state = ?1, at_work = 0,
             deaths = deaths + (at_work = 0), deaths_at_work = deaths_at_work + (at_work <> 0)
         WHERE state IN ('queued', 'running') AND state = 'running'",
        [QUEUED],
    )?;
    transaction.execute(
        "UPDATE trial SET state = 'crashed', seconds = 0,
             detail = 'the process died ' || (deaths + deaths_at_work)
                 || ' times while this trial ran',
             ended = (SELECT coalesce(max(ended), 0) FROM trial)
         WHERE state IN ('queued', 'running') AND (deaths >= ?1 OR deaths_at_work >= ?2)",
        [DEATHS, DEATHS_AT_WORK],
    )?;
    transaction.commit()
}

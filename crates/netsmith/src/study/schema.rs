//! The tables of a study, format 1.
//!
//! Everything is plain columns, so that a study can be read with any SQLite
//! tool. Unsigned 64-bit numbers are stored as the signed number of the same
//! bits, and a NaN as NULL, which is what SQLite makes of it. Values have columns
//! of type ANY, for one of type REAL turns -0.0 into 0.0 and a resumed search would
//! see other bits.
//!
//! Changing anything here is a new format: a new number, a golden file of the
//! old one, and a reader for it.

use rusqlite::Connection;

/// The format that this build writes, in SQLite's `user_version`.
pub const FORMAT: i64 = 1;

/// The oldest format that this build reads.
pub const OLDEST_FORMAT: i64 = 1;

/// Marks a SQLite file as a study, in SQLite's `application_id`: `nsmt`.
pub(super) const APPLICATION: i64 = 0x6e73_6d74;

/// Trials of the final phase are numbered from here, so that they share the
/// tables of the search's trials without mixing with them.
pub const FIRST_FINAL: u64 = 1 << 40;

/// Names the study itself where a trial's number would stand.
pub(super) const NO_TRIAL: i64 = -1;

/// The state of a trial that waits to be started.
pub(super) const QUEUED: &str = "queued";

/// One statement for each table and index.
pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE meta (
        name TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE recorded (
        name TEXT NOT NULL PRIMARY KEY,
        value ANY
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE metric (
        id INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        unit TEXT NOT NULL,
        direction TEXT NOT NULL,
        UNIQUE (name, unit, direction)
    ) STRICT",
    "CREATE TABLE trial (
        number INTEGER NOT NULL PRIMARY KEY,
        state TEXT NOT NULL,
        architecture TEXT NOT NULL,
        key TEXT NOT NULL,
        epochs INTEGER NOT NULL,
        data REAL NOT NULL,
        width REAL NOT NULL,
        seed INTEGER NOT NULL,
        parent INTEGER,
        duplicate_of INTEGER,
        parameters INTEGER,
        macs INTEGER,
        peak_memory_bytes INTEGER,
        latency_ms ANY,
        seconds ANY,
        ended ANY,
        detail TEXT,
        detail_unit TEXT,
        detail_value ANY,
        detail_limit ANY,
        needed_bytes INTEGER,
        available_bytes INTEGER,
        deaths INTEGER NOT NULL DEFAULT 0,
        deaths_at_work INTEGER NOT NULL DEFAULT 0,
        at_work INTEGER NOT NULL DEFAULT 0,
        reached INTEGER NOT NULL DEFAULT -1
    ) STRICT",
    "CREATE INDEX pending ON trial (number) WHERE state IN ('queued', 'running')",
    "CREATE TABLE result (
        trial INTEGER NOT NULL,
        metric INTEGER NOT NULL,
        value ANY,
        PRIMARY KEY (trial, metric)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE measurement (
        trial INTEGER NOT NULL,
        metric INTEGER NOT NULL,
        step INTEGER NOT NULL,
        value ANY,
        PRIMARY KEY (trial, metric, step)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE checkpoint (
        trial INTEGER NOT NULL,
        step INTEGER NOT NULL,
        file TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (trial, step)
    ) STRICT, WITHOUT ROWID",
    "CREATE TABLE final (
        trial INTEGER NOT NULL PRIMARY KEY,
        role TEXT NOT NULL,
        name TEXT NOT NULL
    ) STRICT",
    "CREATE TABLE entry (
        trial INTEGER NOT NULL,
        name TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (trial, name)
    ) STRICT, WITHOUT ROWID",
];

/// Makes the tables in an empty database.
pub(super) fn build(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    TABLES
        .iter()
        .try_for_each(|table| connection.execute_batch(table))
}

/// The kind, name and text of everything in the schema, by name.
pub(super) fn listing(connection: &Connection) -> rusqlite::Result<Vec<(String, String, String)>> {
    connection
        .prepare(
            "SELECT type, name, sql FROM sqlite_schema
             WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

//! Opening a study's file, and the checks that come first.
//!
//! The file is only ever read through SQLite: closing any other handle on it
//! would drop the locks that SQLite holds for the whole process.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::error::StudyError;
use super::fault::Fault;
use super::schema;

/// The greatest length of one stored value, in bytes; a longer one is refused
/// when it is written and when it is read.
pub(super) const VALUE_LIMIT: usize = 64 << 20;

/// How long to wait for another connection, such as a reader that is just
/// opening the file.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens a study's file for reading.
///
/// A process that died while it opened or ended a study may have left a change
/// half done. Only a connection that may write can take that back, so one is
/// used then, and set to refuse every other change.
pub(super) fn read(path: &Path) -> Result<Connection, StudyError> {
    let reading = || {
        let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        check(path, &connection)?;
        Ok(connection)
    };
    match reading() {
        Err(StudyError::Database { .. }) => {}
        result => return result,
    }
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .and_then(|_| connection.pragma_update(None, "query_only", true))
        .map_err(|source| StudyError::database(path, source, None))?;
    check(path, &connection)?;
    Ok(connection)
}

/// Opens a study's file for writing. The caller holds the lock.
pub(super) fn write(path: &Path) -> Result<Connection, StudyError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let found = check(path, &connection)?;
    if found != schema::FORMAT {
        return Err(StudyError::Format {
            path: path.into(),
            found,
        });
    }
    let failed = |source| StudyError::database(path, source, Some(&connection));
    connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| {
            row.get::<_, String>(0)
        })
        .map_err(failed)?;
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(failed)?;
    Ok(connection)
}

/// Makes a new study's file, with its tables and whatever `fill` adds, in one
/// transaction.
pub(super) fn create(
    path: &Path,
    fill: impl FnOnce(&Connection) -> rusqlite::Result<()>,
) -> Result<(), StudyError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = open(path, flags)?;
    let build = || {
        let transaction = connection.transaction()?;
        schema::build(&transaction)?;
        fill(&transaction)?;
        transaction.commit()
    };
    build().map_err(|source| StudyError::database(path, source, None))
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, StudyError> {
    let failed = |source| StudyError::database(path, source, None);
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let set = || {
        connection.busy_timeout(PATIENCE)?;
        // The file may come from anywhere: nothing in it may act by itself.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_LIMIT as i32)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "cell_size_check", true)
    };
    set().map_err(failed)?;
    Ok(connection)
}

/// Checks the marks, the size and the tables, and gives the format. The rows
/// are checked when they are read.
fn check(path: &Path, connection: &Connection) -> Result<i64, StudyError> {
    let failed = |source| StudyError::database(path, source, Some(connection));
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    if number("PRAGMA application_id").map_err(failed)? != schema::APPLICATION {
        return Err(StudyError::NotAStudy { path: path.into() });
    }
    let found = number("PRAGMA user_version").map_err(failed)?;
    if !(schema::OLDEST_FORMAT..=schema::FORMAT).contains(&found) {
        return Err(StudyError::Format {
            path: path.into(),
            found,
        });
    }
    if schema::listing(connection).map_err(failed)? != expected().map_err(failed)? {
        let fault = Fault::new("sqlite_schema", "all", "must be the tables of this format");
        return Err(fault.at(path, connection));
    }
    let pages = number("PRAGMA page_count").map_err(failed)?;
    let size = pages * number("PRAGMA page_size").map_err(failed)?;
    whole(path, size.cast_unsigned())?;
    Ok(found)
}

/// Makes sure that the file has the length that it claims: SQLite reads what is
/// missing of the last page as zeros. While there is a WAL, that may hold the rest.
fn whole(path: &Path, claimed: u64) -> Result<(), StudyError> {
    let wal = path.with_extension("db-wal");
    if std::fs::metadata(&wal).is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let length = std::fs::metadata(path)
        .map_err(|source| StudyError::File {
            action: "read",
            path: path.into(),
            source,
        })?
        .len();
    if length < claimed {
        let finding = format!("it has {length} bytes of {claimed}");
        return Err(StudyError::Damaged {
            path: path.into(),
            finding,
        });
    }
    Ok(())
}

/// The schema of a new study.
fn expected() -> rusqlite::Result<Vec<(String, String, String)>> {
    let connection = Connection::open_in_memory()?;
    schema::build(&connection)?;
    schema::listing(&connection)
}

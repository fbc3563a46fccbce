//! Where Netsmith keeps what it can fetch or make anew.

use netsmith::evaluate::table::{Table, TableEntry, TableError};
use std::path::{Path, PathBuf};

/// The user's folder for it, where the system names one: `netsmith` in
/// `XDG_CACHE_HOME`, in `LOCALAPPDATA` or in `.cache` of the home folder.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let caches = set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA"));
    let caches = caches.map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
    Some(caches.join("netsmith"))
}

/// A table of the catalogue from its place in a data folder, by way of a compact
/// copy in the user's cache.
///
/// # Errors
/// Those of [`TableEntry::open_cached`].
pub fn open_table(entry: &TableEntry, folder: &Path) -> Result<Table, TableError> {
    match cache_folder() {
        Some(cache) => entry.open_cached(folder, &cache.join("tables")),
        None => entry.open(folder),
    }
}

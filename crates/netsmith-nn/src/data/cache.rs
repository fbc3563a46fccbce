//! Where Netsmith keeps what it can fetch or make anew.

use std::path::PathBuf;

/// The user's folder for it, where the system names one: `netsmith` in
/// `XDG_CACHE_HOME`, in `LOCALAPPDATA` or in `.cache` of the home folder.
pub fn cache_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let caches = set("XDG_CACHE_HOME").or_else(|| set("LOCALAPPDATA"));
    let caches = caches.map(PathBuf::from);
    let caches = caches.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
    Some(caches.join("netsmith"))
}

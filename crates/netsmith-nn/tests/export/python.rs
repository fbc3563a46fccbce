//! The Python of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The interpreter that `NETSMITH_PYTHON` names, or the one in the `.python`
/// folder of the repository; none where neither is there, which is said.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
pub(crate) fn interpreter() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = std::env::var_os("NETSMITH_PYTHON")
        .map_or_else(|| root.join(".python/bin/python"), PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    eprintln!(
        "skipped: there is no Python at {}; `cargo xtask check` prepares it",
        path.display()
    );
    None
}

/// Runs a script of this file's folder.
///
/// # Panics
/// It fails; then with all that it said.
pub(crate) fn run(interpreter: &Path, script: &str, argument: &Path) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export");
    let output = Command::new(interpreter)
        .arg(folder.join(script))
        .arg(argument)
        .output();
    let output = output.expect("Python can be started");
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(
        output.status.success(),
        "{script} failed:\n{}",
        said.concat()
    );
}

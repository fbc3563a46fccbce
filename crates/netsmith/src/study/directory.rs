//! Names of run directories.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::StudyError;

/// Makes the next free run directory of a name and gives its path: `digits-1`,
/// `digits-2` and so on, one more than the greatest that is there, in the folder
/// `runs`, which is made too if need be.
///
/// Two processes that ask at once get two directories. Letters, digits, `.`,
/// `_` and `-` of the name are kept, and anything else becomes a `-`.
///
/// # Errors
/// [`StudyError::File`] when the folder cannot be read or written.
pub fn new_run_directory(runs: &Path, name: &str) -> Result<PathBuf, StudyError> {
    let failed = |action, path: &Path| {
        let path = path.to_path_buf();
        move |source| StudyError::File {
            action,
            path,
            source,
        }
    };
    fs::create_dir_all(runs).map_err(failed("make", runs))?;
    let name = clean(name);
    let mut number = 1 + greatest(runs, &name).map_err(failed("read", runs))?;
    loop {
        let path = runs.join(format!("{name}-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(failed("make", &path)(error)),
        }
    }
}

fn clean(name: &str) -> String {
    let keep = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name
        .chars()
        .map(|c| if keep(c) { c } else { '-' })
        .collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() {
        "run".into()
    } else {
        name.into()
    }
}

/// The greatest number that follows the name in a folder, or zero.
fn greatest(runs: &Path, name: &str) -> std::io::Result<u64> {
    let mut greatest = 0;
    for entry in fs::read_dir(runs)? {
        let file_name = entry?.file_name();
        let number = file_name.to_str().and_then(|text| {
            text.strip_prefix(name)?
                .strip_prefix('-')?
                .parse::<u32>()
                .ok()
        });
        greatest = greatest.max(number.map_or(0, u64::from));
    }
    Ok(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_up_and_are_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let next = |name| new_run_directory(&runs, name).unwrap();
        assert_eq!(next("digits"), runs.join("digits-1"));
        assert_eq!(next("digits"), runs.join("digits-2"));
        fs::remove_dir(runs.join("digits-1")).unwrap();
        fs::create_dir(runs.join("digits-9")).unwrap();
        fs::create_dir(runs.join("digits-10-copy")).unwrap();
        assert_eq!(next("digits"), runs.join("digits-10"));
        assert_eq!(next("../my data"), runs.join("my-data-1"));
        assert_eq!(next("///"), runs.join("run-1"));
    }

    #[test]
    fn many_at_once_get_one_each() {
        let folder = tempfile::tempdir().unwrap();
        let made: Vec<PathBuf> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| new_run_directory(folder.path(), "a").unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let unique: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(unique.len(), 8);
    }
}

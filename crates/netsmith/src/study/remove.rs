//! Deleting a run, and nothing else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::StudyError;
use super::lock::{LOCK, Lock};
use super::view::View;
use super::{DATABASE, DRAFT, DRAFT_JOURNAL};

/// Files that a run directory is known to hold, `*` standing for any name. The
/// study comes last, so that a removal that was interrupted can be repeated.
const KNOWN: &[(&str, &[&str])] = &[
    ("checkpoints", &["*.safetensors", "*.safetensors.new"]),
    (
        "best",
        &[
            "architecture.txt",
            "network.svg",
            "model.onnx",
            "model.safetensors",
            "model.py",
            "card.md",
        ],
    ),
    (
        "",
        &[
            "config.toml",
            "report.html",
            "report.json",
            "splits.json",
            "*.indices.csv",
            DRAFT,
            DRAFT_JOURNAL,
            "study.db-shm",
            "study.db-wal",
            DATABASE,
            LOCK,
        ],
    ),
];

/// What [`remove`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many files were deleted.
    pub files: usize,
    /// Their length in bytes.
    pub bytes: u64,
    /// What was left because netsmith does not know it; the run directory then
    /// stays too.
    pub left: Vec<PathBuf>,
}

/// Deletes the files that a run directory is known to hold, and the directory
/// once it is empty. Links are not followed.
///
/// # Errors
/// Those of [`View::open`] when the directory holds no study that this build can
/// read, [`StudyError::Locked`] when a process writes it, and
/// [`StudyError::File`] when a file cannot be deleted.
pub fn remove(dir: &Path) -> Result<Removed, StudyError> {
    drop(View::open(dir)?);
    let _lock = Lock::take(dir)?;
    let mut removed = Removed::default();
    for (folder, patterns) in KNOWN {
        let folder = if folder.is_empty() {
            dir.to_path_buf()
        } else {
            dir.join(folder)
        };
        empty(&folder, patterns, &mut removed)?;
        if folder != dir {
            delete_if_empty(&folder)?;
        }
    }
    delete_if_empty(dir)?;
    removed.left = list(dir)?;
    Ok(removed)
}

/// Deletes the files of a folder that match, pattern by pattern.
fn empty(folder: &Path, patterns: &[&str], removed: &mut Removed) -> Result<(), StudyError> {
    let is_directory = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    if !is_directory {
        return Ok(());
    }
    let paths = list(folder)?;
    for pattern in patterns {
        for path in &paths {
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(|name| matches(pattern, name)) {
                continue;
            }
            let failed = |source| StudyError::File {
                action: "delete",
                path: path.clone(),
                source,
            };
            match fs::symlink_metadata(path) {
                Ok(found) if found.is_file() => {
                    fs::remove_file(path).map_err(failed)?;
                    removed.files += 1;
                    removed.bytes += found.len();
                }
                // The database's side files go when its last reader does.
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
    }
    Ok(())
}

fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) => name.len() > ending.len() && name.ends_with(ending),
        None => name == pattern,
    }
}

fn delete_if_empty(folder: &Path) -> Result<(), StudyError> {
    match fs::remove_dir(folder) {
        Err(error)
            if !matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty | ErrorKind::NotADirectory
            ) =>
        {
            Err(StudyError::File {
                action: "delete",
                path: folder.into(),
                source: error,
            })
        }
        _ => Ok(()),
    }
}

/// What is in a folder, by name; nothing when it is gone.
fn list(folder: &Path) -> Result<Vec<PathBuf>, StudyError> {
    let failed = |source| StudyError::File {
        action: "read",
        path: folder.into(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Study};
    use super::*;

    fn run() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("digits-1");
        Study::create(&dir, &Header::new("", 1, 0))
            .unwrap()
            .close()
            .unwrap();
        for name in ["checkpoints", "best"] {
            fs::create_dir(dir.join(name)).unwrap();
        }
        for name in [
            "config.toml",
            "checkpoints/7-3.safetensors",
            "best/model.onnx",
        ] {
            fs::write(dir.join(name), name).unwrap();
        }
        (folder, dir)
    }

    #[test]
    fn a_run_goes_whole() {
        let (_folder, dir) = run();
        let removed = remove(&dir).unwrap();
        assert_eq!((removed.files, removed.left.len()), (5, 0));
        assert!(!dir.exists());
    }

    #[test]
    fn what_is_not_ours_stays() {
        let (_folder, dir) = run();
        fs::write(dir.join("notes.txt"), "mine").unwrap();
        fs::write(dir.join("best/thesis.pdf"), "mine").unwrap();
        let removed = remove(&dir).unwrap();
        assert_eq!(removed.left, [dir.join("best"), dir.join("notes.txt")]);
        assert!(dir.join("best/thesis.pdf").exists() && !dir.join("best/model.onnx").exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let (folder, dir) = run();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("a.safetensors"), "mine").unwrap();
        fs::remove_dir_all(dir.join("checkpoints")).unwrap();
        std::os::unix::fs::symlink(&outside, dir.join("checkpoints")).unwrap();
        remove(&dir).unwrap();
        assert!(outside.join("a.safetensors").exists());
    }

    #[test]
    fn only_a_free_study_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("config.toml"), "").unwrap();
        assert!(matches!(
            remove(folder.path()),
            Err(StudyError::Missing { .. })
        ));
        fs::write(
            folder.path().join(DATABASE),
            "something else entirely, and long".repeat(99),
        )
        .unwrap();
        assert!(matches!(
            remove(folder.path()),
            Err(StudyError::NotAStudy { .. })
        ));
        assert!(folder.path().join("config.toml").exists());

        let (_folder, dir) = run();
        let study = Study::open(&dir).unwrap();
        assert!(matches!(remove(&dir), Err(StudyError::Locked { .. })));
        drop(study);
        assert!(dir.join(DATABASE).exists());
    }
}

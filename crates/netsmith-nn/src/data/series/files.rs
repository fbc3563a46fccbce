//! Which files a path means, and the parts that their names state.

use super::super::{DataError, PartName};
use super::SeriesFault;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Extensions of files of series; in a folder the first of which there is a file counts,
/// since the archives publish the same series in several formats.
const EXTENSIONS: [&str; 3] = ["ts", "csv", "tsv"];

/// How the stem of a training file ends, and that of the test file beside it.
const TRAIN: &str = "_TRAIN";
const TEST: &str = "_TEST";

/// The files to read, in order, each with the part that its name states.
///
/// A training file comes with the test file beside it. A test file alone is read alone.
pub(super) fn locate(path: &Path) -> Result<Vec<(PathBuf, Option<PartName>)>, DataError> {
    let path = if path.is_dir() {
        only_set(path)?
    } else {
        path.to_path_buf()
    };
    let stem = text(path.file_stem());
    let Some(name) = stem.strip_suffix(TRAIN) else {
        let part = stem.ends_with(TEST).then_some(PartName::Test);
        return Ok(vec![(path, part)]);
    };
    let beside = path.with_file_name(format!("{name}{TEST}"));
    let beside = beside.with_extension(text(path.extension()));
    let mut files = vec![(path, Some(PartName::Train))];
    if beside.is_file() {
        files.push((beside, Some(PartName::Test)));
    }
    Ok(files)
}

/// Whether the file has the format of the archives; others are tables.
pub(super) fn is_ts(path: &Path) -> bool {
    text(path.extension()).eq_ignore_ascii_case(EXTENSIONS[0])
}

/// The training file of the only data set of a folder, or its only file.
fn only_set(folder: &Path) -> Result<PathBuf, DataError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::read(folder))? {
        paths.push(entry.map_err(DataError::read(folder))?.path());
    }
    paths.sort_unstable();
    for extension in EXTENSIONS {
        let files = paths.iter().filter(|path| {
            path.is_file() && text(path.extension()).eq_ignore_ascii_case(extension)
        });
        let files: Vec<&PathBuf> = files.collect();
        let is_test = |file: &&&PathBuf| {
            let stem = text(file.file_stem());
            let train = stem.strip_suffix(TEST).map(|name| format!("{name}{TRAIN}"));
            train.is_some_and(|train| files.iter().any(|other| text(other.file_stem()) == train))
        };
        let sets: Vec<&&PathBuf> = files.iter().filter(|file| !is_test(file)).collect();
        match sets[..] {
            [] => {}
            [set] => return Ok(set.to_path_buf()),
            _ => {
                let names = sets.iter().map(|set| text(set.file_name()).to_owned());
                let fault = SeriesFault::SeveralSets {
                    names: names.collect(),
                };
                return Err(DataError::series(folder, None, fault));
            }
        }
    }
    Err(DataError::series(folder, None, SeriesFault::NoSeries))
}

/// The part of a file's name; empty where it is not Unicode.
fn text(part: Option<&OsStr>) -> &str {
    part.and_then(OsStr::to_str).unwrap_or_default()
}

//! Spaces by the name that a user gives.

use super::{CATALOGUE, FileError, Space, SpaceError, Task, chain, file};
use crate::catalogue::{SettingError, Settings, UnknownName, find};
use std::collections::BTreeMap;
use std::path::Path;

/// A name and settings that give no space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NamedSpaceError {
    /// There is no space of this name.
    #[error(transparent)]
    Name(#[from] UnknownName),
    /// Settings that cannot be, all of them.
    #[error("{}", .errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Settings {
        /// The faults, at least one.
        errors: Vec<SettingError>,
    },
    /// The file gives no space; a diagnostic with the place of the fault.
    #[error(transparent)]
    File(FileError),
    /// The space does not fit the task.
    #[error(transparent)]
    Space(SpaceError),
}

impl NamedSpaceError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Name(error) => Some(error.hint()),
            Self::Settings { errors } => errors.iter().find_map(SettingError::hint),
            Self::File(error) => error.hint().map(str::to_owned),
            Self::Space(error) => error.hint(),
        }
    }
}

impl From<SpaceError> for NamedSpaceError {
    fn from(error: SpaceError) -> Self {
        match error {
            SpaceError::File(error) => Self::File(*error),
            other => Self::Space(other),
        }
    }
}

/// The space of this name in the catalogue, or of the TOML file of this path
/// where the name ends in `.toml`, with the given settings.
///
/// # Errors
/// There is no such space, or what is wrong with the settings or the file.
pub fn build_named(
    name: &str,
    task: &Task,
    settings: &BTreeMap<String, String>,
) -> Result<Space, NamedSpaceError> {
    let errors = |errors| NamedSpaceError::Settings { errors };
    if name.ends_with(".toml") {
        Settings::new(&[], settings).map_err(errors)?;
        return file::read(Path::new(name), task).map_err(NamedSpaceError::File);
    }
    let entry = find("space", CATALOGUE, name)?;
    let settings = Settings::new(entry.parameters, settings).map_err(errors)?;
    Ok((entry.build)(task, &settings)?)
}

/// The settings of a space for a search with shared weights: what these cannot leave open
/// is held, unless it is set.
pub fn for_supernet(name: &str, settings: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let held = match name {
        name if name == chain::ENTRY.name => chain::HELD,
        _ => &[],
    };
    let held = held.iter();
    let held = held.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut all: BTreeMap<String, String> = held.collect();
    all.extend(settings.clone());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;

    fn build(name: &str, settings: &[(&str, &str)]) -> Result<Space, NamedSpaceError> {
        let task = Task::vector(Shape::image(1, 8, 8), 10);
        let settings = settings.iter();
        let settings = settings.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        build_named(name, &task, &settings.collect())
    }

    #[test]
    fn names_and_paths() {
        assert_eq!(build("chain", &[("stages", "1")]).unwrap().name(), "chain");
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/spaces");
        let path = format!("{examples}/cell.toml");
        build(&path, &[]).unwrap();
        build("toml", &[("file", &path)]).unwrap();
    }

    #[test]
    fn faults() {
        let hint = |name: &str| build(name, &[]).unwrap_err().hint();
        assert_eq!(hint("chan").unwrap(), "did you mean `chain`?");
        let settings = [("widths", "0"), ("stags", "1")];
        let error = build("chain", &settings).unwrap_err();
        assert!(matches!(error, NamedSpaceError::Settings { errors } if errors.len() == 2));
        let missing = build("no-such-file.toml", &[]);
        assert!(matches!(
            missing,
            Err(NamedSpaceError::File(FileError::Read { .. }))
        ));
    }
}

//! `series`: measurements over time, from files of the UCR/UEA archives or a table with
//! one series a row.

use super::{SeriesTarget, read};
use crate::data::modality::Series;
use crate::data::{
    Augmentation, DataError, DataKind, Dataset, Entry, LoadOptions, Origin, PartName, PathForm,
};
use crate::task::{Classification, Regression};
use std::path::Path;

/// The catalogue's entry.
pub(in crate::data) const ENTRY: Entry = Entry::new(
    "series",
    "Series of numbers over time, one or more channels of any length: `.ts` files of the UCR/UEA \
     archives (a folder with NAME_TRAIN.ts and NAME_TEST.ts), or a CSV with one series a row.",
    DataKind {
        path: PathForm::Required("FILE|FOLDER"),
        options: &["target", "task"],
        licence: "",
        load,
    },
);

fn load(path: Option<&Path>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let path = path.unwrap_or(Path::new("."));
    let series = read(path, options.target.as_deref(), options.task)?;
    let classes = series.classes();
    let targets = match (series.target, classes) {
        (SeriesTarget::Classes(names), Some(labels)) => Classification::targets(labels, names),
        (SeriesTarget::Classes(names), None) => Classification::targets(Vec::new(), names),
        (SeriesTarget::Values(values), _) => Regression::targets("value", values),
    };
    let samples = Series::samples(&series.values, series.channels);
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(path.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    // A sixteenth of a series, half of what the pictures of CIFAR-10 are moved by.
    let augmentation = Augmentation {
        pad: samples.raw_shape()[1] / 16,
        ..Augmentation::NONE
    };
    let data = Dataset::new(samples, targets, origin).with_augmentation(augmentation);
    let parts: Option<Vec<PartName>> = series.parts.into_iter().collect();
    Ok(match parts {
        Some(parts) => data.with_given_parts(parts),
        None => data,
    })
}

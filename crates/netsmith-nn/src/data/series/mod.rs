//! Series: samples that are measurements over time, in one channel or several.
//!
//! ```text
//! NAME.ts         the format of the UCR/UEA archives: univariate or multivariate,
//!                 equal or unequal lengths, classes or numbers to predict
//! NAME.csv|tsv    a table with a header row and one series a row
//! NAME_TRAIN.ts   with NAME_TEST.ts beside it: the published split
//! FOLDER          the only data set in it
//! ```
//!
//! The lengths of samples may differ; the channels of one sample are equally long.
//! Values are as written, a missing one is NaN.

mod fault;
mod files;
mod header;
pub(super) mod source;
mod table;
#[cfg(test)]
mod tests;
mod ts;

pub use fault::SeriesFault;

use super::{DataError, PartName, TaskKind};
use std::path::Path;

/// Labelled series, in the order of the source: where it has two files, the samples of
/// the training file come first.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The number of channels of every sample.
    pub channels: usize,
    /// The values of each sample, `[channels, length]`; NaN where one is missing.
    pub values: Vec<Vec<f32>>,
    /// The number of time steps of each sample.
    pub lengths: Vec<usize>,
    /// The label of each sample.
    pub labels: Vec<String>,
    /// What the labels are.
    pub target: SeriesTarget,
    /// The part that the name of each sample's file states.
    pub parts: Vec<Option<PartName>>,
}

/// What the labels of series are.
#[derive(Clone, Debug, PartialEq)]
pub enum SeriesTarget {
    /// Classes, by their names: in the order of the file's header, or else numbers by
    /// size and texts by alphabet.
    Classes(Vec<String>),
    /// Numbers to predict, one for each sample.
    Values(Vec<f32>),
}

impl Series {
    /// The class of each sample, as its place among the names; nothing where the labels
    /// are numbers to predict.
    pub fn classes(&self) -> Option<Vec<u32>> {
        let SeriesTarget::Classes(names) = &self.target else {
            return None;
        };
        let place = |label: &String| names.iter().position(|name| name == label);
        let places = self.labels.iter().map(place);
        // Every label was looked up when it was read.
        places
            .map(|place| place.map(|place| place as u32))
            .collect()
    }
}

/// Reads series from a file or a folder (see the [module](self)).
///
/// `target` names the column of labels of a table, the last one otherwise; `task` says
/// what its labels are, which otherwise goes by the labels as in a table of columns. A
/// `.ts` file states both itself.
///
/// ```
/// use netsmith_nn::data::series::{self, SeriesTarget};
///
/// let folder = std::env::temp_dir().join("netsmith-series-example");
/// std::fs::create_dir_all(&folder)?;
/// let path = folder.join("waves.ts");
/// std::fs::write(&path, "@classLabel true up down\n@data\n1,2,?:up\n2,1:down\n")?;
/// let waves = series::read(&path, None, None)?;
/// assert_eq!(waves.lengths, [3, 2]);
/// assert_eq!(waves.classes(), Some(vec![0, 1]));
/// assert!(waves.values[0][2].is_nan());
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`DataError`], which names the file, the line and the remedy.
pub fn read(
    path: &Path,
    target: Option<&str>,
    task: Option<TaskKind>,
) -> Result<Series, DataError> {
    let files = files::locate(path)?;
    let mut series: Option<Series> = None;
    for (path, part) in files {
        let before = series.as_ref().map(|first| &first.target);
        let mut next = if files::is_ts(&path) {
            ts::read(&path, target, task)?
        } else {
            table::read(&path, target, task, before)?
        };
        next.parts = vec![part; next.labels.len()];
        match &mut series {
            None => series = Some(next),
            Some(first) => first
                .append(next)
                .map_err(|fault| DataError::series(&path, None, fault))?,
        }
    }
    series.ok_or_else(|| DataError::series(path, None, SeriesFault::NoSeries))
}

/// Reads new samples for a trained network, `[channels, length]` each. Their labels may be
/// there or not, and are not read: a `.ts` file says so in its header, and a table has them
/// in its last column if it has more columns than `length`.
///
/// # Errors
/// [`DataError`], also where a sample has other channels or is longer than `length`, the
/// most time steps that the network takes.
pub fn read_new(path: &Path, channels: usize, length: usize) -> Result<Vec<Vec<f32>>, DataError> {
    let samples = if files::is_ts(path) {
        ts::read_new(path, channels)?
    } else if channels == 1 {
        table::read_new(path, length)?
    } else {
        let fault = SeriesFault::Channels {
            expected: channels,
            found: 1,
        };
        return Err(DataError::series(path, None, fault));
    };
    let long = (1..)
        .zip(&samples)
        .find(|(_, values)| values.len() > channels * length);
    if let Some((sample, values)) = long {
        let fault = SeriesFault::TooLong {
            sample,
            found: values.len() / channels,
            limit: length,
        };
        return Err(DataError::series(path, None, fault));
    }
    Ok(samples)
}

impl Series {
    /// Adds the samples of a second file.
    fn append(&mut self, other: Self) -> Result<(), SeriesFault> {
        if other.channels != self.channels {
            return Err(SeriesFault::Channels {
                expected: self.channels,
                found: other.channels,
            });
        }
        match (&mut self.target, other.target) {
            (SeriesTarget::Classes(names), SeriesTarget::Classes(_)) => {
                let mut labels = other.labels.iter();
                if let Some(label) = labels.find(|label| !names.contains(label)) {
                    return Err(SeriesFault::UnknownClass {
                        label: label.clone(),
                        classes: names.clone(),
                    });
                }
            }
            (SeriesTarget::Values(values), SeriesTarget::Values(others)) => values.extend(others),
            (SeriesTarget::Classes(_), SeriesTarget::Values(_))
            | (SeriesTarget::Values(_), SeriesTarget::Classes(_)) => {
                return Err(SeriesFault::OtherTask);
            }
        }
        self.values.extend(other.values);
        self.lengths.extend(other.lengths);
        self.labels.extend(other.labels);
        self.parts.extend(other.parts);
        Ok(())
    }
}

//! `.ts`: the format of the UCR/UEA archives.
//!
//! ```text
//! # a comment; also lines that start with %
//! @problemName Waves
//! @classLabel true up down        or @targetLabel true: a number to predict
//! @data
//! 1.0,2.0,?:5.0,6.0,7.0:up        channels and label, joined by colons
//! ```
//!
//! Missing values are `?` or `NaN`. Where the header says `@dimensions`, or `@equalLength
//! true` and `@seriesLength`, every sample must agree: a file that was cut off is noticed.

use super::super::cell::is_absent;
use super::super::columns::{is_missing, number};
use super::super::file::read_whole;
use super::super::{DataError, TaskKind, limits};
use super::header::{Header, Labels};
use super::{Series, SeriesFault, SeriesTarget};
use std::collections::BTreeSet;
use std::mem;
use std::path::Path;

/// Reads one file. `target` must not be given, and `task` must be what the header states.
pub(super) fn read(
    path: &Path,
    target: Option<&str>,
    task: Option<TaskKind>,
) -> Result<Series, DataError> {
    let fault = |line, fault| DataError::series(path, line, fault);
    if let Some(given) = target {
        let given = given.to_owned();
        return Err(fault(None, SeriesFault::NoColumns { given }));
    }
    let series = parse(path, None, Header::labels)?;
    let stated = match &series.target {
        SeriesTarget::Classes(_) => TaskKind::Classification,
        SeriesTarget::Values(_) => TaskKind::Regression,
    };
    if task.is_some_and(|task| task != stated) {
        return Err(fault(None, SeriesFault::OtherTask));
    }
    Ok(series)
}

/// Reads the values of one file; labels may be there or not.
pub(super) fn read_new(path: &Path, channels: usize) -> Result<Vec<Vec<f32>>, DataError> {
    parse(path, Some(channels), Header::labels_of_new).map(|series| series.values)
}

/// Reads one file, where `labels` tells from its header what its labels are.
fn parse(
    path: &Path,
    channels: Option<usize>,
    labels: fn(&Header) -> Result<Labels, SeriesFault>,
) -> Result<Series, DataError> {
    let fault = |line, fault| DataError::series(path, line, fault);
    let content = read_whole(path, limits::TABLE_BYTES)?;
    let mut header = Header::default();
    let mut reader: Option<Reader> = None;
    for (line, text) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        let text = text.trim_ascii();
        // Comments are not decoded: those of the archives are in several encodings.
        if text.is_empty() || text.starts_with(b"#") || text.starts_with(b"%") {
            continue;
        }
        let at = |error| fault(Some(line), error);
        let text = std::str::from_utf8(text).map_err(|_| at(SeriesFault::Encoding))?;
        match &mut reader {
            Some(reader) => reader.sample(text).map_err(at)?,
            None if text.eq_ignore_ascii_case("@data") => {
                let labels = labels(&header).map_err(|error| fault(None, error))?;
                header.channels = channels.or(header.channels);
                reader = Some(Reader::new(mem::take(&mut header), labels));
            }
            None if text.starts_with('@') => header.line(text).map_err(at)?,
            None => {
                let text = text.chars().take(20).collect();
                return Err(at(SeriesFault::BeforeData { text }));
            }
        }
    }
    let series = reader.map(Reader::finish);
    series
        .filter(|series| !series.lengths.is_empty())
        .ok_or_else(|| fault(None, SeriesFault::NoSamples))
}

/// The samples that were read so far.
struct Reader {
    header: Header,
    labels: Labels,
    series: Series,
    /// Values of all samples.
    cells: usize,
}

impl Reader {
    fn new(header: Header, labels: Labels) -> Self {
        let target = match &labels {
            Labels::Classes(names) => SeriesTarget::Classes(names.clone()),
            Labels::Values => SeriesTarget::Values(Vec::new()),
            Labels::Unread | Labels::Absent => SeriesTarget::Classes(Vec::new()),
        };
        let series = Series {
            channels: header.channels.unwrap_or(0),
            values: Vec::new(),
            lengths: Vec::new(),
            labels: Vec::new(),
            target,
            parts: Vec::new(),
        };
        Self {
            header,
            labels,
            series,
            cells: 0,
        }
    }

    /// Takes in one line: channels and label.
    fn sample(&mut self, text: &str) -> Result<(), SeriesFault> {
        let channels = match &self.labels {
            Labels::Absent => text,
            Labels::Classes(_) | Labels::Values | Labels::Unread => {
                let (channels, label) = text.rsplit_once(':').ok_or(SeriesFault::NoLabel)?;
                self.label(label.trim())?;
                channels
            }
        };
        let mut values = Vec::new();
        let (mut count, mut length) = (0, 0);
        for channel in channels.split(':') {
            let before = values.len();
            values_of(channel, &mut values)?;
            let found = values.len() - before;
            count += 1;
            if count == 1 {
                length = found;
            } else if found != length {
                return Err(SeriesFault::ChannelLength {
                    channel: count,
                    expected: length,
                    found,
                });
            }
        }
        self.check_limits(count, values.len())?;
        if self.series.channels == 0 {
            self.series.channels = count;
        }
        if count != self.series.channels {
            return Err(SeriesFault::Channels {
                expected: self.series.channels,
                found: count,
            });
        }
        match self.header.length() {
            Some(expected) if expected != length => {
                return Err(SeriesFault::Length {
                    expected,
                    found: length,
                });
            }
            Some(_) | None => {}
        }
        self.series.lengths.push(length);
        self.series.values.push(values);
        Ok(())
    }

    fn label(&mut self, label: &str) -> Result<(), SeriesFault> {
        if matches!(self.labels, Labels::Unread) {
            return Ok(());
        }
        if is_absent(label, None) {
            return Err(SeriesFault::NoLabel);
        }
        if let SeriesTarget::Values(values) = &mut self.series.target {
            values.push(value(label)?);
        }
        if let Labels::Classes(names) = &self.labels
            && !names.is_empty()
            && !names.iter().any(|name| name == label)
        {
            return Err(SeriesFault::UnknownClass {
                label: label.to_owned(),
                classes: names.clone(),
            });
        }
        self.series.labels.push(label.to_owned());
        Ok(())
    }

    fn check_limits(&mut self, channels: usize, cells: usize) -> Result<(), SeriesFault> {
        self.cells += cells;
        for (what, count, limit) in [
            ("samples", self.series.lengths.len(), limits::TABLE_ROWS),
            ("channels", channels, limits::TABLE_COLUMNS),
            ("values", self.cells, limits::TABLE_CELLS),
        ] {
            if count > limit {
                return Err(SeriesFault::TooMany { what, limit });
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Series {
        if let SeriesTarget::Classes(names) = &mut self.series.target
            && names.is_empty()
        {
            let sorted: BTreeSet<&String> = self.series.labels.iter().collect();
            names.extend(sorted.into_iter().cloned());
            let value = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
            if names.iter().all(|name| !value(name).is_nan()) {
                names.sort_by(|a, b| value(a).total_cmp(&value(b)));
            }
        }
        self.series
    }
}

/// Adds the values of a channel, joined by commas.
fn values_of(channel: &str, values: &mut Vec<f32>) -> Result<(), SeriesFault> {
    if channel.trim().is_empty() {
        return Err(SeriesFault::EmptySeries);
    }
    for cell in channel.split(',') {
        let cell = cell.trim();
        values.push(if is_missing(cell) {
            f32::NAN
        } else {
            value(cell)?
        });
    }
    Ok(())
}

fn value(cell: &str) -> Result<f32, SeriesFault> {
    number(cell).ok_or_else(|| SeriesFault::NotANumber {
        cell: cell.to_owned(),
    })
}

//! The header of a `.ts` file.

use super::SeriesFault;
use std::collections::BTreeSet;

/// What the lines before `@data` say. Keys that say nothing about how to read the values,
/// such as `@problemName`, are passed over.
#[derive(Debug, Default)]
pub(super) struct Header {
    time_stamps: bool,
    classes: Option<Vec<String>>,
    target: bool,
    equal_length: bool,
    length: Option<usize>,
    /// Channels of every sample.
    pub(super) channels: Option<usize>,
}

/// What the header says of the labels.
#[derive(Debug)]
pub(super) enum Labels {
    /// Classes; without names where the header gives none.
    Classes(Vec<String>),
    /// Numbers to predict.
    Values,
    /// Fields that are not read.
    Unread,
    /// Samples end with their last channel.
    Absent,
}

impl Header {
    /// Takes in one line, which starts with `@`.
    pub(super) fn line(&mut self, line: &str) -> Result<(), SeriesFault> {
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = value.trim();
        match key.to_ascii_lowercase().as_str() {
            "@timestamps" => self.time_stamps = switch("@timeStamps", value)?,
            "@equallength" => self.equal_length = switch("@equalLength", value)?,
            "@serieslength" => self.length = Some(count("@seriesLength", value)?),
            "@dimension" | "@dimensions" => self.channels = Some(count("@dimensions", value)?),
            "@targetlabel" => self.target = switch("@targetLabel", value)?,
            "@classlabel" => {
                let mut words = value.split_whitespace();
                let has_classes = switch("@classLabel", words.next().unwrap_or_default())?;
                let names: Vec<String> = words.map(str::to_owned).collect();
                if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
                    return Err(SeriesFault::HeaderValue {
                        key: "@classLabel",
                        value: value.to_owned(),
                        expected: "each class once",
                    });
                }
                self.classes = has_classes.then_some(names);
            }
            _ => {}
        }
        Ok(())
    }

    /// The length of every sample, where the header says that they are equal.
    pub(super) fn length(&self) -> Option<usize> {
        self.length.filter(|_| self.equal_length)
    }

    /// What the labels of new samples are, which need none.
    pub(super) fn labels_of_new(&self) -> Result<Labels, SeriesFault> {
        self.check_times()?;
        let labelled = self.classes.is_some() || self.target;
        Ok(if labelled {
            Labels::Unread
        } else {
            Labels::Absent
        })
    }

    fn check_times(&self) -> Result<(), SeriesFault> {
        if self.time_stamps {
            return Err(SeriesFault::TimeStamps);
        }
        Ok(())
    }

    /// What the labels are, once the header is read.
    pub(super) fn labels(&self) -> Result<Labels, SeriesFault> {
        self.check_times()?;
        match (&self.classes, self.target) {
            (Some(_), true) => Err(SeriesFault::TwoLabels),
            (Some(names), false) => Ok(Labels::Classes(names.clone())),
            (None, true) => Ok(Labels::Values),
            (None, false) => Err(SeriesFault::NoLabels),
        }
    }
}

fn switch(key: &'static str, value: &str) -> Result<bool, SeriesFault> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SeriesFault::HeaderValue {
            key,
            value: value.to_owned(),
            expected: "true or false",
        }),
    }
}

fn count(key: &'static str, value: &str) -> Result<usize, SeriesFault> {
    let count = value.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| SeriesFault::HeaderValue {
        key,
        value: value.to_owned(),
        expected: "a whole number from 1",
    })
}

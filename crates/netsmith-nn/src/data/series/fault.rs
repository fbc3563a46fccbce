//! What can be wrong with a file of series.

/// What is wrong with a file or folder of series.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesFault {
    /// A folder has no file of a known kind.
    #[error("holds no file of series")]
    NoSeries,
    /// A folder has more than one data set.
    #[error("holds the data sets {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    SeveralSets {
        /// Their names.
        names: Vec<String>,
    },
    /// The file ends without a sample.
    #[error("has no samples")]
    NoSamples,
    /// A line is neither header nor comment, and the values have not begun.
    #[error("`{text}`: comes before the line `@data`, and is neither a header line nor a comment")]
    BeforeData {
        /// The start of the line.
        text: String,
    },
    /// The header says something that cannot be.
    #[error("`{key}` is `{value}`: it takes {expected}")]
    HeaderValue {
        /// The key of the header line.
        key: &'static str,
        /// What stands there.
        value: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// Values carry the time at which they were measured.
    #[error("`@timeStamps` is `true`: only values at equal intervals can be read")]
    TimeStamps,
    /// The header names no kind of label.
    #[error("says neither `@classLabel true` nor `@targetLabel true`: samples need labels")]
    NoLabels,
    /// The header names both kinds of label.
    #[error("says `@classLabel true` and `@targetLabel true`: a sample has one label")]
    TwoLabels,
    /// The header of a `.ts` file states the labels, and a column was named.
    #[error("column `{given}`: a `.ts` file has no columns, the label is the last field")]
    NoColumns {
        /// The column that was asked for.
        given: String,
    },
    /// The labels are classes where numbers were asked for, or the reverse.
    #[error("its labels are of another kind: either all are classes or all are numbers to predict")]
    OtherTask,
    /// The first row of a table is not a header.
    #[error("its first row has numbers alone: a table of series starts with a header row")]
    NoHeader,
    /// A line has no label after its last colon.
    #[error("the label is missing")]
    NoLabel,
    /// The label is none of the classes.
    #[error("class `{label}`: is none of {}", listed(classes))]
    UnknownClass {
        /// The label.
        label: String,
        /// The classes that there are.
        classes: Vec<String>,
    },
    /// A value or label is not a number.
    #[error("`{cell}` is not a number")]
    NotANumber {
        /// What stands there.
        cell: String,
    },
    /// A sample or one of its channels has no value.
    #[error("has a series without a value")]
    EmptySeries,
    /// A sample has more or fewer channels than the others, or than the header says.
    #[error("has {found} channels, expected {expected}")]
    Channels {
        /// Channels that there should be.
        expected: usize,
        /// Channels that there are.
        found: usize,
    },
    /// A channel is longer or shorter than the first of its sample.
    #[error("channel {channel} has {found} values, but channel 1 has {expected}")]
    ChannelLength {
        /// The channel, from 1.
        channel: usize,
        /// Values of the first channel.
        expected: usize,
        /// Values of this channel.
        found: usize,
    },
    /// A sample is longer or shorter than the header says of all.
    #[error("has {found} values, but `@seriesLength` is {expected}")]
    Length {
        /// Values that the header says.
        expected: usize,
        /// Values that there are.
        found: usize,
    },
    /// A new sample is longer than the network takes.
    #[error("sample {sample} has {found} time steps, but the network takes at most {limit}")]
    TooLong {
        /// The sample, from 1.
        sample: usize,
        /// Time steps that there are.
        found: usize,
        /// The most that the network takes.
        limit: usize,
    },
    /// The text is not UTF-8.
    #[error("is not UTF-8 text")]
    Encoding,
    /// There is more than is ever read.
    #[error("has more than {limit} {what}")]
    TooMany {
        /// Samples, channels or values.
        what: &'static str,
        /// The most that are read.
        limit: usize,
    },
}

impl SeriesFault {
    pub(in crate::data) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoSeries => Some("give a `.ts`, `.csv` or `.tsv` file, or a folder with one"),
            Self::SeveralSets { .. } => Some("name one file, such as `FOLDER/NAME_TRAIN.ts`"),
            Self::NoSamples => Some("a `.ts` file has its samples after the line `@data`"),
            Self::BeforeData { .. } => {
                Some("header lines start with `@` and comments with `#`; is this a `.ts` file?")
            }
            Self::HeaderValue { .. } => Some("mend the header line"),
            Self::TimeStamps => {
                Some("resample to equal intervals, leave the times out, write `@timeStamps false`")
            }
            Self::NoLabels => {
                Some("write `@classLabel true` and the names of the classes into the header")
            }
            Self::TwoLabels => Some("leave one of the two header lines out"),
            Self::NoColumns { .. } => Some("leave the option out"),
            Self::OtherTask => {
                Some("both files of a data set and the task must ask for the same kind of label")
            }
            Self::NoHeader => Some("add a row of names above it, with one for the labels"),
            Self::NoLabel => Some("each line ends in a colon and the label"),
            Self::UnknownClass { .. } => {
                Some("mend the label, or add the class to the header of the training file")
            }
            Self::NotANumber { .. } => Some("mend the value, or write `?` if it is missing"),
            Self::EmptySeries => Some("remove the sample"),
            Self::Channels { .. } => Some("all samples have the same channels, in the same order"),
            Self::ChannelLength { .. } => Some("write `?` for the values that are missing"),
            Self::Length { .. } => {
                Some("if lengths may differ, write `@equalLength false` into the header")
            }
            Self::TooLong { .. } => Some("cut the sample into shorter ones"),
            Self::Encoding => Some("save the file as UTF-8"),
            Self::TooMany { .. } => Some("use fewer of them"),
        }
    }
}

/// The first names, and how many more there are.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let first: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => first.join(", "),
        Some(more) => format!("{} and {more} more", first.join(", ")),
    }
}

//! What can be wrong with data: every error names the file, the row and, as a
//! hint, the remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::series::SeriesFault;
use super::{CATALOGUE, PartName};

/// Why data could not be loaded. Nothing is ever half-loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// No kind of data has this name.
    #[error("data `{given}`: is not one of {}", kinds())]
    UnknownKind {
        /// The kind that was asked for.
        given: String,
        /// The kind whose name is most like it.
        nearest: Option<&'static str>,
    },
    /// This kind of data lies in a file or folder, and none was given.
    #[error("data `{kind}`: needs a path")]
    PathMissing {
        /// The kind that was asked for.
        kind: &'static str,
        /// What the path leads to.
        form: &'static str,
    },
    /// This kind of data is bundled.
    #[error("data `{kind}`: takes no path, `{}` was given", path.display())]
    PathNotTaken {
        /// The kind that was asked for.
        kind: &'static str,
        /// The path that was given.
        path: PathBuf,
    },
    /// An option that this kind of data does not take.
    #[error("option `{option}`: does not apply to data `{kind}`")]
    OptionNotTaken {
        /// The option.
        option: &'static str,
        /// The kind of data.
        kind: &'static str,
    },
    /// An option that says nothing that is known.
    #[error("option `{option}` is `{given}`: it is {rule}")]
    OptionValue {
        /// The option.
        option: &'static str,
        /// What was given.
        given: String,
        /// What it may be.
        rule: &'static str,
    },
    /// The data are in none of the usual places.
    #[error("data `{kind}`: not found in {}", listed(tried))]
    NotFound {
        /// The kind of data.
        kind: &'static str,
        /// Where they were looked for.
        tried: Vec<PathBuf>,
        /// How they can be had.
        remedy: &'static str,
    },
    /// A published file could not be fetched.
    #[error("data `{kind}`: `{url}` cannot be fetched")]
    Fetch {
        /// The kind of data.
        kind: &'static str,
        /// The file's address.
        url: String,
        /// What went wrong.
        source: io::Error,
        /// How the data can be had otherwise.
        remedy: &'static str,
    },
    /// A file or folder could not be read.
    #[error("`{}`: cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("`{}`: {fault}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// A table is not what it should be.
    #[error("`{}`{}: {fault}", path.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line of the fault, from 1; none where it concerns all lines.
        line: Option<u64>,
        /// What is wrong.
        fault: TableFault,
    },
    /// A picture, or a folder of pictures, is not what it should be.
    #[error("`{}`: {fault}", path.display())]
    Image {
        /// The picture or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: ImageFault,
    },
    /// A file or folder of series is not what it should be.
    #[error("`{}`{}: {fault}", path.display(), line.map(|l| format!(", line {l}")).unwrap_or_default())]
    Series {
        /// The file or folder.
        path: PathBuf,
        /// The line of the fault, from 1; none where it concerns the whole file.
        line: Option<u64>,
        /// What is wrong.
        fault: SeriesFault,
    },
}

/// What is wrong with a file of a published data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The file is shorter than it says, or than its format is.
    #[error("ends after {found} of {expected} bytes")]
    EndsEarly {
        /// Bytes that there should be.
        expected: u64,
        /// Bytes that there are.
        found: u64,
    },
    /// The file is longer than it says, or than its format is.
    #[error("goes on after its {expected} bytes")]
    TooLong {
        /// Bytes that there should be.
        expected: u64,
    },
    /// The file is larger than is ever read.
    #[error("is larger than {limit} bytes")]
    TooLarge {
        /// The most that is read, in bytes.
        limit: u64,
    },
    /// The compressed data cannot be unpacked.
    #[error("is not a whole gzip file")]
    Gzip {
        /// What the unpacking says.
        #[source]
        source: io::Error,
    },
    /// The first four bytes belong to another format.
    #[error("starts with {found:#010x}, but {what} starts with {expected:#010x}")]
    WrongMagic {
        /// What the file should be.
        what: &'static str,
        /// How that starts, as a big-endian number.
        expected: u32,
        /// How the file starts.
        found: u32,
    },
    /// The file says that it holds pictures of another size.
    #[error("holds images of {} x {} pixels, but they should have {} x {}", found[0], found[1], expected[0], expected[1])]
    WrongImageSize {
        /// Height and width that they should have.
        expected: [u32; 2],
        /// Height and width that the file says.
        found: [u32; 2],
    },
    /// Pictures and labels do not belong together.
    #[error("holds {labels} labels for {images} images")]
    LabelCount {
        /// The number of pictures.
        images: usize,
        /// The number of labels.
        labels: usize,
    },
    /// A label is the number of no class.
    #[error("record {record} has label {label}, but classes are 0 to {most}")]
    Label {
        /// The record, from zero.
        record: usize,
        /// Its label.
        label: u32,
        /// The largest label.
        most: u32,
    },
    /// The file with the class names does not name as many as there are.
    #[error("names {found} classes, but there are {expected}")]
    ClassNames {
        /// The number of classes.
        expected: usize,
        /// The number of names.
        found: usize,
    },
    /// The file is well formed but holds other data.
    #[error("is not the published file: its content has the SHA-256 {found}")]
    Checksum {
        /// The hash of the unpacked content.
        found: String,
    },
}

/// What is wrong with a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableFault {
    /// No column was named as the target.
    #[error("has the columns {}, and none is named as target", quoted(columns))]
    NoTarget {
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// A named column does not exist.
    #[error("has no column `{given}`, only {}", quoted(columns))]
    NoSuchColumn {
        /// The column that was asked for.
        given: String,
        /// The column whose name is most like it.
        nearest: Option<String>,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// Two columns have the same name.
    #[error("has two columns `{column}`")]
    TwoColumns {
        /// The name.
        column: String,
    },
    /// There is no row under the header.
    #[error("has no rows")]
    NoRows,
    /// All columns are target, group or left out.
    #[error("has no input column left{}", because(reasons))]
    NoInputs {
        /// Why columns were left out.
        reasons: Vec<String>,
    },
    /// A row is longer or shorter than the header.
    #[error("has {found} cells, but the header has {expected}")]
    RowLength {
        /// Cells in the header.
        expected: u64,
        /// Cells in the row.
        found: u64,
    },
    /// The text is not UTF-8.
    #[error("is not UTF-8 text")]
    Encoding,
    /// There are more rows or columns than are ever read.
    #[error("has more than {limit} {what}")]
    TooMany {
        /// Rows or columns.
        what: &'static str,
        /// The most that are read.
        limit: usize,
    },
    /// A cell of a column of numbers is not a number.
    #[error("column `{column}`: {}", not_numbers(cells, *count))]
    NotANumber {
        /// The column.
        column: String,
        /// The first such cell, and two others where they are known.
        cells: Vec<String>,
        /// How many cells are none.
        count: usize,
        /// Whether the column is the target.
        target: bool,
        /// The percentage of the column's cells that are numbers; none where
        /// the column must be numbers.
        numbers: Option<f64>,
    },
    /// Every number with a comma can be read in two ways.
    #[error("column `{column}`: the comma of `{cell}` stands before decimals or between thousands")]
    TwoReadings {
        /// The column.
        column: String,
        /// The first such cell.
        cell: String,
    },
    /// A row has no target.
    #[error("column `{column}`: the target is missing{}", in_rows(*count))]
    TargetMissing {
        /// The target column.
        column: String,
        /// In how many rows.
        count: usize,
    },
    /// A cell opens a quote that nothing closes.
    #[error("a cell opens a double quote that is never closed")]
    OpenQuote,
    /// A row belongs to no group.
    #[error("column `{column}`: the group is missing")]
    GroupMissing {
        /// The group column.
        column: String,
    },
    /// There is nothing to tell apart or to predict.
    #[error("column `{column}`: every row has the target `{value}`")]
    OneTarget {
        /// The target column.
        column: String,
        /// Its only value.
        value: String,
    },
    /// A text column has almost as many values as rows, or too many to encode.
    #[error("column `{column}`: {found} different categories are more than {limit}")]
    TooManyCategories {
        /// The column.
        column: String,
        /// How many there are.
        found: usize,
        /// The most that are encoded.
        limit: usize,
    },
    /// What the parser says.
    #[error("is not a table of comma-separated values")]
    Malformed {
        /// What the parser says.
        #[source]
        source: ::csv::Error,
    },
}

/// What is wrong with a picture or a folder of pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFault {
    /// The picture cannot be decoded.
    #[error("is not a whole picture that can be read")]
    Decode {
        /// What the decoder says.
        #[source]
        source: image::ImageError,
    },
    /// The file ends before the picture does.
    #[error("ends before its picture does")]
    CutOff,
    /// The picture has more pixels than are ever decoded.
    #[error("has {width} x {height} pixels, more than {limit} on a side")]
    TooLarge {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
        /// The most on each side.
        limit: u32,
    },
    /// The folder of a class holds no picture.
    #[error("holds no picture")]
    EmptyClass,
    /// The folder has no folders of classes.
    #[error("holds no folders of classes")]
    NoClasses,
    /// There is only one class.
    #[error("holds only one class, `{class}`")]
    OneClass {
        /// The class.
        class: String,
    },
    /// There is a part without training pictures.
    #[error("has a folder `{given}` but no folder `train`")]
    NoTrain {
        /// The folder that there is.
        given: String,
    },
    /// Two folders mean the same part.
    #[error("has the folders `{one}` and `{other}`, which mean the same part")]
    PartTwice {
        /// One of them.
        one: String,
        /// The other one.
        other: String,
    },
    /// A class of another part is not in the training part.
    #[error("holds class `{class}`, which the folder `train` does not have")]
    ClassNotInTrain {
        /// The class.
        class: String,
    },
    /// There are more pictures than are ever loaded.
    #[error("holds more than {limit} {what}")]
    TooMany {
        /// Pictures, or bytes of pixels.
        what: &'static str,
        /// The most that are loaded.
        limit: u64,
    },
    /// A file name is not Unicode.
    #[error("has a name that is not Unicode text")]
    Name,
}

/// Why data could not be split.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A share is no proper fraction.
    #[error("share {share}: must lie between 0 and 1")]
    Share {
        /// The share that was asked for.
        share: f64,
    },
    /// A part would have no sample.
    #[error("{part} part: would be empty, the data have {rows} samples")]
    Empty {
        /// The part.
        part: PartName,
        /// The number of samples in all parts.
        rows: usize,
    },
    /// A class could not be learnt.
    #[error("class `{class}`: has no training sample")]
    ClassNotInTrain {
        /// The class.
        class: String,
    },
    /// Groups are too few or too large to be kept together.
    #[error("{part} part: no group of rows can be set apart for it")]
    TooFewGroups {
        /// The part.
        part: PartName,
    },
    /// The published parts divide a group.
    #[error("row {row}: its group is in two of the given parts")]
    GroupGivenTwice {
        /// The row of the source, from zero.
        row: u32,
    },
}

impl DataError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownKind { nearest, .. } => {
                Some(nearest.map_or("see `netsmith list data`".into(), did_you_mean))
            }
            Self::PathMissing { kind, form } => Some(format!("write `{kind}:{form}`")),
            Self::PathNotTaken { kind, .. } => Some(format!("write `{kind}`; it is bundled")),
            Self::OptionNotTaken { .. } => Some("leave the option out".into()),
            Self::OptionValue { .. } => {
                Some("without the option the data are read as they look".into())
            }
            Self::NotFound { remedy, .. } | Self::Fetch { remedy, .. } => Some((*remedy).into()),
            Self::Read { source, .. } => (source.kind() == io::ErrorKind::NotFound)
                .then(|| "check the path; it starts from the current folder".into()),
            Self::File { fault, .. } => Some(fault.hint().into()),
            Self::Table { fault, .. } => fault.hint(),
            Self::Image { fault, .. } => fault.hint().map(Into::into),
            Self::Series { fault, .. } => fault.hint().map(Into::into),
        }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::Read { path, source }
    }

    pub(super) fn file(path: &Path, fault: FileFault) -> Self {
        Self::File {
            path: path.to_path_buf(),
            fault,
        }
    }

    pub(super) fn image(path: &Path, fault: ImageFault) -> Self {
        Self::Image {
            path: path.to_path_buf(),
            fault,
        }
    }

    pub(super) fn series(path: &Path, line: Option<u64>, fault: SeriesFault) -> Self {
        Self::Series {
            path: path.to_path_buf(),
            line,
            fault,
        }
    }
}

impl FileFault {
    fn hint(&self) -> &'static str {
        match self {
            Self::EndsEarly { .. } | Self::Gzip { .. } => {
                "the download or copy was cut off: fetch the file again"
            }
            Self::TooLarge { .. } => "this is probably another file than was meant",
            Self::WrongMagic { .. } | Self::WrongImageSize { .. } => {
                "this is probably another file than was meant: check the folder"
            }
            Self::LabelCount { .. } => "images and labels must come from the same download",
            Self::TooLong { .. }
            | Self::Label { .. }
            | Self::ClassNames { .. }
            | Self::Checksum { .. } => "fetch the file again from its publisher",
        }
    }
}

impl TableFault {
    /// A cell of a column that must be numbers.
    pub(super) fn not_a_number(column: String, cell: String) -> Self {
        Self::NotANumber {
            column,
            cells: vec![cell],
            count: 1,
            target: false,
            numbers: None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoTarget { .. } => "name the column to predict with `--target COLUMN`".into(),
            Self::NoSuchColumn { nearest, .. } => return nearest.as_deref().map(did_you_mean),
            Self::TwoColumns { .. } => "rename one of them in the header row".into(),
            Self::NoRows => "the first line is the header; add rows of data below it".into(),
            Self::NoInputs { reasons } if reasons.is_empty() => "leave fewer columns out".into(),
            Self::NoInputs { .. } => "add a column that says something of the target, or name one \
                                      of these with `--categories`"
                .into(),
            Self::OpenQuote => {
                "close the quote, or write a double quote in a text as `\"\"`".into()
            }
            Self::TwoReadings { .. } => "say which with `--decimal ,` or `--decimal .`".into(),
            Self::RowLength { .. } => {
                "mend the row; a cell that holds a comma must be in double quotes".into()
            }
            Self::Encoding => {
                "save the file as UTF-8, or name its encoding: `--encoding latin-1`".into()
            }
            Self::TooMany { .. } => "use fewer of them".into(),
            Self::NotANumber {
                numbers: Some(numbers),
                target: true,
                ..
            } => format!(
                "{numbers:.1} % of the column's cells are numbers: mend the cell, or predict \
                 classes with `--task classification`"
            ),
            Self::NotANumber {
                numbers: Some(numbers),
                ..
            } => format!(
                "{numbers:.1} % of the column's cells are numbers: mend the cell, leave it empty \
                 if it is missing, say what stands for a missing value with `--missing TEXT`, \
                 or name the column with `--categories`"
            ),
            Self::NotANumber { numbers: None, .. } => {
                "mend the cell, or leave it empty if it is missing".into()
            }
            Self::TargetMissing { .. } => "fill the cell in or remove the row; where the text is \
                                           the name of a class, say `--task classification`, and \
                                           what is missing with `--missing TEXT`"
                .into(),
            Self::GroupMissing { .. } => "fill the cell in or remove the row".into(),
            Self::OneTarget { .. } => "there is nothing to learn; choose another target".into(),
            Self::TooManyCategories { .. } => "leave the column out, or join categories".into(),
            Self::Malformed { .. } => return None,
        };
        Some(hint)
    }
}

impl ImageFault {
    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Decode { .. } | Self::CutOff => {
                Some("remove the file or fetch it again; PNG, JPEG, GIF, WebP and BMP are read")
            }
            Self::TooLarge { .. } => Some("remove the picture or make it smaller"),
            Self::EmptyClass => {
                Some("remove the folder or put pictures into it: png, jpg, jpeg, gif, webp or bmp")
            }
            Self::NoClasses => Some(
                "put the pictures into `train/CLASS/`, `valid/CLASS/` and `test/CLASS/`, or into \
                 `CLASS/` alone",
            ),
            Self::OneClass { .. } => Some("add a folder of pictures for each class"),
            Self::NoTrain { .. } => Some("name the folder of the training pictures `train`"),
            Self::PartTwice { .. } => Some("rename or remove one of them"),
            Self::ClassNotInTrain { .. } => Some("the parts must have the same class folders"),
            Self::TooMany { .. } => Some("use fewer pictures or a smaller image size"),
            Self::Name => Some("rename the file"),
        }
    }
}

impl SplitError {
    /// What can be done about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Share { .. } => None,
            Self::Empty { .. } => Some("add data"),
            Self::ClassNotInTrain { .. } => Some("remove the class or add training data for it"),
            Self::TooFewGroups { .. } => Some("split by a column that has more values"),
            Self::GroupGivenTwice { .. } => Some("split by another column, or by none"),
        }
    }
}

/// The examples, and how many cells there are in all.
fn not_numbers(cells: &[String], count: usize) -> String {
    let first = cells.first().map_or("", String::as_str);
    let mut text = format!("`{first}` is not a number");
    if count > 1 {
        let others = cells.iter().skip(1).map(|cell| format!(", `{cell}`"));
        text.extend(others);
        text += &format!(": {count} cells are none");
    }
    text
}

fn in_rows(count: usize) -> String {
    if count < 2 {
        String::new()
    } else {
        format!(" in {count} rows, this is the first")
    }
}

fn because(reasons: &[String]) -> String {
    if reasons.is_empty() {
        String::new()
    } else {
        format!(": {}", reasons.join("; "))
    }
}

fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

fn kinds() -> String {
    CATALOGUE
        .iter()
        .map(|entry| entry.name)
        .collect::<Vec<&str>>()
        .join(", ")
}

fn listed(paths: &[PathBuf]) -> String {
    paths
        .iter()
        .map(|path| format!("`{}`", path.display()))
        .collect::<Vec<_>>()
        .join(" or ")
}

/// The first columns by name, and how many more there are.
fn quoted(columns: &[String]) -> String {
    const SHOWN: usize = 20;
    let names = columns.iter().take(SHOWN).map(|name| format!("`{name}`"));
    let mut text = names.collect::<Vec<_>>().join(", ");
    if columns.len() > SHOWN {
        text += &format!(" and {} more", columns.len() - SHOWN);
    }
    text
}

//! Reads tables from CSV files, compressed or not, within bounds.

use super::texts::Texts;
use super::{Columns, Table};
use crate::space::{Architecture, Space, SpaceError};
use flate2::read::MultiGzDecoder;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes that a table may have when decompressed: some thousand times
/// the size of a row of NAS-Bench-201 for each of NAS-Bench-101's 423,624 cells
/// would still be far below; a compressed bomb is above.
const MOST_BYTES: u64 = 1 << 30;

/// The most rows of a table.
const MOST_ROWS: usize = 4_000_000;

/// The columns of one data set, and what is made of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct DataColumns {
    /// Name of the data set.
    pub(super) data: &'static str,
    /// Column with the validation accuracy in percent.
    pub(super) validation: &'static str,
    /// Column with the seconds of training, and the factor for this data set.
    pub(super) seconds: (&'static str, f64),
    /// Column with the test accuracy in percent.
    pub(super) test: &'static str,
}

/// Reads a table whose column `text` holds the architectures.
///
/// # Errors
/// See [`TableError`].
pub(super) fn read(
    name: &'static str,
    path: &Path,
    space: Space,
    text: &'static str,
    data: &[DataColumns],
) -> Result<Table, TableError> {
    let mut source = Source::open(path)?;
    let text_at = source.position(text)?;
    let mut places = Vec::new();
    for set in data {
        let (validation, seconds) = (set.validation, set.seconds.0);
        let place = |column| -> Result<(&'static str, usize), TableError> {
            Ok((column, source.position(column)?))
        };
        places.push([place(validation)?, place(seconds)?, place(set.test)?]);
    }
    let mut columns: Vec<Columns> = data.iter().map(|set| Columns::empty(set.data)).collect();
    let mut listed = Listed::default();
    source.each(|record| {
        let architecture = record.architecture(&space, text, text_at)?;
        for ((set, own), places) in data.iter().zip(&mut columns).zip(&places) {
            let number = |which: usize, most: f64| {
                let (column, at) = places[which];
                let rule = || format!("must be a number from 0 to {most}");
                record.number(column, at, |own| (0.0..=most).contains(&own), rule)
            };
            own.validation.push(number(0, 100.0)? / 100.0);
            own.seconds.push(number(1, 1e9)? * set.seconds.1);
            own.test.push(number(2, 100.0)? / 100.0);
        }
        listed.add(record, &space, architecture)
    })?;
    Ok(Table {
        rows: Arc::new(listed.rows),
        ..Table::new(name, space, listed.texts, columns)
    })
}

/// The architectures of a file's rows.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) texts: Texts,
    pub(super) rows: HashMap<Architecture, u32>,
}

impl Listed {
    /// Adds that of the next row.
    ///
    /// # Errors
    /// It came before.
    pub(super) fn add(
        &mut self,
        record: &Record<'_>,
        space: &Space,
        architecture: Architecture,
    ) -> Result<(), TableError> {
        self.texts.push(&space.text(&architecture));
        let index = self.rows.len() as u32;
        match self.rows.insert(architecture, index) {
            None => Ok(()),
            Some(first) => Err(record.twice(first)),
        }
    }
}

/// A CSV file that is being read.
pub(super) struct Source<'a> {
    path: &'a Path,
    reader: csv::Reader<Box<dyn Read>>,
    names: csv::StringRecord,
}

impl<'a> Source<'a> {
    /// Opens a file, decompressed where its name says so, and reads its header.
    ///
    /// # Errors
    /// It is not there, or damaged.
    pub(super) fn open(path: &'a Path) -> Result<Self, TableError> {
        let file = File::open(path).map_err(|source| TableError::File {
            path: path.into(),
            source,
        })?;
        let file = BufReader::new(file);
        let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
        let content: Box<dyn Read> = if is_compressed {
            Box::new(MultiGzDecoder::new(file).take(MOST_BYTES))
        } else {
            Box::new(file.take(MOST_BYTES))
        };
        let mut reader = csv::Reader::from_reader(content);
        let names = reader.headers().map_err(|e| malformed(path, 1, e))?.clone();
        Ok(Self {
            path,
            reader,
            names,
        })
    }

    /// The names of the columns, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(str::trim)
    }

    /// Where a column is.
    ///
    /// # Errors
    /// There is none of this name.
    pub(super) fn position(&self, column: &'static str) -> Result<usize, TableError> {
        let found = self.names().position(|name| name == column);
        found.ok_or_else(|| TableError::MissingColumn {
            path: self.path.into(),
            column,
        })
    }

    /// Hands every row over, in order, and counts them.
    ///
    /// # Errors
    /// A row that cannot be read or that `use_row` refuses; too many rows, or none.
    pub(super) fn each(
        &mut self,
        mut use_row: impl FnMut(&Record<'_>) -> Result<(), TableError>,
    ) -> Result<usize, TableError> {
        let path = self.path;
        let mut cells = csv::StringRecord::new();
        for count in 0.. {
            let row = count as u64 + 2;
            let more = self.reader.read_record(&mut cells);
            if more.map_err(|source| malformed(path, row, source))? {
                if count == MOST_ROWS {
                    return Err(TableError::TooLarge {
                        path: path.into(),
                        most: MOST_ROWS,
                    });
                }
                use_row(&Record {
                    path,
                    row,
                    cells: &cells,
                })?;
            } else if count == 0 {
                break;
            } else {
                return Ok(count);
            }
        }
        Err(TableError::Empty { path: path.into() })
    }
}

/// One row of a file.
pub(super) struct Record<'a> {
    path: &'a Path,
    row: u64,
    cells: &'a csv::StringRecord,
}

impl Record<'_> {
    /// Its position, from 0.
    pub(super) fn index(&self) -> usize {
        self.row as usize - 2
    }

    /// What stands in a column; nothing where it is too short.
    pub(super) fn cell(&self, at: usize) -> &str {
        self.cells.get(at).unwrap_or("").trim()
    }

    /// The architecture in a column.
    ///
    /// # Errors
    /// The space has none of this text.
    pub(super) fn architecture(
        &self,
        space: &Space,
        column: &'static str,
        at: usize,
    ) -> Result<Architecture, TableError> {
        let text = self.cell(at);
        let parsed = space.parse(text);
        parsed.map_err(|error| self.fault(column, text, error.to_string()))
    }

    /// The number in a column.
    ///
    /// # Errors
    /// It is none, or does not fit.
    pub(super) fn number(
        &self,
        column: &'static str,
        at: usize,
        fits: impl Fn(f64) -> bool,
        rule: impl Fn() -> String,
    ) -> Result<f64, TableError> {
        let number = self.cell(at).parse().ok().filter(|&own| fits(own));
        number.ok_or_else(|| self.fault(column, self.cell(at), rule()))
    }

    /// Holds the number of the row in the file's column `index` against its place.
    ///
    /// # Errors
    /// It is another.
    pub(super) fn check_index(&self, at: usize) -> Result<(), TableError> {
        let expected = self.index();
        if self.cell(at).parse() == Ok(expected) {
            return Ok(());
        }
        let rule = format!("must be {expected}, the rows of the table in order");
        Err(self.fault("index", self.cell(at), rule))
    }

    /// A cell that is not what its column holds.
    pub(super) fn fault(&self, column: &'static str, value: &str, rule: String) -> TableError {
        TableError::Cell {
            path: self.path.into(),
            row: self.row,
            column,
            value: value.chars().take(120).collect(),
            rule,
        }
    }

    /// An architecture that the row of this index had before.
    pub(super) fn twice(&self, first: u32) -> TableError {
        twice(self.path, self.index() as u32, first)
    }
}

/// Two rows of one architecture, by index.
pub(super) fn twice(path: &Path, index: u32, first: u32) -> TableError {
    TableError::Twice {
        path: path.into(),
        row: u64::from(index) + 2,
        first: u64::from(first) + 2,
    }
}

fn malformed(path: &Path, row: u64, source: csv::Error) -> TableError {
    TableError::Malformed {
        path: path.into(),
        row,
        source,
    }
}

/// Why there is no table. Rows are counted as lines of the file, the header
/// being row 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be opened.
    #[error("table `{}` cannot be opened", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is damaged, or no CSV.
    #[error("table `{}`, row {row}: cannot be read", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The row that was being read.
        row: u64,
        /// Why.
        source: csv::Error,
    },
    /// A column that the table needs.
    #[error("table `{}` has no column `{column}`", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A cell that is not what its column holds.
    #[error("table `{}`, row {row}: {column} is `{value}`: {rule}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The row.
        row: u64,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        rule: String,
    },
    /// An architecture with two rows.
    #[error("table `{}`, row {row}: the architecture of row {first} comes again", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// The second row.
        row: u64,
        /// The first row.
        first: u64,
    },
    /// More rows than a table may have.
    #[error("table `{}` has more than {most} rows", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most rows.
        most: usize,
    },
    /// More or fewer rows than the table that the file stands beside.
    #[error("`{}` has {found} rows: must have those of its table, {wanted}", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// Its rows.
        found: usize,
        /// The table's.
        wanted: usize,
    },
    /// No row at all.
    #[error("table `{}` has no rows", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The table's space cannot be built.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// A device on which nothing was measured.
    #[error("table `{table}` has no latencies of `{name}`")]
    UnknownDevice {
        /// The table.
        table: &'static str,
        /// The device.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A data set that the table has no results on.
    #[error("table `{table}` has no data set `{name}`")]
    UnknownData {
        /// The table.
        table: &'static str,
        /// The data set.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
}

impl TableError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { .. } => Some(
                "set NETSMITH_DATA to the folder that holds the tables, such as `nas-bench-201/nb201_accuracy.csv.gz`"
                    .to_owned(),
            ),
            Self::UnknownDevice { known, .. } if known.is_empty() => {
                Some("the file of latencies belongs beside the table, in `latency`".to_owned())
            }
            Self::UnknownDevice { known, .. } => Some(format!("there are: {}", known.join(", "))),
            Self::UnknownData { known, .. } => Some(format!("there are: {}", known.join(", "))),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::CATALOGUE;
    use super::*;
    use std::io::Write;

    const HEADER: &str = "arch_str,c10_val_12,c100_val_12,in16_val_12,c10_cost_12_s,\
                          c10_test_200,c100_test_200,in16_test_200\n";
    const CELL: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";

    fn table(content: &[u8], name: &str) -> Result<Table, TableError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(name);
        File::create(&path).unwrap().write_all(content).unwrap();
        let entry = &CATALOGUE[0];
        (entry.read)(&path, (entry.space)(0).unwrap())
    }

    #[track_caller]
    fn fails(content: &str, message: &str) {
        let error = table(content.as_bytes(), "t.csv").unwrap_err().to_string();
        assert!(error.ends_with(message), "{error}");
    }

    #[test]
    fn percent_become_fractions_and_seconds_those_of_the_data_set() {
        let content = format!("{HEADER}{CELL},80.0,50,40,60,90,70,45\n");
        let table = table(content.as_bytes(), "t.csv").unwrap();
        let row = table.rows().next().unwrap();
        assert_eq!(table.text(row), CELL);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(table.validation_accuracy(0, row), 0.8);
        near(table.seconds(0, row), 60.0);
        near(table.seconds(1, row), 120.0);
        near(table.seconds(2, row), 364.08);
        let proof = super::super::Scoring::of_a_chosen_answer();
        near(table.test_accuracy(&proof, 1, row), 0.7);
        assert!(table.data_set("svhn").unwrap_err().hint().is_some());
    }

    #[test]
    fn faults_name_their_row() {
        let good = format!("{CELL},80,50,40,60,90,70,45\n");
        fails("", "has no column `arch_str`");
        fails(HEADER, "has no rows");
        fails(
            &format!("{HEADER}{good}{good}"),
            "row 3: the architecture of row 2 comes again",
        );
        fails(
            &format!("{HEADER}{}", good.replace("80", "NaN")),
            "row 2: c10_val_12 is `NaN`: must be a number from 0 to 100",
        );
        fails(&format!("{HEADER}{good}x,1\n"), "row 3: cannot be read");
        let wrong = good.replacen("none~0", "nope~0", 1);
        let error = table(format!("{HEADER}{wrong}").as_bytes(), "t.csv").unwrap_err();
        assert!(error.to_string().contains("row 2: arch_str is"), "{error}");
    }

    #[test]
    fn a_truncated_file_is_an_error() {
        let content = format!("{HEADER}{CELL},80,50,40,60,90,70,45\n").repeat(50);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(content.as_bytes()).unwrap();
        let whole = encoder.finish().unwrap();
        let error = table(&whole[..whole.len() / 2], "t.csv.gz").unwrap_err();
        assert!(matches!(error, TableError::Malformed { .. }), "{error}");
    }
}

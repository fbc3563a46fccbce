//! What the columns of a table of text mean.

use std::collections::BTreeSet;

use super::modality::table::ColumnKind;
use super::{TableFault, TaskKind, limits};

/// A column is numbers where at least this share of its cells is.
const NUMBERS: f64 = 0.9;

/// Whole-number targets with at most so many different values are classes...
const FEW_VALUES: usize = 20;

/// ... where each value has on average so many rows.
const ROWS_PER_VALUE: usize = 5;

/// What a survey of a column's cells finds.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    missing: usize,
    numbers: usize,
    whole: usize,
    texts: usize,
    /// The first cell that is neither missing nor a number, and its line.
    first_text: Option<(String, u64)>,
    /// The line of the first missing cell.
    first_missing: Option<u64>,
    /// How many cells are the number of their row, counted from 0 or 1.
    counted: usize,
    /// Different cells; one more than the limit stands for more.
    values: BTreeSet<String>,
}

/// What an input column becomes.
#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// A column of the table.
    Column(ColumnKind),
    /// Nothing, for this reason.
    LeftOut(String),
}

/// What the target column asks for.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// To tell these classes apart; whether their names are numbers.
    Classes {
        /// Class names: numbers by size, texts by alphabet.
        names: Vec<String>,
        /// Whether `1` and `1.0` are the same class.
        numeric: bool,
    },
    /// To predict a number.
    Values,
}

/// What is wrong with a column, before it is known by name.
#[derive(Debug)]
pub(super) enum ColumnFault {
    NotANumber {
        cell: String,
        line: u64,
        numbers: Option<f64>,
    },
    TargetMissing {
        line: u64,
    },
    OneTarget {
        value: String,
    },
    TooManyCategories {
        found: usize,
    },
}

impl ColumnFault {
    /// The fault of this column, and its line.
    pub(super) fn named(self, column: &str) -> (Option<u64>, TableFault) {
        let column = column.to_owned();
        match self {
            Self::NotANumber {
                cell,
                line,
                numbers,
            } => (
                Some(line),
                TableFault::NotANumber {
                    column,
                    cell,
                    numbers,
                },
            ),
            Self::TargetMissing { line } => (Some(line), TableFault::TargetMissing { column }),
            Self::OneTarget { value } => (None, TableFault::OneTarget { column, value }),
            Self::TooManyCategories { found } => {
                let limit = limits::CATEGORIES;
                (
                    None,
                    TableFault::TooManyCategories {
                        column,
                        found,
                        limit,
                    },
                )
            }
        }
    }
}

/// Whether a cell stands for a missing value.
pub(super) fn is_missing(cell: &str) -> bool {
    cell.is_empty() || cell == "?" || ["na", "nan"].iter().any(|no| cell.eq_ignore_ascii_case(no))
}

/// A cell as a finite number.
pub(super) fn number(cell: &str) -> Option<f32> {
    cell.parse::<f32>().ok().filter(|value| value.is_finite())
}

impl Content {
    /// Takes in one cell.
    pub(super) fn add(&mut self, cell: &str, line: u64) {
        if is_missing(cell) {
            self.missing += 1;
            self.first_missing.get_or_insert(line);
            return;
        }
        match number(cell) {
            Some(value) => {
                let row = self.rows() as f32;
                let is_count = |first: f32| (value - row - first).abs() < f32::EPSILON;
                self.counted += usize::from(is_count(0.0) || is_count(1.0));
                self.numbers += 1;
                self.whole += usize::from(value.fract().abs() < f32::EPSILON);
            }
            None => {
                self.texts += 1;
                self.first_text
                    .get_or_insert_with(|| (cell.to_owned(), line));
            }
        }
        if self.values.len() <= limits::CATEGORIES && !self.values.contains(cell) {
            self.values.insert(cell.to_owned());
        }
    }

    /// The number of cells.
    pub(super) fn rows(&self) -> usize {
        self.missing + self.present()
    }

    /// Whether the column counts the rows, as an index does.
    pub(super) fn counts_rows(&self) -> bool {
        self.rows() > FEW_VALUES && self.counted == self.rows()
    }

    /// What the column becomes as an input; `declared` to hold categories or
    /// not.
    pub(super) fn kind(&self, declared: bool) -> Result<Kind, ColumnFault> {
        let found = self.values.len();
        if found == 0 {
            return Ok(Kind::LeftOut("all its cells are missing".into()));
        }
        if !declared {
            if self.texts == 0 {
                return Ok(Kind::Column(ColumnKind::Number));
            }
            self.refuse_stray_text()?;
            // Texts that hardly repeat name their rows and teach nothing.
            if found > FEW_VALUES && (2 * found > self.present() || found > limits::CATEGORIES) {
                return Ok(Kind::LeftOut("its texts hardly repeat".into()));
            }
        }
        if found > limits::CATEGORIES {
            return Err(ColumnFault::TooManyCategories { found });
        }
        let names = self.values.iter().cloned().collect();
        Ok(Kind::Column(ColumnKind::Category { names }))
    }

    /// What the column asks for as the target.
    pub(super) fn meaning(&self, task: Option<TaskKind>) -> Result<Meaning, ColumnFault> {
        if let Some(line) = self.first_missing {
            return Err(ColumnFault::TargetMissing { line });
        }
        let numeric = self.texts == 0;
        let classes = self.class_names(numeric);
        let few = classes.len() <= FEW_VALUES && classes.len() * ROWS_PER_VALUE <= self.rows();
        let regression = match task {
            Some(task) => task == TaskKind::Regression,
            None => {
                self.refuse_stray_text()?;
                numeric && !(few && self.whole == self.numbers)
            }
        };
        if classes.len() < 2 {
            let value = classes.into_iter().next().unwrap_or_default();
            return Err(ColumnFault::OneTarget { value });
        }
        if regression {
            return match &self.first_text {
                Some((cell, line)) => Err(ColumnFault::NotANumber {
                    cell: cell.clone(),
                    line: *line,
                    numbers: None,
                }),
                None => Ok(Meaning::Values),
            };
        }
        if self.values.len() > limits::CATEGORIES {
            return Err(ColumnFault::TooManyCategories {
                found: self.values.len(),
            });
        }
        Ok(Meaning::Classes {
            names: classes,
            numeric,
        })
    }

    /// The name of the class that a cell stands for; none where it is missing.
    pub(super) fn class_name(cell: &str, numeric: bool) -> Option<String> {
        if is_missing(cell) {
            return None;
        }
        // In f64, which tells large whole numbers apart; minus zero and zero
        // are one class.
        if numeric {
            let value = cell.parse::<f64>().ok()?;
            Some((value + 0.0).to_string())
        } else {
            Some(cell.into())
        }
    }

    fn class_names(&self, numeric: bool) -> Vec<String> {
        let names = self
            .values
            .iter()
            .filter_map(|cell| Self::class_name(cell, numeric));
        let mut names: Vec<String> = names.collect::<BTreeSet<String>>().into_iter().collect();
        if numeric {
            let value = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
            names.sort_by(|a, b| value(a).total_cmp(&value(b)));
        }
        names
    }

    fn present(&self) -> usize {
        self.numbers + self.texts
    }

    /// An error where a column is numbers but for a few cells.
    fn refuse_stray_text(&self) -> Result<(), ColumnFault> {
        let share = self.numbers as f64 / self.present() as f64;
        match &self.first_text {
            Some((cell, line)) if share >= NUMBERS => Err(ColumnFault::NotANumber {
                cell: cell.clone(),
                line: *line,
                numbers: Some(100.0 * share),
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(cells: impl IntoIterator<Item = String>) -> Content {
        let mut content = Content::default();
        for (cell, line) in cells.into_iter().zip(2..) {
            content.add(&cell, line);
        }
        content
    }

    #[test]
    fn large_whole_numbers_stay_different_classes() {
        let cells = (0..100).map(|row| (100_000_001 + row % 2).to_string());
        let meaning = content(cells).meaning(None).expect("there are two classes");
        let names = vec!["100000001".to_owned(), "100000002".to_owned()];
        let numeric = true;
        assert_eq!(meaning, Meaning::Classes { names, numeric });
    }

    #[test]
    fn an_index_is_recognised() {
        assert!(content((0..30).map(|row| row.to_string())).counts_rows());
        assert!(content((1..31).map(|row| row.to_string())).counts_rows());
        assert!(!content((2..32).map(|row| row.to_string())).counts_rows());
        assert!(!content((0..5).map(|row| row.to_string())).counts_rows());
    }
}

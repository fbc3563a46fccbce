//! What the columns of a table of text mean.

use std::collections::{BTreeMap, BTreeSet};

use super::cell::{Notation, bare_number, is_absent, is_word, without_unit};
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
    /// What the user says of missing values.
    marks: Option<Vec<String>>,
    /// The decimal mark that the user names.
    decimal: Option<char>,
    rows: usize,
    /// Cells that are missing whatever the column holds.
    absent: usize,
    first_absent: Option<u64>,
    /// Cells that are missing if the column holds numbers, with their first lines.
    words: BTreeMap<String, u64>,
    word_cells: usize,
    /// By unit, what each way of writing numbers makes of the other cells.
    tallies: BTreeMap<&'static str, [Tally; 4]>,
    /// Different cells but for words; one more than the limit stands for more.
    values: BTreeSet<String>,
    /// Cells that are no plain numbers, with their first lines, as many at most.
    odd: BTreeMap<String, u64>,
}

/// What one way of writing numbers makes of the cells.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    numbers: usize,
    whole: usize,
    /// How many cells are the number of their row, counted from 0 or 1.
    counted: usize,
    /// Whole numbers that begin with a zero that counts for nothing: `007`.
    padded: usize,
    /// Numbers that 32 bits do not hold exactly.
    inexact: usize,
    first: f64,
    least: f64,
    most: f64,
}

/// The ways of writing numbers: with a decimal comma, in groups.
const WAYS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

/// A spread below this share of the size of the numbers is taken apart from it.
const NARROW: f64 = 1.0 / 1024.0;

impl Tally {
    fn add(&mut self, text: &str, value: f64, row: usize) {
        if self.numbers == 0 {
            (self.first, self.least, self.most) = (value, value, value);
        }
        self.numbers += 1;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        let is_whole = value.fract().abs() < f64::EPSILON;
        self.whole += usize::from(is_whole);
        let digits = text.trim_start_matches(['-', '+']);
        self.padded += usize::from(
            is_whole && digits.len() > 1 && digits.starts_with('0') && !digits.contains(['.', ',']),
        );
        self.inexact += usize::from((f64::from(value as f32) - value).abs() > 0.0);
        let is_count = |first: f64| (value - row as f64 - first).abs() < f64::EPSILON;
        self.counted += usize::from(is_count(0.0) || is_count(1.0));
    }

    /// What is taken from every number so that 32 bits hold the rest.
    fn offset(&self) -> f64 {
        let (spread, size) = (
            self.most - self.least,
            self.least.abs().max(self.most.abs()),
        );
        let large = size > f64::from(1 << 24) && spread < size / 2.0;
        if self.inexact > 0 && (spread < NARROW * size || large) {
            self.first
        } else {
            0.0
        }
    }
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
    /// To tell these classes apart.
    Classes {
        /// Class names, the texts of the cells: numbers by size, texts by alphabet.
        names: Vec<String>,
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
        others: Vec<String>,
        count: usize,
        numbers: Option<f64>,
        target: bool,
    },
    TwoReadings {
        cell: String,
        line: u64,
    },
    TargetMissing {
        line: u64,
        count: usize,
    },
    OneTarget {
        value: String,
    },
    TooManyCategories {
        found: usize,
    },
}

impl ColumnFault {
    /// The same fault of the target.
    fn of_target(mut self) -> Self {
        if let Self::NotANumber { target, .. } = &mut self {
            *target = true;
        }
        self
    }

    /// The fault of this column, and its line.
    pub(super) fn named(self, column: &str) -> (Option<u64>, TableFault) {
        let column = column.to_owned();
        match self {
            Self::NotANumber {
                cell,
                line,
                others,
                count,
                numbers,
                target,
            } => (
                Some(line),
                TableFault::NotANumber {
                    column,
                    cells: [vec![cell], others].concat(),
                    count,
                    numbers,
                    target,
                },
            ),
            Self::TwoReadings { cell, line } => {
                (Some(line), TableFault::TwoReadings { column, cell })
            }
            Self::TargetMissing { line, count } => {
                (Some(line), TableFault::TargetMissing { column, count })
            }
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

/// Whether a cell stands for a missing value among numbers.
pub(super) fn is_missing(cell: &str) -> bool {
    is_absent(cell, None) || is_word(cell, None)
}

/// A cell as a plain, finite number.
pub(super) fn number(cell: &str) -> Option<f32> {
    bare_number(cell, false, false).map(|value| value as f32)
}

impl Content {
    /// Nothing yet, of a column in which these texts alone are missing and this is the
    /// decimal mark; `None`: as the column looks.
    pub(super) fn new(marks: Option<Vec<String>>, decimal: Option<char>) -> Self {
        Self {
            marks,
            decimal,
            ..Self::default()
        }
    }

    /// Takes in one cell.
    pub(super) fn add(&mut self, cell: &str, line: u64) {
        let row = self.rows;
        self.rows += 1;
        if is_absent(cell, self.marks.as_deref()) {
            self.absent += 1;
            self.first_absent.get_or_insert(line);
            return;
        }
        if is_word(cell, self.marks.as_deref()) {
            self.word_cells += 1;
            self.words.entry(cell.to_owned()).or_insert(line);
            return;
        }
        let (unit, bare) = without_unit(cell);
        let tallies = self.tallies.entry(unit).or_default();
        let mut plain = false;
        for (way, (tally, (comma, grouped))) in tallies.iter_mut().zip(WAYS).enumerate() {
            if let Some(value) = bare_number(&bare, comma, grouped) {
                tally.add(&bare, value, row);
                plain |= way == 0 && unit.is_empty();
            }
        }
        if !plain && self.odd.len() <= limits::CATEGORIES && !self.odd.contains_key(cell) {
            self.odd.insert(cell.to_owned(), line);
        }
        if self.values.len() <= limits::CATEGORIES && !self.values.contains(cell) {
            self.values.insert(cell.to_owned());
        }
    }

    /// The number of cells.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Cells that are neither missing nor words for it.
    fn present(&self) -> usize {
        self.rows - self.absent - self.word_cells
    }

    /// How the column writes its numbers, and what that makes of its cells; an error where
    /// `1,234` may be either of two numbers in all of them.
    fn reading(&self) -> Result<(Notation, Tally), ColumnFault> {
        let present = self.present();
        let ways: &[usize] = match self.decimal {
            None => &[0, 1, 2, 3],
            Some(',') => &[1, 3],
            Some(_) => &[0, 2],
        };
        let notation = |unit: &str, way: usize, tally: &Tally| Notation {
            decimal_comma: WAYS[way].0,
            grouped: WAYS[way].1,
            unit: unit.to_owned(),
            missing: self.marks.clone(),
            offset: tally.offset(),
        };
        for (unit, tallies) in &self.tallies {
            let whole: Vec<usize> = ways
                .iter()
                .copied()
                .filter(|way| tallies[*way].numbers == present)
                .collect();
            let Some(&way) = whole.first() else { continue };
            if way == 1 && whole.contains(&2) {
                let (cell, line) = self
                    .odd
                    .iter()
                    .min_by_key(|(_, line)| **line)
                    .map(|(cell, line)| (cell.clone(), *line))
                    .unwrap_or_default();
                return Err(ColumnFault::TwoReadings { cell, line });
            }
            return Ok((notation(unit, way, &tallies[way]), tallies[way]));
        }
        let none = [Tally::default(); 4];
        let tallies = self.tallies.get("").unwrap_or(&none);
        let best = ways
            .iter()
            .copied()
            .rev()
            .max_by_key(|way| tallies[*way].numbers)
            .unwrap_or(0);
        Ok((notation("", best, &tallies[best]), tallies[best]))
    }

    /// How cells are read where the column holds texts.
    fn texts(&self) -> Notation {
        Notation {
            missing: self.marks.clone(),
            ..Notation::default()
        }
    }

    /// Whether the column counts the rows, as an index does.
    pub(super) fn counts_rows(&self) -> bool {
        let counted = self.tallies.get("").map_or(0, |tallies| tallies[0].counted);
        self.rows > FEW_VALUES && counted == self.rows
    }

    /// Different texts, if the column holds texts.
    fn different(&self) -> BTreeSet<String> {
        self.values
            .iter()
            .chain(self.words.keys())
            .cloned()
            .collect()
    }

    /// What the column becomes as an input, and how it is read; `declared` to hold
    /// categories or not.
    pub(super) fn kind(&self, declared: bool) -> Result<(Kind, Notation), ColumnFault> {
        if self.present() + if declared { self.word_cells } else { 0 } == 0 {
            return Ok((
                Kind::LeftOut("all its cells are missing".into()),
                self.texts(),
            ));
        }
        let texts = self.different();
        let found = texts.len();
        if !declared {
            let (notation, tally) = self.reading()?;
            if tally.numbers == self.present() {
                return Ok((Kind::Column(ColumnKind::Number), notation));
            }
            self.refuse_stray_text(&notation, &tally)?;
            // Texts that hardly repeat name their rows and teach nothing.
            if found > FEW_VALUES && (2 * found > self.present() || found > limits::CATEGORIES) {
                let mixed = self
                    .mixture()
                    .map(|text| format!("; {text}"))
                    .unwrap_or_default();
                let what = if self
                    .values
                    .iter()
                    .take(FEW_VALUES)
                    .all(|text| is_date(text))
                {
                    "its dates hardly repeat; write what matters of them, such as the month, as columns of numbers"
                } else {
                    "its texts hardly repeat"
                };
                return Ok((Kind::LeftOut(format!("{what}{mixed}")), self.texts()));
            }
        }
        if found > limits::CATEGORIES {
            return Err(ColumnFault::TooManyCategories { found });
        }
        let names = texts.into_iter().collect();
        Ok((Kind::Column(ColumnKind::Category { names }), self.texts()))
    }

    /// What the column asks for as the target, how it is read, and why.
    pub(super) fn meaning(
        &self,
        task: Option<TaskKind>,
    ) -> Result<(Meaning, Notation, String), ColumnFault> {
        if let Some(line) = self.first_absent {
            let count = self.absent;
            return Err(ColumnFault::TargetMissing { line, count });
        }
        let (notation, tally) = self.reading()?;
        let present = self.present();
        let all_numbers = present > 0 && tally.numbers == present;
        let classes = self.class_names(&notation, all_numbers);
        let few = classes.len() <= FEW_VALUES && classes.len() * ROWS_PER_VALUE <= self.rows;
        let numeric = all_numbers && tally.padded == 0;
        let (regression, why) = match task {
            Some(task) => (task == TaskKind::Regression, "as `--task` says".to_owned()),
            None => {
                self.refuse_stray_text(&notation, &tally)
                    .map_err(ColumnFault::of_target)?;
                let count = self.values.len();
                let more = if count > limits::CATEGORIES {
                    "more than 1000".to_owned()
                } else {
                    count.to_string()
                };
                if !all_numbers {
                    (false, "it holds texts".to_owned())
                } else if !numeric {
                    (
                        false,
                        "its numbers begin with zeros, so they are names".to_owned(),
                    )
                } else if tally.whole < present {
                    (true, "it holds numbers that are not whole".to_owned())
                } else if few {
                    (
                        false,
                        format!("it holds {count} different whole numbers, {FEW_VALUES} at most"),
                    )
                } else if count > FEW_VALUES {
                    (
                        true,
                        format!(
                            "it holds {more} different whole numbers, more than {FEW_VALUES}; `--task classification` makes them classes"
                        ),
                    )
                } else {
                    (
                        true,
                        format!(
                            "it holds {count} different whole numbers with fewer than {ROWS_PER_VALUE} rows each; `--task classification` makes them classes"
                        ),
                    )
                }
            }
        };
        let words_are_missing = regression || (task.is_none() && all_numbers);
        if let Some(line) = self.words.values().min().filter(|_| words_are_missing) {
            let (line, count) = (*line, self.word_cells);
            return Err(ColumnFault::TargetMissing { line, count });
        }
        if classes.len() < 2 {
            let value = classes.into_iter().next().unwrap_or_default();
            return Err(ColumnFault::OneTarget { value });
        }
        if regression {
            if !all_numbers {
                return Err(self.stray(&notation, None));
            }
            return Ok((Meaning::Values, notation, why));
        }
        if classes.len() > limits::CATEGORIES {
            let found = classes.len();
            return Err(ColumnFault::TooManyCategories { found });
        }
        Ok((Meaning::Classes { names: classes }, self.texts(), why))
    }

    /// The texts of the cells, which are the names of the classes: numbers by size, texts
    /// by alphabet.
    fn class_names(&self, notation: &Notation, numeric: bool) -> Vec<String> {
        let mut names: Vec<String> = self.different().into_iter().collect();
        if numeric {
            let value = |name: &String| notation.number(name).unwrap_or(f64::NAN);
            names.sort_by(|a, b| value(a).total_cmp(&value(b)).then_with(|| a.cmp(b)));
        }
        names
    }

    /// Classes that are one number written in two ways: they stay two.
    pub(super) fn equal_numbers(&self) -> Option<[String; 2]> {
        let names = self.values.iter();
        let mut values: Vec<(f64, &String)> = names
            .filter_map(|name| Some((bare_number(name, false, false)?, name)))
            .collect();
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        // Two long whole numbers that 64 bits of floating point take for one are not equal.
        let equal =
            |a: &(f64, &String), b: &(f64, &String)| (a.0 - b.0).abs() == 0.0 && a.0.abs() < EXACT;
        let pair = values.windows(2).find(|pair| equal(&pair[0], &pair[1]))?;
        Some([pair[0].1.clone(), pair[1].1.clone()])
    }

    /// What a reader should know of a column of numbers, an input or the target.
    pub(super) fn remarks(&self, notation: &Notation, is_target: bool) -> Vec<String> {
        let mut remarks = Vec::new();
        remarks.extend(
            notation
                .remark()
                .map(|how| format!("its numbers are read {how}")),
        );
        if self.word_cells > 0 {
            let words: Vec<String> = self
                .words
                .keys()
                .take(3)
                .map(|word| format!("`{word}`"))
                .collect();
            remarks.push(format!(
                "{} cells are missing: {}",
                self.word_cells,
                words.join(", ")
            ));
        }
        let Ok((_, tally)) = self.reading() else {
            return remarks;
        };
        if notation.offset.abs() > 0.0 {
            let (does, key) = if is_target {
                ("adds it again", "target_offset")
            } else {
                ("does the same", "offset")
            };
            remarks.push(format!(
                "{} is taken from its numbers, whose spread 32 bits do not hold otherwise: \
                 `predict` {does}, and the metadata of exported files names it as `{key}`",
                notation.offset
            ));
        }
        if tally.whole == tally.numbers && tally.least.abs().max(tally.most.abs()) > EXACT {
            remarks.push("it holds whole numbers above 2^53, which 64 bits of floating point do not tell apart: leave ids out with `--ignore`, or name the column with `--categories`".into());
        }
        if tally.numbers > 0
            && (tally.most - tally.least).abs() == 0.0
            && self.absent + self.word_cells == 0
        {
            remarks.push(format!(
                "every cell is {}: it tells nothing apart",
                tally.first
            ));
        }
        remarks
    }

    /// Whether every cell is the same.
    pub(super) fn is_constant(&self) -> bool {
        self.absent + self.word_cells == 0 && self.values.len() == 1
    }

    /// How many cells of a column of texts are numbers and how many are not, with three
    /// examples; nothing where all are of one kind.
    pub(super) fn mixture(&self) -> Option<String> {
        let (notation, tally) = self.reading().ok()?;
        let present = self.present();
        (tally.numbers > 0 && tally.numbers < present).then(|| {
            format!(
                "{} of its {present} cells are not numbers, such as {}",
                present - tally.numbers,
                self.examples(&notation).join(", ")
            )
        })
    }

    fn strays(&self, notation: &Notation) -> Vec<(&String, u64)> {
        let cells = self.odd.iter().map(|(cell, line)| (cell, *line));
        let mut cells: Vec<(&String, u64)> = cells
            .filter(|(cell, _)| notation.number(cell).is_none())
            .collect();
        cells.sort_by_key(|(_, line)| *line);
        cells
    }

    fn examples(&self, notation: &Notation) -> Vec<String> {
        let cells = self.strays(notation).into_iter().take(3);
        cells.map(|(cell, _)| format!("`{cell}`")).collect()
    }

    fn stray(&self, notation: &Notation, numbers: Option<f64>) -> ColumnFault {
        let strays = self.strays(notation);
        let (cell, line) = strays
            .first()
            .map(|(cell, line)| ((*cell).clone(), *line))
            .unwrap_or_default();
        let others = strays
            .iter()
            .skip(1)
            .take(2)
            .map(|(cell, _)| (*cell).clone())
            .collect();
        let (_, tally) = self.reading().unwrap_or_default();
        ColumnFault::NotANumber {
            cell,
            line,
            others,
            count: self.present() - tally.numbers,
            numbers,
            target: false,
        }
    }

    /// An error where a column is numbers but for a few cells.
    fn refuse_stray_text(&self, notation: &Notation, tally: &Tally) -> Result<(), ColumnFault> {
        let share = tally.numbers as f64 / self.present() as f64;
        if tally.numbers < self.present() && share >= NUMBERS {
            return Err(self.stray(notation, Some(100.0 * share)));
        }
        Ok(())
    }
}

/// Whole numbers up to here are exact in 64 bits of floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a text begins as a date does: `2024-01-31`, `31.1.2024`, `1/31/24`.
fn is_date(text: &str) -> bool {
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let of_digits =
        |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(of_digits)
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
        assert_eq!(meaning.0, Meaning::Classes { names });
    }

    #[test]
    fn an_index_is_recognised() {
        assert!(content((0..30).map(|row| row.to_string())).counts_rows());
        assert!(content((1..31).map(|row| row.to_string())).counts_rows());
        assert!(!content((2..32).map(|row| row.to_string())).counts_rows());
        assert!(!content((0..5).map(|row| row.to_string())).counts_rows());
    }
}

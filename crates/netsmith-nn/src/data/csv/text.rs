//! A table as text: its header and its rows.

use super::super::cell::{Notation, is_word};
use super::super::columns::{ColumnFault, Content};
use super::super::file::read_whole;
use super::super::modality::table::{ColumnKind, TableColumn, UNKNOWN_CATEGORY};
use super::super::{DataError, TableFault, TextFormat, limits};
use super::sniff;
use netsmith::nearest::nearest;
use std::collections::BTreeMap;
use std::path::Path;

/// A table as text, with its header.
pub(in crate::data) struct File<'a> {
    path: &'a Path,
    content: Vec<u8>,
    delimiter: u8,
    pub(in crate::data) header: Vec<String>,
}

/// A row and where it is.
pub(in crate::data) struct Row<'a> {
    path: &'a Path,
    record: &'a ::csv::StringRecord,
}

impl Row<'_> {
    pub(in crate::data) fn cell(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default().trim()
    }

    /// The line on which the row begins, from 1.
    pub(in crate::data) fn line(&self) -> Option<u64> {
        self.record.position().map(::csv::Position::line)
    }

    pub(in crate::data) fn fault(&self, fault: TableFault) -> DataError {
        DataError::Table {
            path: self.path.to_path_buf(),
            line: self.line(),
            fault,
        }
    }
}

impl<'a> File<'a> {
    pub(in crate::data) fn read(path: &'a Path, format: &TextFormat) -> Result<Self, DataError> {
        let faulty = |line, fault| DataError::Table {
            path: path.to_path_buf(),
            line,
            fault,
        };
        let content = read_whole(path, limits::TABLE_BYTES)?;
        let mut content = sniff::decoded(content, format.encoding.as_deref())
            .map_err(|fault| faulty(None, fault))?;
        let mut delimiter = format.delimiter_byte();
        if let Some((named, start)) = sniff::named_delimiter(&content) {
            content.drain(..start);
            delimiter = delimiter.or(Some(named));
        }
        let delimiter = delimiter.unwrap_or_else(|| sniff::delimiter(&content));
        if let Some(line) = sniff::open_quote(&content, delimiter) {
            return Err(faulty(Some(line), TableFault::OpenQuote));
        }
        let mut file = Self {
            path,
            content,
            delimiter,
            header: Vec::new(),
        };
        let header = file
            .reader()
            .headers()
            .cloned()
            .map_err(|source| file.malformed(source))?;
        file.header = header.iter().map(|name| name.trim().to_owned()).collect();
        if file.header.len() > limits::TABLE_COLUMNS {
            let fault = TableFault::TooMany {
                what: "columns",
                limit: limits::TABLE_COLUMNS,
            };
            return Err(file.fault(Some(1), fault));
        }
        if file.header.is_empty() {
            return Err(file.fault(None, TableFault::NoRows));
        }
        let mut names: Vec<&str> = file.named().map(|(_, name)| name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let fault = TableFault::TwoColumns {
                column: pair[0].to_owned(),
            };
            return Err(file.fault(Some(1), fault));
        }
        Ok(file)
    }

    fn reader(&self) -> ::csv::Reader<&[u8]> {
        ::csv::ReaderBuilder::new()
            .delimiter(self.delimiter)
            .from_reader(&self.content)
    }

    /// The columns that have a name.
    pub(in crate::data) fn named(&self) -> impl Iterator<Item = (usize, &str)> {
        let names = self.header.iter().map(String::as_str).enumerate();
        names.filter(|(_, name)| !name.is_empty())
    }

    /// The column of this name; space around it counts as little as in the header.
    pub(in crate::data) fn find(&self, name: &str) -> Result<usize, DataError> {
        let name = name.trim();
        let plain = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = self.named().find(|(_, other)| *other == name);
        let found = found.or_else(|| self.named().find(|(_, other)| plain(other) == plain(name)));
        found.map(|(index, _)| index).ok_or_else(|| {
            let columns: Vec<String> = self.named().map(|(_, name)| name.to_owned()).collect();
            let nearest = nearest(name, columns.iter().cloned());
            self.fault(
                None,
                TableFault::NoSuchColumn {
                    given: name.into(),
                    nearest,
                    columns,
                },
            )
        })
    }

    /// Calls `visit` with every row.
    pub(in crate::data) fn rows(
        &self,
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut reader = self.reader();
        let mut record = ::csv::StringRecord::new();
        let most = limits::TABLE_ROWS.min(limits::TABLE_CELLS / self.header.len().max(1));
        let mut rows = 0;
        while reader
            .read_record(&mut record)
            .map_err(|source| self.malformed(source))?
        {
            rows += 1;
            if rows > most {
                return Err(self.fault(
                    None,
                    TableFault::TooMany {
                        what: "rows",
                        limit: most,
                    },
                ));
            }
            visit(&Row {
                path: self.path,
                record: &record,
            })?;
        }
        Ok(())
    }

    /// What is in each column.
    pub(super) fn survey(&self, format: &TextFormat) -> Result<Vec<Content>, DataError> {
        let content = Content::new(format.missing_texts(), format.decimal_mark());
        let mut contents = vec![content; self.header.len()];
        self.rows(|row| {
            let line = row.line().unwrap_or(0);
            for (index, content) in contents.iter_mut().enumerate() {
                content.add(row.cell(index), line);
            }
            Ok(())
        })?;
        if contents.first().is_none_or(|content| content.rows() == 0) {
            return Err(self.fault(None, TableFault::NoRows));
        }
        Ok(contents)
    }

    /// The values of these columns; `visit` sees every row, too.
    pub(super) fn fill(
        &self,
        columns: &[(usize, &TableColumn, &Notation)],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DataError>,
    ) -> Result<Vec<Vec<f32>>, DataError> {
        let codes: Vec<BTreeMap<&str, u32>> = columns
            .iter()
            .map(|(_, column, _)| match &column.kind {
                ColumnKind::Number => BTreeMap::new(),
                ColumnKind::Category { names } => {
                    names.iter().map(String::as_str).zip(0..).collect()
                }
            })
            .collect();
        let mut values = vec![Vec::new(); columns.len()];
        self.rows(|row| {
            for ((column, codes), values) in columns.iter().zip(&codes).zip(&mut values) {
                let (index, column, notation) = column;
                let cell = row.cell(*index);
                values.push(match &column.kind {
                    _ if notation.lacks_text(cell) => f32::NAN,
                    ColumnKind::Category { .. } => match codes.get(cell) {
                        Some(code) => *code as f32,
                        None if is_word(cell, notation.missing.as_deref()) => f32::NAN,
                        None => UNKNOWN_CATEGORY,
                    },
                    ColumnKind::Number if notation.lacks_number(cell) => f32::NAN,
                    ColumnKind::Number => notation.kept(cell).ok_or_else(|| {
                        let (column, cell) = (column.name.clone(), cell.to_owned());
                        row.fault(TableFault::not_a_number(column, cell))
                    })?,
                });
            }
            visit(row)
        })?;
        Ok(values)
    }

    pub(in crate::data) fn fault(&self, line: Option<u64>, fault: TableFault) -> DataError {
        DataError::Table {
            path: self.path.to_path_buf(),
            line,
            fault,
        }
    }

    pub(in crate::data) fn column_fault(&self, column: &str, fault: ColumnFault) -> DataError {
        let (line, fault) = fault.named(column);
        self.fault(line, fault)
    }

    fn malformed(&self, source: ::csv::Error) -> DataError {
        let line = source.position().map(::csv::Position::line);
        let fault = match source.kind() {
            ::csv::ErrorKind::UnequalLengths {
                expected_len, len, ..
            } => TableFault::RowLength {
                expected: *expected_len,
                found: *len,
            },
            ::csv::ErrorKind::Utf8 { .. } => TableFault::Encoding,
            _ => TableFault::Malformed { source },
        };
        self.fault(line, fault)
    }
}

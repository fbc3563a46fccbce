//! A table of series: a header row, then one series of one channel a row.
//!
//! Separated and read as any table of columns. One column holds the labels, the others
//! the values in their order; columns without a name are left out. Where lengths differ,
//! the cells after the end of a series are empty: missing cells at the end are no part of
//! it, others are missing values. Archives write one label as `1`, `1.0` and `1.0000e+00`
//! in two files of a data set: a whole number with decimals is the class without them.

use super::super::cell::{bare_number, is_absent};
use super::super::columns::{ColumnFault, Content, Meaning, is_missing, number};
use super::super::csv::text::{File, Row};
use super::super::{DataError, TableFault, TaskKind, TextFormat};
use super::{Series, SeriesFault, SeriesTarget};
use std::path::Path;

/// Reads one table; its labels are in the column `target`, or in the last one. Those of a
/// test file are what the labels of its training file are, `before`.
pub(super) fn read(
    path: &Path,
    target: Option<&str>,
    task: Option<TaskKind>,
    before: Option<&SeriesTarget>,
) -> Result<Series, DataError> {
    let file =
        File::read(path, &TextFormat::default()).map_err(|error| without_header(path, error))?;
    if file.named().all(|(_, name)| is_value(name)) {
        return Err(DataError::series(path, Some(1), SeriesFault::NoHeader));
    }
    let target = match target {
        Some(name) => file.find(name)?,
        None => file.named().last().map_or(0, |(index, _)| index),
    };
    let columns: Vec<(usize, &str)> = file.named().filter(|(index, _)| *index != target).collect();
    if columns.is_empty() {
        let reasons = Vec::new();
        return Err(file.fault(None, TableFault::NoInputs { reasons }));
    }
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    file.rows(|row| {
        let series = series_of(row, &columns)?
            .ok_or_else(|| DataError::series(path, row.line(), SeriesFault::EmptySeries))?;
        values.push(series);
        labels.push((row.line().unwrap_or(0), row.cell(target).to_owned()));
        Ok(())
    })?;
    if labels.is_empty() {
        return Err(file.fault(None, TableFault::NoRows));
    }
    let column = &file.header[target];
    let (labels, target) =
        labelled(labels, task, before).map_err(|fault| file.column_fault(column, fault))?;
    Ok(Series {
        channels: 1,
        lengths: values.iter().map(Vec::len).collect(),
        values,
        labels,
        target,
        parts: Vec::new(),
    })
}

/// Reads the values of one table. The labels may be there or not: where it has more columns
/// than `length`, the longest training sample, its last column is that of the labels.
pub(super) fn read_new(path: &Path, length: usize) -> Result<Vec<Vec<f32>>, DataError> {
    let file = File::read(path, &TextFormat::default())?;
    let mut columns: Vec<(usize, &str)> = file.named().collect();
    if columns.len() > length {
        columns.pop();
    }
    let mut values = Vec::new();
    file.rows(|row| {
        let empty = || DataError::series(path, row.line(), SeriesFault::EmptySeries);
        values.push(series_of(row, &columns)?.ok_or_else(empty)?);
        Ok(())
    })?;
    if values.is_empty() {
        return Err(file.fault(None, TableFault::NoRows));
    }
    Ok(values)
}

/// The labels, each with its line, and what they are.
fn labelled(
    cells: Vec<(u64, String)>,
    task: Option<TaskKind>,
    before: Option<&SeriesTarget>,
) -> Result<(Vec<String>, SeriesTarget), ColumnFault> {
    let cells: Vec<(u64, String)> = cells
        .into_iter()
        .map(|(line, cell)| (line, without_decimals(cell)))
        .collect();
    let meaning = match before {
        Some(SeriesTarget::Values(_)) => Meaning::Values,
        Some(SeriesTarget::Classes(names)) => Meaning::Classes {
            names: names.clone(),
        },
        None => {
            let mut content = Content::default();
            for (line, cell) in &cells {
                content.add(cell, *line);
            }
            content.meaning(task)?.0
        }
    };
    let (mut labels, mut values) = (Vec::new(), Vec::new());
    for (line, cell) in cells {
        if is_absent(&cell, None) {
            return Err(ColumnFault::TargetMissing { line, count: 1 });
        }
        if matches!(meaning, Meaning::Values) {
            let fault = ColumnFault::NotANumber {
                cell: cell.clone(),
                line,
                others: Vec::new(),
                count: 1,
                numbers: None,
                target: true,
            };
            values.push(number(&cell).ok_or(fault)?);
        }
        labels.push(cell);
    }
    let target = match meaning {
        Meaning::Values => SeriesTarget::Values(values),
        Meaning::Classes { names, .. } => SeriesTarget::Classes(names),
    };
    Ok((labels, target))
}

/// A label that is a whole number written with decimals, without them.
fn without_decimals(label: String) -> String {
    let value = bare_number(&label, false, false);
    match value {
        Some(value)
            if label.contains(['.', 'e', 'E']) && value.fract() == 0.0 && value.abs() < 1e15 =>
        {
            (value + 0.0).to_string()
        }
        _ => label,
    }
}

/// The values of a row up to the last that is there; nothing where none is.
fn series_of(row: &Row<'_>, columns: &[(usize, &str)]) -> Result<Option<Vec<f32>>, DataError> {
    let is_there = |(index, _): &(usize, &str)| !is_missing(row.cell(*index));
    let Some(last) = columns.iter().rposition(is_there) else {
        return Ok(None);
    };
    let values = columns[..=last].iter().map(|(index, name)| {
        let cell = row.cell(*index);
        if is_missing(cell) {
            return Ok(f32::NAN);
        }
        number(cell).ok_or_else(|| {
            row.fault(TableFault::not_a_number(
                (*name).to_owned(),
                cell.to_owned(),
            ))
        })
    });
    values.collect::<Result<_, _>>().map(Some)
}

fn is_value(name: &str) -> bool {
    is_missing(name) || number(name).is_some()
}

/// In a table without a header two equal values look like two columns of one name.
fn without_header(path: &Path, error: DataError) -> DataError {
    match error {
        DataError::Table {
            fault: TableFault::TwoColumns { column },
            ..
        } if is_value(&column) => DataError::series(path, Some(1), SeriesFault::NoHeader),
        other => other,
    }
}

//! `csv`: a table with a header row, of numbers and categories.
//!
//! - Separated by commas, semicolons or tabs, whichever the header has most of;
//!   it may be gzipped.
//! - A cell is missing where it is empty, `NA`, `NaN` or `?`.
//! - A column is numbers where its cells are. Where nine of ten are and one is
//!   not, that one is an error; other columns are categories.
//! - Columns without a name, without a value, and texts that hardly repeat
//!   (names, identifiers) are left out, and a note says so.

mod target;
#[cfg(test)]
mod tests;
pub(super) mod text;

use super::columns::{Kind, is_missing};
use super::modality::Table;
use super::modality::table::TableColumn;
use super::{DataError, DataKind, Dataset, Entry, LoadOptions, Origin, PathForm, TableFault};
use std::collections::BTreeMap;
use std::path::Path;
use target::TargetFiller;
use text::File;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "csv",
    "A table with a header row: numbers and categories, missing values, any target.",
    DataKind {
        path: PathForm::Required("FILE.csv"),
        options: &["target", "task", "ignore", "categories", "split-by"],
        licence: "",
        load,
    },
);

fn load(path: Option<&Path>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let path = path.unwrap_or(Path::new("-"));
    let file = File::read(path)?;
    let Some(target) = &options.target else {
        let columns = file.named().map(|(_, name)| name.to_owned()).collect();
        return Err(file.fault(None, TableFault::NoTarget { columns }));
    };
    let target = file.find(target)?;
    let group = options
        .split_by
        .as_ref()
        .map(|name| file.find(name))
        .transpose()?;
    let ignored = options
        .ignore
        .iter()
        .map(|n| file.find(n))
        .collect::<Result<Vec<_>, _>>()?;
    let declared = options
        .categories
        .iter()
        .map(|n| file.find(n))
        .collect::<Result<Vec<_>, _>>()?;
    let contents = file.survey()?;

    let mut notes = Vec::new();
    if file.named().count() < file.header.len() {
        notes.push("columns without a name were left out".to_owned());
    }
    let mut inputs: Vec<(usize, TableColumn)> = Vec::new();
    for (index, name) in file.named() {
        if index == target || Some(index) == group || ignored.contains(&index) {
            continue;
        }
        match contents[index].kind(declared.contains(&index)) {
            Ok(Kind::Column(kind)) => {
                if contents[index].counts_rows() {
                    let advice = "leave it out if it is only an index";
                    notes.push(format!("column `{name}` counts the rows: {advice}"));
                }
                inputs.push((
                    index,
                    TableColumn {
                        name: name.into(),
                        kind,
                    },
                ));
            }
            Ok(Kind::LeftOut(reason)) => {
                notes.push(format!("column `{name}` was left out: {reason}"))
            }
            Err(fault) => return Err(file.column_fault(name, fault)),
        }
    }
    if inputs.is_empty() {
        return Err(file.fault(None, TableFault::NoInputs));
    }
    let meaning = contents[target]
        .meaning(options.task)
        .map_err(|fault| file.column_fault(&file.header[target], fault))?;

    let columns: Vec<(usize, &TableColumn)> =
        inputs.iter().map(|(i, column)| (*i, column)).collect();
    let mut reader = Filler {
        target: TargetFiller::new(meaning),
        groups: None,
    };
    if group.is_some() {
        reader.groups = Some((BTreeMap::new(), Vec::new()));
    }
    let values = file.fill(&columns, |row| {
        reader.target.push(row.cell(target)).ok_or_else(|| {
            let column = file.header[target].clone();
            row.fault(TableFault::TargetMissing { column })
        })?;
        if let (Some(group), Some((codes, groups))) = (group, &mut reader.groups) {
            let cell = row.cell(group);
            if is_missing(cell) {
                let column = file.header[group].clone();
                return Err(row.fault(TableFault::GroupMissing { column }));
            }
            let next = codes.len() as u32;
            groups.push(*codes.entry(cell.to_owned()).or_insert(next));
        }
        Ok(())
    })?;
    let schema = inputs.into_iter().map(|(_, column)| column).collect();
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(path.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    let targets = reader.target.finish(&file.header[target]);
    let data = Dataset::new(Table::samples(schema, &values), targets, origin);
    let data = data.with_notes(notes);
    Ok(match reader.groups {
        Some((_, groups)) => data.with_groups(groups),
        None => data,
    })
}

/// Reads the columns of a schema from another table, in any order, with other
/// columns beside them: new data for a trained network. A category that the
/// schema does not have becomes [`UNKNOWN_CATEGORY`](super::modality::table::UNKNOWN_CATEGORY).
pub(super) fn read_cells(path: &Path, schema: &[TableColumn]) -> Result<Vec<Vec<f32>>, DataError> {
    let file = File::read(path)?;
    let mut columns = Vec::new();
    for column in schema {
        columns.push((file.find(&column.name)?, column));
    }
    let values = file.fill(&columns, |_| Ok(()))?;
    if values[0].is_empty() {
        return Err(file.fault(None, TableFault::NoRows));
    }
    Ok(values)
}

/// What a row adds beside its inputs.
struct Filler {
    target: TargetFiller,
    groups: Option<(BTreeMap<String, u32>, Vec<u32>)>,
}

//! `csv`: a table with a header row, of numbers and categories.
//!
//! - Separated by commas, semicolons, tabs or pipes, as the first records show; it may
//!   be gzipped.
//! - A cell is missing where it is empty or `?`, and among numbers where it is `NA`,
//!   `NULL`, `None`, `-` or their like; or where it is what `--missing` names.
//! - A column is numbers where its cells are, all written in one way: with a decimal comma,
//!   in groups of three, with `%` or a currency. Where nine of ten are and one is not,
//!   that one is an error; other columns are categories.
//! - The texts of the target are the names of the classes: `007` and `7` are two.
//! - Columns without a name, without a value, and texts that hardly repeat
//!   (names, identifiers) are left out, and a note says so.

mod sniff;
mod target;
#[cfg(test)]
mod tests;
pub(super) mod text;

use super::cell::{Notation, is_absent};
use super::columns::{Content, Kind, Meaning};
use super::modality::Table;
use super::modality::table::{ColumnKind, TableColumn};
use super::{
    DataError, DataKind, Dataset, Entry, LoadOptions, Origin, PathForm, TableFault, TextFormat,
};
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
        options: &[
            "target",
            "task",
            "ignore",
            "categories",
            "split-by",
            "missing",
            "decimal",
            "delimiter",
            "encoding",
        ],
        licence: "",
        load,
    },
);

fn load(path: Option<&Path>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let path = path.unwrap_or(Path::new("-"));
    let file = File::read(path, &options.text)?;
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
    let contents = file.survey(&options.text)?;

    let mut notes = Vec::new();
    if file.named().count() < file.header.len() {
        notes.push("columns without a name were left out".to_owned());
    }
    let mut inputs: Vec<(usize, TableColumn, Notation)> = Vec::new();
    let mut reasons = Vec::new();
    for (index, name) in file.named() {
        if index == target || Some(index) == group || ignored.contains(&index) {
            continue;
        }
        match contents[index].kind(declared.contains(&index)) {
            Ok((Kind::Column(kind), notation)) => {
                if contents[index].counts_rows() {
                    let advice = "leave it out if it is only an index";
                    notes.push(format!("column `{name}` counts the rows: {advice}"));
                }
                let remarks = remarks(&contents[index], &kind, &notation);
                notes.extend(
                    remarks
                        .iter()
                        .map(|remark| format!("column `{name}`: {remark}")),
                );
                let name = name.to_owned();
                inputs.push((index, TableColumn { name, kind }, notation));
            }
            Ok((Kind::LeftOut(reason), _)) => {
                reasons.push(format!("column `{name}` was left out: {reason}"))
            }
            Err(fault) => return Err(file.column_fault(name, fault)),
        }
    }
    notes.extend(reasons.iter().cloned());
    if inputs
        .iter()
        .all(|(index, ..)| contents[*index].is_constant())
    {
        let constant = inputs.iter().map(|(_, column, _)| {
            format!("column `{}` has the same value in every row", column.name)
        });
        reasons.extend(constant);
        return Err(file.fault(None, TableFault::NoInputs { reasons }));
    }
    let (meaning, notation, why) = contents[target]
        .meaning(options.task)
        .map_err(|fault| file.column_fault(&file.header[target], fault))?;
    notes.extend(of_target(
        &file.header[target],
        &contents[target],
        &meaning,
        &notation,
        &why,
    ));

    let columns: Vec<(usize, &TableColumn, &Notation)> = inputs
        .iter()
        .map(|(index, column, notation)| (*index, column, notation))
        .collect();
    let missing = options.text.missing_texts();
    let mut reader = Filler {
        target: TargetFiller::new(meaning, notation),
        groups: None,
    };
    if group.is_some() {
        reader.groups = Some((BTreeMap::new(), Vec::new()));
    }
    let values = file.fill(&columns, |row| {
        reader.target.push(row.cell(target)).ok_or_else(|| {
            let column = file.header[target].clone();
            row.fault(TableFault::TargetMissing { column, count: 1 })
        })?;
        if let (Some(group), Some((codes, groups))) = (group, &mut reader.groups) {
            let cell = row.cell(group);
            if is_absent(cell, missing.as_deref()) {
                let column = file.header[group].clone();
                return Err(row.fault(TableFault::GroupMissing { column }));
            }
            let next = codes.len() as u32;
            groups.push(*codes.entry(cell.to_owned()).or_insert(next));
        }
        Ok(())
    })?;
    let (schema, notations): (Vec<_>, Vec<_>) = inputs
        .into_iter()
        .map(|(_, column, notation)| (column, notation))
        .unzip();
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(path.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    let targets = reader.target.finish(&file.header[target]);
    let data = Dataset::new(
        Table::samples_written(schema, notations, &values),
        targets,
        origin,
    );
    let data = data.with_notes(notes);
    Ok(match reader.groups {
        Some((_, groups)) => data.with_groups(groups),
        None => data,
    })
}

/// Reads the columns of a schema from another table, in any order, with other
/// columns beside them: new data for a trained network. A category that the
/// schema does not have becomes [`UNKNOWN_CATEGORY`](super::modality::table::UNKNOWN_CATEGORY).
pub(super) fn read_cells(
    path: &Path,
    schema: &[TableColumn],
    notations: &[Notation],
) -> Result<Vec<Vec<f32>>, DataError> {
    let file = File::read(path, &TextFormat::default())?;
    let plain = Notation::default();
    let mut columns = Vec::new();
    for (index, column) in schema.iter().enumerate() {
        let notation = notations.get(index).unwrap_or(&plain);
        columns.push((file.find(&column.name)?, column, notation));
    }
    let values = file.fill(&columns, |_| Ok(()))?;
    if values[0].is_empty() {
        return Err(file.fault(None, TableFault::NoRows));
    }
    Ok(values)
}

/// What a reader should know of how a column is read.
fn remarks(content: &Content, kind: &ColumnKind, notation: &Notation) -> Vec<String> {
    match kind {
        ColumnKind::Number => content.remarks(notation, false),
        ColumnKind::Category { .. } => {
            let constant = content.is_constant();
            let constant =
                constant.then(|| "every cell is the same: it tells nothing apart".into());
            let mixture = content.mixture();
            let mixture = mixture.map(|text| format!("it is read as categories: {text}"));
            constant.into_iter().chain(mixture).collect()
        }
    }
}

/// What a reader should know of how the target is read.
fn of_target(
    name: &str,
    content: &Content,
    meaning: &Meaning,
    notation: &Notation,
    why: &str,
) -> Vec<String> {
    let mut notes = Vec::new();
    match meaning {
        Meaning::Values => {
            notes.push(format!("the task is regression: target `{name}`, {why}"));
            let remarks = content.remarks(notation, true).into_iter();
            notes.extend(remarks.map(|remark| format!("target `{name}`: {remark}")));
        }
        Meaning::Classes { .. } => {
            notes.push(format!(
                "the task is classification: target `{name}`, {why}"
            ));
            let mixture = content.mixture();
            notes.extend(mixture.map(|text| format!("target `{name}` is read as classes: {text}")));
            if let Some([one, other]) = content.equal_numbers() {
                notes.push(format!(
                    "target `{name}`: `{one}` and `{other}` are equal numbers and two classes, since \
                     a class is called what its cells say"
                ));
            }
        }
    }
    notes
}

/// What a row adds beside its inputs.
struct Filler {
    target: TargetFiller,
    groups: Option<(BTreeMap<String, u32>, Vec<u32>)>,
}

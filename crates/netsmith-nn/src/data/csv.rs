//! `csv`: a table with a header row, of numbers and categories.
//!
//! - Separated by commas, semicolons or tabs, whichever the header has most of;
//!   it may be gzipped.
//! - A cell is missing where it is empty, `NA`, `NaN` or `?`.
//! - A column is numbers where its cells are. Where nine of ten are and one is
//!   not, that one is an error; other columns are categories.
//! - Columns without a name, without a value, and texts that hardly repeat
//!   (names, identifiers) are left out, and a note says so.

use std::collections::BTreeMap;
use std::path::Path;

use super::columns::{Content, Kind, Meaning, is_missing, number};
use super::file::read_whole;
use super::{
    Column, ColumnKind, DataError, DataKind, Dataset, Entry, Features, LoadOptions, Origin,
    PathForm, Table, TableFault, Targets, UNKNOWN_CATEGORY, limits,
};
use netsmith::nearest::nearest;

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
    let mut inputs: Vec<(usize, Column)> = Vec::new();
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
                    Column {
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

    let columns: Vec<(usize, &Column)> = inputs.iter().map(|(i, column)| (*i, column)).collect();
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
    let data = Dataset::new(Features::Table(Table::new(schema, values)), targets, origin);
    let data = data.with_notes(notes);
    Ok(match reader.groups {
        Some((_, groups)) => data.with_groups(groups),
        None => data,
    })
}

/// Reads the columns of a schema from another table, in any order, with other
/// columns beside them: new data for a trained network. A category that the
/// schema does not have becomes [`UNKNOWN_CATEGORY`].
pub(super) fn read_inputs(path: &Path, schema: &[Column]) -> Result<Table, DataError> {
    let file = File::read(path)?;
    let mut columns = Vec::new();
    for column in schema {
        columns.push((file.find(&column.name)?, column));
    }
    let values = file.fill(&columns, |_| Ok(()))?;
    if values[0].is_empty() {
        return Err(file.fault(None, TableFault::NoRows));
    }
    Ok(Table::new(schema.to_vec(), values))
}

/// What a row adds beside its inputs.
struct Filler {
    target: TargetFiller,
    groups: Option<(BTreeMap<String, u32>, Vec<u32>)>,
}

enum TargetFiller {
    Classes {
        names: Vec<String>,
        numeric: bool,
        codes: BTreeMap<String, u32>,
        labels: Vec<u32>,
    },
    Values(Vec<f32>),
}

impl TargetFiller {
    fn new(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Values => Self::Values(Vec::new()),
            Meaning::Classes { names, numeric } => {
                let codes = names.iter().cloned().zip(0..).collect();
                Self::Classes {
                    names,
                    numeric,
                    codes,
                    labels: Vec::new(),
                }
            }
        }
    }

    /// Adds the target of a row; none where it is missing.
    fn push(&mut self, cell: &str) -> Option<()> {
        match self {
            Self::Values(values) => values.push(number(cell)?),
            Self::Classes {
                numeric,
                codes,
                labels,
                ..
            } => {
                let name = Content::class_name(cell, *numeric)?;
                labels.push(*codes.get(&name)?);
            }
        }
        Some(())
    }

    fn finish(self, name: &str) -> Targets {
        match self {
            Self::Classes { names, labels, .. } => Targets::Classes { labels, names },
            Self::Values(values) => Targets::Values {
                name: name.into(),
                values,
            },
        }
    }
}

/// A table as text, with its header.
struct File<'a> {
    path: &'a Path,
    content: Vec<u8>,
    delimiter: u8,
    header: Vec<String>,
}

/// A row and where it is.
struct Row<'a> {
    path: &'a Path,
    record: &'a ::csv::StringRecord,
}

impl Row<'_> {
    fn cell(&self, index: usize) -> &str {
        self.record.get(index).unwrap_or_default().trim()
    }

    fn fault(&self, fault: TableFault) -> DataError {
        let line = self.record.position().map(::csv::Position::line);
        DataError::Table {
            path: self.path.to_path_buf(),
            line,
            fault,
        }
    }
}

impl<'a> File<'a> {
    fn read(path: &'a Path) -> Result<Self, DataError> {
        let content = read_whole(path, limits::TABLE_BYTES)?;
        let delimiter = delimiter(&content);
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
    fn named(&self) -> impl Iterator<Item = (usize, &str)> {
        let names = self.header.iter().map(String::as_str).enumerate();
        names.filter(|(_, name)| !name.is_empty())
    }

    /// The column of this name; space around it counts as little as in the header.
    fn find(&self, name: &str) -> Result<usize, DataError> {
        let name = name.trim();
        let found = self.named().find(|(_, other)| *other == name);
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
    fn rows(
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
    fn survey(&self) -> Result<Vec<Content>, DataError> {
        let mut contents = vec![Content::default(); self.header.len()];
        self.rows(|row| {
            let line = row.record.position().map_or(0, ::csv::Position::line);
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
    fn fill(
        &self,
        columns: &[(usize, &Column)],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DataError>,
    ) -> Result<Vec<Vec<f32>>, DataError> {
        let codes: Vec<BTreeMap<&str, u32>> = columns
            .iter()
            .map(|(_, column)| match &column.kind {
                ColumnKind::Number => BTreeMap::new(),
                ColumnKind::Category { names } => {
                    names.iter().map(String::as_str).zip(0..).collect()
                }
            })
            .collect();
        let mut values = vec![Vec::new(); columns.len()];
        self.rows(|row| {
            for (((index, column), codes), values) in columns.iter().zip(&codes).zip(&mut values) {
                let cell = row.cell(*index);
                values.push(match &column.kind {
                    _ if is_missing(cell) => f32::NAN,
                    ColumnKind::Category { .. } => codes
                        .get(cell)
                        .map_or(UNKNOWN_CATEGORY, |code| *code as f32),
                    ColumnKind::Number => number(cell).ok_or_else(|| {
                        let (column, cell) = (column.name.clone(), cell.to_owned());
                        row.fault(TableFault::NotANumber {
                            column,
                            cell,
                            numbers: None,
                        })
                    })?,
                });
            }
            visit(row)
        })?;
        Ok(values)
    }

    fn fault(&self, line: Option<u64>, fault: TableFault) -> DataError {
        DataError::Table {
            path: self.path.to_path_buf(),
            line,
            fault,
        }
    }

    fn column_fault(&self, column: &str, fault: super::columns::ColumnFault) -> DataError {
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

/// The delimiter that the first line has most of, outside quotes.
fn delimiter(content: &[u8]) -> u8 {
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in content.iter().take_while(|byte| **byte != b'\n') {
        if *byte == b'"' {
            quoted = !quoted;
        }
        if let (Some((_, count)), false) = (counts.iter_mut().find(|(d, _)| d == byte), quoted) {
            *count += 1;
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts
        .iter()
        .find(|(_, count)| *count == most)
        .map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{SplitOptions, TaskKind};

    struct Text(tempfile::TempDir);

    impl Text {
        fn new(text: impl AsRef<[u8]>) -> Self {
            let folder = tempfile::tempdir().expect("there is room");
            std::fs::write(folder.path().join("a.csv"), text).expect("there is room");
            Self(folder)
        }

        fn load(&self, options: &LoadOptions) -> Result<Dataset, DataError> {
            load(Some(&self.0.path().join("a.csv")), options)
        }
    }

    fn target(name: &str) -> LoadOptions {
        LoadOptions {
            target: Some(name.into()),
            ..LoadOptions::default()
        }
    }

    #[track_caller]
    fn check_error(text: impl AsRef<[u8]>, options: &LoadOptions, fault: &str, hint: &str) {
        let text = Text::new(text);
        let error = text.load(options).expect_err("the table is at fault");
        let path = text.0.path().join("a.csv").display().to_string();
        assert_eq!(error.to_string().replace(&path, "a.csv"), fault);
        let found = error.hint().unwrap_or_default();
        assert!(found.contains(hint), "{found}");
    }

    /// Twelve people: town and age say whether one votes.
    const PEOPLE: &str = "\
id,town,age,votes,household
a1,Ulm,31,yes,h1
a2,Bonn,?,no,h1
a3,Ulm,NaN,yes,h2
a4,\"Ulm\",44.5,no,h3
a5,,60,yes,h3
a6,Wien,18,no,h4
";

    #[test]
    fn numbers_categories_and_missing_cells_are_told_apart() {
        let options = LoadOptions {
            ignore: vec!["id".into()],
            split_by: Some("household".into()),
            ..target("votes")
        };
        let data = Text::new(PEOPLE)
            .load(&options)
            .expect("the table is sound");
        let Features::Table(table) = data.features() else {
            panic!("it is a table")
        };
        let names = ["Bonn", "Ulm", "Wien"].map(String::from).to_vec();
        assert_eq!(table.schema()[0].kind, ColumnKind::Category { names });
        assert_eq!(
            table.schema()[1],
            Column {
                name: "age".into(),
                kind: ColumnKind::Number
            }
        );
        assert_eq!(table.schema().len(), 2);
        let shown = |column| format!("{:?}", table.column(column));
        assert_eq!(shown(0), "[1.0, 0.0, 1.0, 1.0, NaN, 2.0]");
        assert_eq!(shown(1), "[31.0, NaN, NaN, 44.5, 60.0, 18.0]");
        let names = ["no", "yes"].map(String::from).to_vec();
        let labels = vec![1, 0, 1, 0, 1, 0];
        assert_eq!(data.targets(), &Targets::Classes { labels, names });
        assert_eq!(data.groups(), Some(&[0, 0, 1, 2, 2, 3][..]));
        let (search, test) = data
            .split(&SplitOptions::default())
            .expect("four groups do");
        assert_eq!(search.train().len() + search.valid().len() + test.len(), 6);
    }

    #[test]
    fn the_target_decides_the_task() {
        let task = |values: &[&str], task: Option<TaskKind>| {
            let rows: String = (0..40)
                .map(|i| format!("{i},{}\n", values[i % values.len()]))
                .collect();
            let options = LoadOptions {
                task,
                ..target("y")
            };
            let data = Text::new(format!("x,y\n{rows}")).load(&options);
            data.map(|data| data.task().classes().join(" "))
                .map_err(|error| error.to_string())
        };
        assert_eq!(task(&["b", "a"], None), Ok("a b".into()));
        assert_eq!(task(&["10", "9.0", "9"], None), Ok("9 10".into()));
        assert_eq!(task(&["1.5", "2"], None), Ok(String::new()));
        assert_eq!(
            task(&["1.5", "2"], Some(TaskKind::Classification)),
            Ok("1.5 2".into())
        );
        assert_eq!(
            task(&["1", "2"], Some(TaskKind::Regression)),
            Ok(String::new())
        );
        let many: Vec<String> = (0..40).map(|value| value.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(task(&many, None), Ok(String::new()));
        let text = task(&["1", "b"], Some(TaskKind::Regression)).expect_err("b is no number");
        assert!(
            text.ends_with("line 3: column `y`: `b` is not a number"),
            "{text}"
        );
    }

    #[test]
    fn texts_that_hardly_repeat_are_left_out_with_a_note() {
        let rows: String = (0..30)
            .map(|i| format!("{i},{i},name {i},,{}\n", i % 2))
            .collect();
        let text = Text::new(format!(",x,name,none,y\n{rows}"));
        let data = text.load(&target("y")).expect("the table is sound");
        assert_eq!(data.features().raw_shape(), vec![1]);
        assert_eq!(
            data.notes(),
            [
                "columns without a name were left out",
                "column `x` counts the rows: leave it out if it is only an index",
                "column `name` was left out: its texts hardly repeat",
                "column `none` was left out: all its cells are missing",
            ]
        );
        let options = LoadOptions {
            categories: vec!["name".into()],
            ..target("y")
        };
        let data = text.load(&options).expect("the table is sound");
        assert_eq!(data.features().raw_shape(), vec![2]);
    }

    #[test]
    fn semicolons_tabs_and_byte_order_marks_are_understood() {
        for delimiter in [";", "\t"] {
            let text = format!("\u{feff}\"x,1\"{delimiter}y\r\n3{delimiter}a\r\n4{delimiter}b\r\n");
            let data = Text::new(text)
                // As a script with other line ends gives it.
                .load(&target("y\r"))
                .expect("the table is sound");
            let Features::Table(table) = data.features() else {
                panic!("it is a table")
            };
            assert_eq!(table.schema()[0].name, "x,1");
            assert_eq!(table.column(0).to_vec(), vec![3.0, 4.0]);
        }
    }

    #[test]
    fn faulty_tables_are_refused_with_line_and_remedy() {
        let y = target("y");
        let none = LoadOptions::default();
        let fault = "`a.csv`: has the columns `x`, `y`, and none is named as target";
        check_error("x,y\n1,2\n", &none, fault, "--target COLUMN");
        let fault = "`a.csv`: has no column `vote`, only `id`, `town`, `age`, `votes`, `household`";
        check_error(PEOPLE, &target("vote"), fault, "did you mean `votes`?");
        check_error("x,y\n", &y, "`a.csv`: has no rows", "header");
        check_error("", &y, "`a.csv`: has no rows", "header");
        check_error(
            "x,y,x\n1,2,3\n",
            &y,
            "`a.csv`, line 1: has two columns `x`",
            "rename",
        );
        let fault = "`a.csv`, line 3: has 3 cells, but the header has 2";
        check_error("x,y\n1,a\n1,b,c\n", &y, fault, "double quotes");
        check_error(
            b"x,y\n1,a\n\xff,b\n",
            &y,
            "`a.csv`, line 3: is not UTF-8 text",
            "UTF-8",
        );
        let fault = "`a.csv`, line 3: column `y`: the target is missing";
        check_error("x,y\n1,a\n2,\n3,b\n", &y, fault, "remove the row");
        let fault = "`a.csv`: column `y`: every row has the target `a`";
        check_error("x,y\n1,a\n2,a\n", &y, fault, "nothing to learn");
        check_error(
            "y\na\nb\n",
            &y,
            "`a.csv`: has no input column left",
            "leave fewer",
        );
        let grouped = LoadOptions {
            split_by: Some("g".into()),
            ..target("y")
        };
        let fault = "`a.csv`, line 3: column `g`: the group is missing";
        check_error("x,y,g\n1,a,1\n2,b,\n", &grouped, fault, "remove the row");
    }

    #[test]
    fn a_stray_text_among_numbers_is_refused() {
        let rows: String = (0..20).map(|i| format!("{i}.5,{}\n", i % 2)).collect();
        let text = format!("x,y\n{rows}l2.5,1\n");
        let fault = "`a.csv`, line 22: column `x`: `l2.5` is not a number";
        check_error(
            &text,
            &target("y"),
            fault,
            "95.2 % of the column's cells are numbers",
        );
        let infinite = format!("x,y\n{rows}inf,1\n");
        let fault = "`a.csv`, line 22: column `x`: `inf` is not a number";
        check_error(&infinite, &target("y"), fault, "mend the cell");
    }

    #[test]
    fn too_many_categories_are_refused_where_they_were_declared() {
        let rows: String = (0..1_200).map(|i| format!("n{i},{}\n", i % 2)).collect();
        let options = LoadOptions {
            categories: vec!["x".into()],
            ..target("y")
        };
        let fault = "`a.csv`: column `x`: 1001 different categories are more than 1000";
        check_error(
            format!("x,y\n{rows}"),
            &options,
            fault,
            "leave the column out",
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_loader_panic(
            head in "[xy,;\"\r ]{0,6}",
            body in "[xy01,;.\"\r\n?\\-e ]{0,80}",
        ) {
            let options = LoadOptions { categories: vec!["x".into()], ..target("y") };
            let text = Text::new(format!("{head}x,y\n{body}"));
            for options in [options, target("y")] {
                if let Ok(data) = text.load(&options) {
                    proptest::prop_assert!(!data.is_empty());
                }
            }
        }
    }

    #[test]
    fn new_rows_are_read_by_the_names_of_the_columns() {
        let names = ["Bonn", "Ulm"].map(String::from).to_vec();
        let schema = vec![
            Column {
                name: "age".into(),
                kind: ColumnKind::Number,
            },
            Column {
                name: "town".into(),
                kind: ColumnKind::Category { names },
            },
        ];
        let text = Text::new("town,more,age\nUlm,x,1\nGent,y,\n,z,3\n");
        let path = text.0.path().join("a.csv");
        let table = read_inputs(&path, &schema).expect("the columns are there");
        let shown = |column| format!("{:?}", table.column(column));
        assert_eq!(
            (shown(0), shown(1)),
            ("[1.0, NaN, 3.0]".into(), "[1.0, -1.0, NaN]".into())
        );
        std::fs::write(&path, "town,age\nUlm,old\n").expect("there is room");
        let error = read_inputs(&path, &schema).expect_err("old is no number");
        assert!(
            error
                .to_string()
                .ends_with("line 2: column `age`: `old` is not a number")
        );
        std::fs::write(&path, "town\nUlm\n").expect("there is room");
        let error = read_inputs(&path, &schema).expect_err("there is no age");
        assert!(
            error
                .to_string()
                .ends_with("has no column `age`, only `town`"),
            "{error}"
        );
    }
}

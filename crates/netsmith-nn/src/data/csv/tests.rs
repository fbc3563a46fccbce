//! Tables that are read, and such as are refused.

use super::*;
use crate::data::modality::table::ColumnKind;
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

/// The form of the table.
fn table(data: &Dataset) -> Table {
    let record = data.samples().modality.record();
    serde_json::from_value(record).expect("it is a table")
}

/// The cells of one column.
fn cells(data: &Dataset, column: usize) -> Vec<f32> {
    let width = table(data).schema.len();
    let cells = data.samples().columns[0].reals().iter().skip(column);
    cells.step_by(width).copied().collect()
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
    let table = table(&data);
    let names = ["Bonn", "Ulm", "Wien"].map(String::from).to_vec();
    assert_eq!(table.schema[0].kind, ColumnKind::Category { names });
    assert_eq!(
        table.schema[1],
        TableColumn {
            name: "age".into(),
            kind: ColumnKind::Number
        }
    );
    assert_eq!(table.schema.len(), 2);
    let shown = |column| format!("{:?}", cells(&data, column));
    assert_eq!(shown(0), "[1.0, 0.0, 1.0, 1.0, NaN, 2.0]");
    assert_eq!(shown(1), "[31.0, NaN, NaN, 44.5, 60.0, 18.0]");
    let names = ["no", "yes"].map(String::from).to_vec();
    assert_eq!(data.targets().task.strata_names(), names);
    assert_eq!(data.targets().columns[0].indices(), [1, 0, 1, 0, 1, 0]);
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
        data.map(|data| data.targets().task.strata_names().join(" "))
            .map_err(|error| error.to_string())
    };
    assert_eq!(task(&["b", "a"], None), Ok("a b".into()));
    assert_eq!(task(&["10", "9.0", "9"], None), Ok("9 9.0 10".into()));
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
        text.ends_with("line 3: column `y`: `b` is not a number: 20 cells are none"),
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
    assert_eq!(data.samples().raw_shape(), vec![1]);
    assert_eq!(
        data.notes(),
        [
            "columns without a name were left out",
            "column `x` counts the rows: leave it out if it is only an index",
            "column `name` was left out: its texts hardly repeat",
            "column `none` was left out: all its cells are missing",
            "the task is classification: target `y`, it holds 2 different whole numbers, 20 at most",
        ]
    );
    let options = LoadOptions {
        categories: vec!["name".into()],
        ..target("y")
    };
    let data = text.load(&options).expect("the table is sound");
    assert_eq!(data.samples().raw_shape(), vec![2]);
}

#[test]
fn semicolons_tabs_and_byte_order_marks_are_understood() {
    for delimiter in [";", "\t"] {
        let text = format!("\u{feff}\"x,1\"{delimiter}y\r\n3{delimiter}a\r\n4{delimiter}b\r\n");
        let data = Text::new(text)
            // As a script with other line ends gives it.
            .load(&target("y\r"))
            .expect("the table is sound");
        let table = table(&data);
        assert_eq!(table.schema[0].name, "x,1");
        assert_eq!(cells(&data, 0), vec![3.0, 4.0]);
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
        TableColumn {
            name: "age".into(),
            kind: ColumnKind::Number,
        },
        TableColumn {
            name: "town".into(),
            kind: ColumnKind::Category { names },
        },
    ];
    let text = Text::new("town,more,age\nUlm,x,1\nGent,y,\n,z,3\n");
    let path = text.0.path().join("a.csv");
    let table = read_cells(&path, &schema, &[]).expect("the columns are there");
    let shown = |column: usize| format!("{:?}", table[column]);
    assert_eq!(
        (shown(0), shown(1)),
        ("[1.0, NaN, 3.0]".into(), "[1.0, -1.0, NaN]".into())
    );
    std::fs::write(&path, "town,age\nUlm,old\n").expect("there is room");
    let error = read_cells(&path, &schema, &[]).expect_err("old is no number");
    assert!(
        error
            .to_string()
            .ends_with("line 2: column `age`: `old` is not a number")
    );
    std::fs::write(&path, "town\nUlm\n").expect("there is room");
    let error = read_cells(&path, &schema, &[]).expect_err("there is no age");
    assert!(
        error
            .to_string()
            .ends_with("has no column `age`, only `town`"),
        "{error}"
    );
}

/// Rows of one input and a target, `x;y`.
fn rows(cells: impl IntoIterator<Item = (String, String)>) -> Text {
    let rows = cells.into_iter().map(|(x, y)| format!("{x};{y}\n"));
    Text::new(format!("x;y\n{}", rows.collect::<String>()))
}

/// Thirty rows with these inputs in turn, and two classes.
fn inputs(cells: &[&str]) -> Text {
    rows((0..30).map(|i| (cells[i % cells.len()].to_owned(), format!("c{}", i % 2))))
}

#[test]
fn marks_of_missing_values_leave_a_column_numbers() {
    for mark in ["NULL", "None", "N/A", "na", "-", "  ", "?", "#N/A"] {
        let data = inputs(&["17", mark, "33.5"]).load(&target("y"));
        let data = data.expect("the table is sound");
        assert_eq!(
            format!("{:?}", &cells(&data, 0)[..3]),
            "[17.0, NaN, 33.5]",
            "{mark}"
        );
    }
    let options = LoadOptions {
        text: TextFormat {
            missing: vec!["-99".into()],
            ..TextFormat::default()
        },
        ..target("y")
    };
    let data = inputs(&["17", "-99", "33.5"]).load(&options);
    let data = data.expect("the table is sound");
    assert_eq!(format!("{:?}", &cells(&data, 0)[..3]), "[17.0, NaN, 33.5]");
    let path = inputs(&["17"]);
    let new = Text::new("x\n-99\n4\n");
    drop(path);
    let table = table(&data);
    let file = new.0.path().join("a.csv");
    let read = read_cells(&file, &table.schema, &table.notations).expect("it is sound");
    assert_eq!(format!("{:?}", read[0]), "[NaN, 4.0]");
}

#[test]
fn numbers_are_read_as_their_column_writes_them() {
    let first = |given: &[&str]| {
        let data = inputs(given)
            .load(&target("y"))
            .expect("the table is sound");
        cells(&data, 0)[..given.len()].to_vec()
    };
    assert_eq!(first(&["9,0", "7,5", "8"]), [9.0, 7.5, 8.0]);
    assert_eq!(first(&["1.234,5", "7,25"]), [1234.5, 7.25]);
    assert_eq!(first(&["1,234.5", "12,345,678"]), [1234.5, 12_345_678.0]);
    assert_eq!(first(&["5 %", "7.5%"]), [5.0, 7.5]);
    assert_eq!(first(&["$13,150.76", "-$2.5"]), [13_150.76, -2.5]);
    let error = inputs(&["1,234", "2,345"]).load(&target("y"));
    let error = error.expect_err("it is one or the other");
    assert!(
        error.to_string().contains("`1,234` stands before decimals"),
        "{error}"
    );
    let mut options = target("y");
    options.text.decimal = Some(",".into());
    let data = inputs(&["1,234", "2,345"])
        .load(&options)
        .expect("it is said");
    assert_eq!(cells(&data, 0)[..2], [1.234, 2.345]);
    options.text.decimal = Some(".".into());
    let data = inputs(&["1,234", "2,345"])
        .load(&options)
        .expect("it is said");
    assert_eq!(cells(&data, 0)[..2], [1234.0, 2345.0]);
    let data = inputs(&["1", "2", "low", "high", "1e39"]).load(&target("y"));
    let data = data.expect("the table is sound");
    let note = "column `x`: it is read as categories: 18 of its 30 cells are not numbers, such as \
                `low`, `high`, `1e39`";
    assert_eq!(data.notes()[0], note);
}

#[test]
fn a_target_with_decimal_commas_or_a_currency_is_a_number() {
    for cells in [["9,0", "7,5"], ["$13,150.76", "$11,898.58"]] {
        let text = rows((0..30).map(|i| (i.to_string(), format!("\"{}\"", cells[i % 2]))));
        let data = text.load(&target("y")).expect("the table is sound");
        let first = if cells[0] == "9,0" { 9.0 } else { 13_150.76 };
        assert_eq!(data.targets().columns[0].reals()[..1], [first]);
    }
}

#[test]
fn classes_are_called_what_the_file_says() {
    let text = |cells: &[&str], options: &LoadOptions| {
        let rows = rows((0..30).map(|i| (i.to_string(), cells[i % cells.len()].to_owned())));
        let data = rows.load(options).map_err(|error| error.to_string())?;
        Ok::<_, String>(data.targets().task.strata_names().join(" "))
    };
    let y = target("y");
    assert_eq!(text(&["007", "7", "10"], &y), Ok("007 7 10".into()));
    assert_eq!(
        text(&["NA", "AS", "None", "nan"], &y),
        Ok("AS NA None nan".into())
    );
    let ids = ["9007199254740993", "9007199254740992"];
    assert_eq!(
        text(&ids, &y),
        Ok("9007199254740992 9007199254740993".into())
    );
    let many: Vec<String> = (0..30).map(|i| format!("{:05}", 501 + i % 15)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        text(&many, &y).map(|names| names[..5].to_owned()),
        Ok("00501".into())
    );
    let mut options = target("y");
    options.text.missing = vec!["NA".into()];
    let fault = text(&["NA", "AS", "EU"], &options).expect_err("it is said to be missing");
    assert!(
        fault.ends_with("line 2: column `y`: the target is missing in 10 rows, this is the first"),
        "{fault}"
    );
}

#[test]
fn a_narrow_spread_far_from_zero_is_kept() {
    let text = rows((0..40).map(|i| {
        (
            format!("{}", 1_000_000_000 + i),
            format!("{}", 1_700_000_001 + i * 3),
        )
    }));
    let data = text.load(&target("y")).expect("the table is sound");
    let table = table(&data);
    assert_eq!(table.notations[0].offset.to_string(), "1000000000");
    assert_eq!(cells(&data, 0)[..3], [0.0, 1.0, 2.0]);
    assert_eq!(data.targets().columns[0].reals()[..3], [0.0, 3.0, 6.0]);
    let answer = data.targets().task.answer(&[6.0]);
    assert_eq!(answer, crate::task::Answer::Value(1_700_000_007.0));
    assert!(data.notes()[0].starts_with("column `x`: 1000000000 is taken from its numbers"));
    let new = Text::new("x\n1000000007\n");
    let file = new.0.path().join("a.csv");
    let read = read_cells(&file, &table.schema, &table.notations).expect("it is sound");
    assert_eq!(read[0], [7.0]);
}

#[test]
fn what_is_left_out_or_open_is_said() {
    let y = target("y");
    let dates: String = (0..30)
        .map(|i| format!("2024-01-{:02},{}\n", i + 1, i % 2))
        .collect();
    let fault = "`a.csv`: has no input column left: column `t` was left out: its dates hardly repeat; \
                 write what matters of them, such as the month, as columns of numbers";
    check_error(format!("t,y\n{dates}"), &y, fault, "--categories");
    let constant: String = (0..30).map(|i| format!("0,{}\n", i % 2)).collect();
    let fault = "`a.csv`: has no input column left: column `k` has the same value in every row";
    check_error(format!("k,y\n{constant}"), &y, fault, "says something");
    let fault = "`a.csv`, line 3: a cell opens a double quote that is never closed";
    check_error("x,y\n1,a\n\"2,b\n3,a\n", &y, fault, "close the quote");
    let rooms: String = (0..40)
        .map(|i| format!("{i},{}\n", ["1", "2", "3"][i % 3]))
        .collect();
    let fault = "`a.csv`, line 42: column `y`: `4+` is not a number";
    check_error(
        format!("x,y\n{rooms}7,4+\n"),
        &y,
        fault,
        "--task classification",
    );
}

//! Series that are read, and such as are refused.

use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("there is room");
    }
    folder
}

fn read_text(name: &str, text: &str) -> Result<Series, DataError> {
    let folder = folder(&[(name, text)]);
    read(&folder.path().join(name), None, None)
}

#[track_caller]
fn check_fault(folder: &tempfile::TempDir, path: &str, fault: &str, hint: &str) {
    let error = read(&folder.path().join(path), None, None).expect_err("the data are at fault");
    let root = format!("{}/", folder.path().display());
    assert_eq!(error.to_string().replace(&root, ""), fault);
    let told = error.hint().expect("there is a remedy");
    assert!(told.contains(hint), "{told}");
}

#[track_caller]
fn check_ts(text: &str, fault: &str, hint: &str) {
    check_fault(&folder(&[("a.ts", text)]), "a.ts", fault, hint);
}

#[track_caller]
fn check_csv(text: &str, fault: &str, hint: &str) {
    check_fault(&folder(&[("a.csv", text)]), "a.csv", fault, hint);
}

/// The same values, where NaN equals NaN.
#[track_caller]
fn check_values(values: &[Vec<f32>], expected: &[&[f32]]) {
    let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<u32>>();
    let values: Vec<Vec<u32>> = values.iter().map(|values| bits(values)).collect();
    let expected: Vec<Vec<u32>> = expected.iter().map(|values| bits(values)).collect();
    assert_eq!(values, expected);
}

const NAN: f32 = f32::NAN;

/// Two channels, unequal lengths, missing values, comments of another encoding.
#[test]
fn channels_lengths_and_missing_values_are_read() {
    let text: &[u8] = b"#Poga\xe8nik\n@problemName Waves\r\n@timeStamps false\n@missing true\n\
        @univariate false\n@dimensions 2\n@equalLength false\n\n@classLabel true up down still\n\
        @data\n1,2.5,?:-1,NaN,1e2:down\r\n% nothing\n 3 , 4 : 5 , 6 :up\n";
    let folder = folder(&[]);
    let path = folder.path().join("a.ts");
    std::fs::write(&path, text).expect("there is room");
    let series = read(&path, None, None).expect("the file is sound");
    assert_eq!(series.channels, 2);
    assert_eq!(series.lengths, [3, 2]);
    let first = [1.0, 2.5, NAN, -1.0, NAN, 100.0];
    check_values(&series.values, &[&first, &[3.0, 4.0, 5.0, 6.0]]);
    assert_eq!(series.labels, ["down", "up"]);
    let names = ["up", "down", "still"].map(str::to_owned).to_vec();
    assert_eq!(series.target, SeriesTarget::Classes(names));
    assert_eq!(series.classes(), Some(vec![1, 0]));
    assert_eq!(series.parts, [None, None]);
}

#[test]
fn numbers_to_predict_are_read() {
    let text = "@targetLabel true\n@classLabel false\n@data\n1,2:0.5\n3,4:-2\n";
    let series = read_text("a.ts", text).expect("the file is sound");
    assert_eq!(series.target, SeriesTarget::Values(vec![0.5, -2.0]));
    assert_eq!(series.labels, ["0.5", "-2"]);
    assert_eq!(series.classes(), None);
}

#[test]
fn classes_without_names_are_sorted_as_numbers() {
    let text = "@CLASSLABEL TRUE\n@Data\n1:10\n2:9\n3:10\n";
    let series = read_text("a.ts", text).expect("the file is sound");
    let names = ["9", "10"].map(str::to_owned).to_vec();
    assert_eq!(series.target, SeriesTarget::Classes(names));
    assert_eq!(series.classes(), Some(vec![1, 0, 1]));
}

const HEAD: &str = "@classLabel true a b\n@data\n";

#[test]
fn faults_of_a_header_are_told() {
    check_ts(
        "@timeStamps true\n@classLabel true a\n@data\n(0,1),(1,2):a\n",
        "`a.ts`: `@timeStamps` is `true`: only values at equal intervals can be read",
        "resample",
    );
    check_ts(
        "@timeStamps yes\n",
        "`a.ts`, line 1: `@timeStamps` is `yes`: it takes true or false",
        "mend",
    );
    check_ts(
        "@seriesLength 0\n",
        "`a.ts`, line 1: `@seriesLength` is `0`: it takes a whole number from 1",
        "mend",
    );
    check_ts(
        "@classLabel true a a\n",
        "`a.ts`, line 1: `@classLabel` is `true a a`: it takes each class once",
        "mend",
    );
    check_ts(
        "@classLabel false\n@data\n1,2\n",
        "`a.ts`: says neither `@classLabel true` nor `@targetLabel true`: samples need labels",
        "write `@classLabel true`",
    );
    check_ts(
        "@classLabel true a\n@targetLabel true\n@data\n",
        "`a.ts`: says `@classLabel true` and `@targetLabel true`: a sample has one label",
        "leave one",
    );
    check_ts(
        "1,2,3:a\n",
        "`a.ts`, line 1: `1,2,3:a`: comes before the line `@data`, and is neither a header line \
         nor a comment",
        "is this a `.ts` file?",
    );
    check_ts("@classLabel true a\n", "`a.ts`: has no samples", "`@data`");
    check_ts(HEAD, "`a.ts`: has no samples", "`@data`");
}

#[test]
fn faults_of_a_sample_are_told() {
    for (line, fault, hint) in [
        ("1,2", "the label is missing", "a colon and the label"),
        ("1,2:", "the label is missing", "a colon and the label"),
        ("1,2:c", "class `c`: is none of a, b", "mend the label"),
        ("1,x:a", "`x` is not a number", "`?`"),
        ("1,inf:a", "`inf` is not a number", "`?`"),
        (":a", "has a series without a value", "remove"),
        (
            "1,2:3:a",
            "channel 2 has 1 values, but channel 1 has 2",
            "`?`",
        ),
        ("1,2:3,4:a", "has 2 channels, expected 1", "same channels"),
    ] {
        let text = format!("{HEAD}1,2,3:b\n{line}\n");
        check_ts(&text, &format!("`a.ts`, line 4: {fault}"), hint);
    }
    check_ts(
        &format!("@equalLength true\n@seriesLength 3\n{HEAD}1,2,3:a\n1,2:b\n"),
        "`a.ts`, line 6: has 2 values, but `@seriesLength` is 3",
        "`@equalLength false`",
    );
    check_ts(
        &format!("@dimensions 2\n{HEAD}1,2,3:a\n"),
        "`a.ts`, line 4: has 1 channels, expected 2",
        "same channels",
    );
    check_ts(
        "@targetLabel true\n@data\n1,2:a\n",
        "`a.ts`, line 3: `a` is not a number",
        "`?`",
    );
    check_ts(
        &format!("{HEAD}{}a\n", "1:".repeat(10_001)),
        "`a.ts`, line 3: has more than 10000 channels",
        "fewer",
    );
}

#[test]
fn a_ts_file_states_its_labels_itself() {
    let folder = folder(&[("a.ts", "@targetLabel true\n@data\n1:2\n")]);
    let path = folder.path().join("a.ts");
    let error = read(&path, Some("y"), None).expect_err("there are no columns");
    assert!(error.to_string().contains("column `y`"), "{error}");
    let error = read(&path, None, Some(TaskKind::Classification)).expect_err("they are numbers");
    assert!(error.to_string().contains("of another kind"), "{error}");
    assert!(read(&path, None, Some(TaskKind::Regression)).is_ok());
}

const TRAIN: &str = "@classLabel true b a\n@data\n1,2:a\n3,4:b\n";
const TEST: &str = "@classLabel true a b\n@data\n5,6,7:a\n";

#[test]
fn the_published_split_is_kept() {
    let folder = folder(&[("W_TRAIN.ts", TRAIN), ("W_TEST.ts", TEST), ("W.txt", "")]);
    for path in [
        folder.path().to_path_buf(),
        folder.path().join("W_TRAIN.ts"),
    ] {
        let series = read(&path, None, None).expect("the files are sound");
        let [train, test] = [PartName::Train, PartName::Test].map(Some);
        assert_eq!(series.parts, [train, train, test]);
        assert_eq!(series.classes(), Some(vec![1, 0, 1]));
        assert_eq!(series.lengths, [2, 2, 3]);
    }
    let test = read(&folder.path().join("W_TEST.ts"), None, None).expect("the file is sound");
    assert_eq!(test.parts, [Some(PartName::Test)]);
}

#[test]
fn a_folder_holds_one_set() {
    let two = folder(&[("W_TRAIN.ts", TRAIN), ("W_TEST.ts", TEST), ("V.ts", TRAIN)]);
    check_fault(
        &two,
        ".",
        "`.`: holds the data sets `V.ts`, `W_TRAIN.ts`",
        "name one file",
    );
    check_fault(
        &folder(&[("a.txt", "1")]),
        ".",
        "`.`: holds no file of series",
        "`.csv`",
    );
    let other = folder(&[
        ("W_TRAIN.ts", TRAIN),
        ("W_TEST.ts", "@classLabel true c\n@data\n1:c\n"),
    ]);
    check_fault(
        &other,
        "W_TRAIN.ts",
        "`W_TEST.ts`: class `c`: is none of b, a",
        "training file",
    );
    let other = folder(&[
        ("W_TRAIN.ts", TRAIN),
        ("W_TEST.ts", "@targetLabel true\n@data\n1:2\n"),
    ]);
    check_fault(
        &other,
        "W_TRAIN.ts",
        "`W_TEST.ts`: its labels are of another kind: either all are classes or all are numbers \
         to predict",
        "same kind",
    );
}

#[test]
fn a_table_holds_one_series_a_row() {
    let text = "t0;t1;t2;t3;kind\n1;2;;;up\n3;;5;6;down\n1;?;NaN;;up\n";
    let series = read_text("a.csv", text).expect("the table is sound");
    assert_eq!((series.channels, &series.lengths[..]), (1, &[2, 4, 1][..]));
    check_values(
        &series.values,
        &[&[1.0, 2.0], &[3.0, NAN, 5.0, 6.0], &[1.0]],
    );
    let names = ["down", "up"].map(str::to_owned).to_vec();
    assert_eq!(series.target, SeriesTarget::Classes(names));
    assert_eq!(series.classes(), Some(vec![1, 0, 1]));
}

#[test]
fn the_labels_of_a_table_are_named_and_split() {
    let train = "label\t0\t1\n1.0\t5\t6\n2\t7\t8\n1\t9\t1\n2.0\t2\t3\n";
    let folder = folder(&[
        ("W_TRAIN.tsv", train),
        ("W_TEST.tsv", "label\t0\t1\n2.00\t5\t6\n"),
    ]);
    let path = folder.path().join("W_TRAIN.tsv");
    let classes = Some(TaskKind::Classification);
    let series = read(&path, Some("label"), classes).expect("the tables are sound");
    assert_eq!(series.labels, ["1", "2", "1", "2", "2"]);
    assert_eq!(series.lengths, [2; 5]);
    assert_eq!(series.parts[4], Some(PartName::Test));
    let values = read(&path, Some("label"), None).expect("the tables are sound");
    let numbers = vec![1.0, 2.0, 1.0, 2.0, 2.0];
    assert_eq!(values.target, SeriesTarget::Values(numbers));
}

#[test]
fn faults_of_a_table_are_told() {
    let header = "`a.csv`, line 1: its first row has numbers alone: a table of series starts with \
        a header row";
    check_csv("1,2,3\n4,5,6\n", header, "row of names");
    check_csv("1,2,2\n4,5,6\n", header, "row of names");
    check_csv(
        "a,b,y\n1,2,u\n3,x,v\n",
        "`a.csv`, line 3: column `b`: `x` is not a number",
        "mend the cell",
    );
    check_csv(
        "a,b,y\n1,2,u\n,,v\n",
        "`a.csv`, line 3: has a series without a value",
        "remove",
    );
    check_csv(
        "a,b,y\n1,2,u\n1,2,\n",
        "`a.csv`, line 3: column `y`: the target is missing",
        "remove",
    );
    check_csv("a,b,y\n", "`a.csv`: has no rows", "header");
    check_csv("y\nu\n", "`a.csv`: has no input column left", "fewer");
}

#[test]
fn new_samples_need_no_labels() {
    let expected: &[&[f32]] = &[&[1.0, 2.0], &[3.0, NAN]];
    for (name, text) in [
        ("a.ts", "@data\n1,2\n3,?\n"),
        ("a.ts", "@classLabel false\n@data\n1,2\n3,?\n"),
        ("a.ts", "@classLabel true up\n@data\n1,2:?\n3,?:other\n"),
        ("a.ts", "@targetLabel true\n@data\n1,2:\n3,?:x\n"),
    ] {
        let folder = folder(&[(name, text)]);
        let samples = read_new(&folder.path().join(name), 1, 2).expect("the file is sound");
        check_values(&samples, expected);
    }
    for text in ["a,b\n1,2\n3,\n", "a,b,kind\n1,2,u\n3,,v\n"] {
        let folder = folder(&[("a.csv", text)]);
        let samples = read_new(&folder.path().join("a.csv"), 1, 2).expect("the file is sound");
        check_values(&samples, &[&[1.0, 2.0], &[3.0]]);
    }
    let folder = folder(&[("a.ts", "@data\n1,2\n3,4,5\n"), ("a.csv", "a,b\n1,2\n")]);
    let message = |name: &str, channels| {
        let error = read_new(&folder.path().join(name), channels, 2).expect_err("it does not fit");
        error.to_string()
    };
    assert!(message("a.ts", 1).contains("sample 2 has 3 time steps"));
    assert!(message("a.ts", 2).contains("has 1 channels, expected 2"));
    assert!(message("a.csv", 2).contains("has 1 channels, expected 2"));
}

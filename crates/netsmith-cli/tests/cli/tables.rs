//! Tables of our own: `tabulate` makes one, `bench` compares strategies on it.

use super::{fails, json};

/// Two operations make a space of 64 cells, of which equal ones are trained once.
#[test]
fn a_table_is_made_in_steps_and_searched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("curves.csv").display().to_string();
    let operations = ["--set", "operations=none,nor_conv_1x1"];
    let tabulate = |architectures: &str| {
        let mut all = vec!["tabulate", &file, "--data", "digits", "--json", "--by-key"];
        all.extend(operations);
        all.extend(["--set", "channels=2", "--set", "cells=1", "--epochs", "3"]);
        all.extend(["--share", "0.1", "--threads", "1"]);
        all.extend(["--architectures", architectures]);
        json(&all)
    };
    assert_eq!(tabulate("3")["added"], 3);
    let mut bench = vec!["bench", &file, "--queries", "6", "--seeds", "3"];
    bench.extend(["--strategies", "local-search,hyperband"]);
    bench.extend(operations);
    bench.push("--json");
    // Nobody pays for what it lacks; the three that it has are whole trainings.
    assert_eq!(json(&bench)["strategies"][0]["evaluations"], 3.0);

    // It ends by itself where nothing new is drawn any more.
    let whole = tabulate("64");
    let rows = whole["rows"].as_u64().unwrap();
    assert_eq!(whole["added"].as_u64(), Some(rows - 3));
    assert!((8..64).contains(&rows), "{rows}");
    let compared = json(&bench);
    assert_eq!(compared["table"], "curves");
    assert_eq!(compared["curves"]["epochs"], 3);
    assert_eq!(compared["strategies"][0]["evaluations"], 6.0);
    assert!(compared["strategies"][1]["evaluations"].as_f64() > Some(6.0));
    assert!(compared["strategies"][1]["note"].is_null());
}

#[test]
fn a_table_must_be_known() {
    fails(
        &["bench", "nas-bench-102"],
        2,
        "error: there is no table `nas-bench-102`\n\nhint: there are: nas-bench-201, nas-bench-101, FILE.csv, FILE.csv.gz\n",
    );
}

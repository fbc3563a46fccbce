//! Tables of our own: `tabulate` makes one, `bench` compares strategies on it. Tables
//! of others: a search looks results up in them.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::write::GzEncoder;
use netsmith::space::nas_bench_201::{EDGES, OPERATIONS};
use serde_json::Value;

use super::{fails, json};

/// The cells of NAS-Bench-201 in the order of their digits, each a little better
/// than the one before.
fn write_table(path: &Path) {
    let mut text = String::from(
        "arch_str,c10_val_12,c100_val_12,in16_val_12,c10_cost_12_s,c10_test_200,c100_test_200,in16_test_200\n",
    );
    for number in 0..OPERATIONS.len().pow(EDGES.len() as u32) {
        let digit = |edge: usize| number / OPERATIONS.len().pow(edge as u32) % OPERATIONS.len();
        for (edge, (to, from)) in EDGES.iter().enumerate() {
            let opening = match (from, to) {
                (0, 1) => "|",
                (0, _) => "+|",
                _ => "",
            };
            text += &format!("{opening}{}~{from}|", OPERATIONS[digit(edge)]);
        }
        let accuracy = number as f64 / 200.0;
        text += &format!(",{accuracy},{accuracy},{accuracy},60,{accuracy},{accuracy},{accuracy}\n");
    }
    fs::create_dir_all(path.parent().expect("it has a folder")).expect("there is room");
    let mut file = GzEncoder::new(
        File::create(path).expect("there is room"),
        Default::default(),
    );
    file.write_all(text.as_bytes()).expect("there is room");
    file.finish().expect("there is room");
}

/// The first search keeps the table in a compact file, which the second reads and
/// leaves as it is.
#[test]
fn a_search_reads_a_compact_table() {
    let folder = tempfile::tempdir().expect("there is room");
    let (data, cache) = (folder.path().join("data"), folder.path().join("cache"));
    write_table(&data.join("nas-bench-201/nb201_accuracy.csv.gz"));
    let search = |run: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netsmith"));
        command.args(["search", "--evaluator", "table:nas-bench-201"]);
        command.args(["--strategy", "random", "--budget", "20trials", "--json"]);
        command.arg("--run").arg(folder.path().join(run));
        command.env("NETSMITH_DATA", &data);
        command.env("XDG_CACHE_HOME", &cache);
        let output = command.output().expect("the binary was built");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{errors}");
        let found: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
        found["best"].clone()
    };
    let first = search("first");
    let compact = cache.join("netsmith/tables/nas-bench-201.table");
    let made = || {
        let facts = fs::metadata(&compact).expect("it is made");
        facts.modified().expect("the system knows it")
    };
    let before = made();
    assert_eq!(search("second"), first);
    assert_eq!(made(), before);
    assert!(first["test_accuracy"].as_f64() > Some(0.0), "{first}");
}

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

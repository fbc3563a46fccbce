//! A gradient search that is killed or whose state is damaged, through the
//! binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const EPOCHS: usize = 6;

/// Runs until a line of stderr holds this, then kills it as `kill -9` does; all
/// lines so far.
fn until(arguments: &[&str], end: &str) -> Vec<String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_netsmith"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        lines.push(line.unwrap());
        if lines.last().is_some_and(|line| line.contains(end)) {
            child.kill().unwrap();
            child.wait().unwrap();
            return lines;
        }
    }
    child.wait().unwrap();
    panic!("`{end}` never came: {lines:#?}");
}

/// Runs to the end: exit code, stdout and stderr.
fn outcome_of(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_netsmith"))
        .args(arguments)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn search(run: &Path, end: &str) -> Vec<String> {
    let epochs = format!("strategy.epochs={EPOCHS}");
    let mut arguments = vec!["search", "--data", "digits", "--strategy", "drnas"];
    arguments.extend(["--space", "nas-bench-201", "--budget", "4trials"]);
    arguments.extend(["--set", "space.channels=4", "--set", "space.cells=1"]);
    arguments.extend(["--set", &epochs, "--set", "strategy.watch=false"]);
    arguments.extend(["--run", run.to_str().unwrap()]);
    until(&arguments, end)
}

/// The architecture's parameters, the weights and all else that a search holds.
fn state(run: &Path) -> Vec<u8> {
    fs::read(run.join("checkpoints/supernet.safetensors")).unwrap()
}

/// Behind it the search is over and its state saved.
const SEARCHED: &str = "candidate (";

#[test]
fn a_killed_search_goes_on_to_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, killed, damaged] =
        ["whole", "killed", "damaged"].map(|name| folder.path().join(name));
    search(&whole, SEARCHED);
    search(&killed, "epoch   3");
    let resume = |run: &Path, end: &str| until(&["resume", run.to_str().unwrap()], end);
    resume(&killed, "epoch   5");
    let lines = resume(&killed, SEARCHED);
    // What was done is not done again.
    assert!(
        !lines.iter().any(|line| line.contains("epoch   3")),
        "{lines:#?}"
    );
    assert!(state(&whole) == state(&killed));

    search(&damaged, "epoch   4");
    let path = damaged.join("checkpoints/supernet.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let lines = resume(&damaged, SEARCHED);
    let told = lines
        .iter()
        .any(|line| line.contains("from the start again"));
    assert!(told, "{lines:#?}");
    assert!(state(&whole) == state(&damaged));
}

#[test]
fn a_supernet_may_be_smaller_than_what_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut arguments = vec![
        "search",
        "--data",
        "digits",
        "--strategy",
        "drnas",
        "--json",
    ];
    arguments.extend(["--space", "nas-bench-201", "--set", "channels=4"]);
    arguments.extend(["--set", "cells=2", "--set", "proxy.cells=1"]);
    arguments.extend(["--set", "strategy.epochs=3", "--budget", "9trials"]);
    arguments.extend(["--verify", "off", "--run", run.to_str().unwrap()]);
    let (code, out, told) = outcome_of(&arguments);
    assert_eq!(code, Some(0), "{told}");
    // One cell a stage: 4 -> 8 -> 16 channels, all options side by side.
    let planned = told.lines().find(|line| line.starts_with("supernet of"));
    assert!(
        planned.is_some_and(|line| line.contains("24982 parameters")),
        "{told}"
    );
    assert!(
        told.contains("the search from the candidates trained"),
        "{told}"
    );
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let trials = &report["trials"];
    let ended = ["finished", "stopped", "failed"].map(|name| trials[name].as_u64().unwrap_or(0));
    assert_eq!(ended.iter().sum::<u64>(), 9, "{out}");

    let (code, _, told) = outcome_of(&["search", "--strategy", "random", "--set", "proxy.cells=1"]);
    assert_eq!(code, Some(2), "{told}");
    assert!(
        told.contains("setting `proxy.cells`: strategy `random` has no supernet"),
        "{told}"
    );
}

#[test]
fn nothing_behind_a_supernet_costs_more_than_what_was_derived_for_its_cost() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut arguments = vec!["search", "--data", "digits", "--strategy", "drnas"];
    arguments.extend(["--space", "nas-bench-201", "--set", "channels=4"]);
    arguments.extend(["--set", "cells=1", "--set", "strategy.epochs=6"]);
    arguments.extend(["--set", "strategy.efficiency=parameters"]);
    arguments.extend(["--set", "strategy.efficiency-weight=3"]);
    arguments.extend(["--budget", "9trials", "--verify", "off"]);
    arguments.extend(["--run", run.to_str().unwrap()]);
    let (code, _, told) = outcome_of(&arguments);
    assert_eq!(code, Some(0), "{told}");
    let parameters = |line: &str| -> Option<u64> {
        let (before, _) = line.split_once(" parameters,")?;
        before.rsplit(' ').next()?.replace(',', "").parse().ok()
    };
    let bound = told.lines().find(|line| line.starts_with("from here on"));
    let bound = parameters(bound.unwrap()).unwrap();
    let trials = told.lines().filter(|line| line.contains(" finished "));
    let trials: Vec<u64> = trials.filter_map(parameters).collect();
    assert!(trials.len() >= 9, "{told}");
    assert_eq!(trials[0], bound, "{told}");
    assert!(trials.iter().all(|trial| *trial <= bound), "{told}");
    // The largest architecture of the space has 23,302.
    assert!(bound < 12_000, "{told}");
}

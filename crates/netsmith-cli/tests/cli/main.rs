//! The commands as a user runs them: stdout, stderr and the exit code.

mod digits;
mod manners;
mod outside;
mod predict;
mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use netsmith::study::{Header, Study};
use netsmith::trial::{Fidelity, Metric, Outcome, Proposal};
use serde_json::Value;

/// The network of which every edge is a convolution.
const ALL_CONVOLUTIONS: &str = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+\
    |nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|";

#[track_caller]
fn netsmith(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netsmith"));
    command.args(arguments).env("NO_COLOR", "1");
    command.output().expect("the binary was built")
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let output = netsmith(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).expect("stdout is one JSON object")
}

#[track_caller]
fn fails(arguments: &[&str], code: i32, message: &str) {
    let output = netsmith(arguments);
    assert_eq!(output.status.code(), Some(code));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(String::from_utf8_lossy(&output.stderr), message);
}

/// The Python of the tests, as `cargo xtask check` prepares it; none where there
/// is none, which is said.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn interpreter() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = std::env::var_os("NETSMITH_PYTHON")
        .map_or_else(|| root.join(".python/bin/python"), PathBuf::from);
    let found = path.exists();
    if !found {
        eprintln!("skipped: there is no Python at {}", path.display());
    }
    found.then_some(path)
}

#[test]
fn help_names_all_commands() {
    let output = netsmith(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    for command in [
        "show", "profile", "export", "predict", "list", "doctor", "remove",
    ] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn lists_come_from_the_catalogues() {
    let spaces = json(&["list", "spaces", "--json"]);
    let names: Vec<&str> = spaces["items"]
        .as_array()
        .expect("it is a list")
        .iter()
        .filter_map(|item| item["name"].as_str())
        .collect();
    let expected = netsmith::space::CATALOGUE.iter().map(|entry| entry.name);
    assert_eq!(names, expected.collect::<Vec<_>>());
    for kind in [
        "strategies",
        "data",
        "operations",
        "costs",
        "evaluators",
        "metrics",
    ] {
        let list = json(&["list", kind, "--json"]);
        assert!(!list["items"].as_array().expect("it is a list").is_empty());
    }
}

#[test]
fn a_network_has_the_published_size() {
    let profile = json(&[
        "profile",
        "--space",
        "nas-bench-201",
        "--architecture",
        ALL_CONVOLUTIONS,
        "--set",
        "cells=1",
        "--threads",
        "1",
        "--json",
    ]);
    assert_eq!(profile["parameters"], 364_954);
    assert_eq!(profile["macs"], 50_250_368);
    assert_eq!(profile["architecture_parameters"], Value::Null);
    assert!(profile["inference_ms"].as_f64().expect("it was measured") > 0.0);
}

#[test]
fn a_supernet_has_the_published_size() {
    let profile = json(&[
        "profile",
        "--space",
        "darts",
        "--supernet",
        "--set",
        "channels=8",
        "--set",
        "cells=5",
        "--json",
    ]);
    assert_eq!(profile["parameters"], 394_210);
    assert_eq!(profile["architecture_parameters"], 224);
}

/// The arguments of one timed step of a small supernet.
fn step_of<'a>(space: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["profile", "--space", space, "--supernet"];
    arguments.extend(["--input", "3x8x8", "--batch", "16", "--threads", "1"]);
    arguments.extend(["--train-step", "1"]);
    arguments.extend(more);
    arguments
}

#[test]
fn every_method_takes_a_step_of_a_supernet() {
    // A fourth of the channels, shuffled, needs eight of them.
    let cells = ["--set", "channels=8", "--set", "cells=1", "--json"];
    let mut planned = std::collections::BTreeMap::new();
    for entry in netsmith_nn::supernet::CATALOGUE {
        let mut more = vec!["--method", entry.name];
        more.extend(cells);
        let profile = json(&step_of("nas-bench-201", &more));
        assert_eq!(profile["method"], entry.name);
        // Five for each of six edges; PC-DARTS weighs those of two nodes too.
        let parameters = if entry.name == "pc-darts" { 35 } else { 30 };
        assert_eq!(profile["architecture_parameters"], parameters);
        assert!(profile["train_step_ms"].as_f64() > Some(0.0));
        assert_eq!(profile["train_kernels"], "fused");
        if cfg!(target_os = "linux") {
            let peak = profile["process_peak_bytes"].as_u64();
            assert!(peak > profile["training_resident_bytes"].as_u64());
        }
        planned.insert(entry.name, profile["training_memory_bytes"].as_u64());
    }
    // One operation of each edge takes less than all of them.
    assert!(planned["gdas"] < planned["darts"], "{planned:?}");
    assert_eq!(json(&step_of("nas-bench-201", &cells))["method"], "darts");
    let mut burn = vec!["--kernels", "burn"];
    burn.extend(cells);
    let profile = json(&step_of("nas-bench-201", &burn));
    assert_eq!(profile["train_kernels"], "burn");
}

#[test]
fn steps_of_a_supernet_that_cannot_be() {
    fails(
        &step_of("nas-bench-201", &["--method", "dart"]),
        2,
        "error: there is no method `dart`\n\nhint: did you mean `darts`?\n",
    );
    let strides = ["--set", "skips=false", "--set", "strides=1,2"];
    let output = netsmith(&step_of("nas-rl-cnn", &strides));
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("gradient search cannot learn strides"),
        "{errors}"
    );
    assert!(
        errors.contains("hint: give the decision a single value"),
        "{errors}"
    );
}

#[test]
fn errors_say_what_rule_and_remedy() {
    fails(
        &["profile", "--space", "dart", "--supernet"],
        2,
        "error: there is no space `dart`\n\nhint: did you mean `darts`?\n",
    );
    fails(
        &[
            "profile",
            "--space",
            "darts",
            "--supernet",
            "--set",
            "chanels=8",
            "--set",
            "cells=x",
        ],
        2,
        "error: cells is `x`: it takes a whole number from 1 to 100\n\
         error: there is no parameter `chanels`\n\n\
         hint: did you mean `channels`?\n",
    );
    assert_eq!(netsmith(&["profil"]).status.code(), Some(2));
}

/// A study of two trials without a final phase.
fn study(dir: &Path) {
    let study = Study::create(dir, &Header::new("seed = 7\n", 7, 0)).expect("there is room");
    for (number, accuracy) in [(0, 0.5), (1, 0.75)] {
        let proposal = Proposal {
            number,
            architecture: format!("depth={number}"),
            key: format!("{number:032}"),
            fidelity: Fidelity::epochs(3),
            seed: 11,
            parent: None,
        };
        let mut trial = proposal.complete(Outcome::Finished);
        trial.metrics.set(Metric::validation_accuracy(), accuracy);
        study.complete(trial).expect("there is room");
    }
    study.close().expect("there is room");
}

#[test]
fn a_run_is_shown_and_removed() {
    let folder = tempfile::tempdir().expect("there is room");
    let dir = folder.path().join("digits-1");
    study(&dir);
    let run = dir.to_str().expect("the path is text");
    let shown = json(&["show", run, "--json"]);
    assert_eq!(shown["status"], "interrupted");
    assert_eq!(shown["seed"], 7);
    assert_eq!(shown["trials"]["finished"], 2);
    assert_eq!(shown["best"]["trial"], 1);
    assert_eq!(shown["best"]["validation_accuracy"], 0.75);
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(2));

    let early = format!(
        "error: run `{run}` has no best network: its final phase is not over\n\n\
         hint: go on with `netsmith resume {run}`\n"
    );
    fails(&["export", run], 1, &early);

    assert!(json(&["remove", run, "--json"])["files"].as_u64() >= Some(1));
    assert!(!dir.exists());
    let gone = format!(
        "error: `{run}` holds no study: there is no `study.db` in it\n\n\
         hint: give the directory that `netsmith search` made, such as `runs/digits-1`\n"
    );
    fails(&["show", run], 1, &gone);
}

#[test]
fn the_machine_is_looked_at() {
    let diagnosis = json(&["doctor", "--json"]);
    assert!(diagnosis["cores"].as_u64() >= Some(1));
    assert_eq!(diagnosis["data"][0]["name"], "digits");
    assert_eq!(diagnosis["data"][0]["found"], true);
}

/// The arguments of a search by a script for `sh`, three trials.
fn by_command<'a>(evaluator: &'a str, run: &'a str) -> Vec<&'a str> {
    let fixed = "search --space mlp --input 4 --classes 2 --budget 3trials --json --run";
    let mut arguments: Vec<&str> = fixed.split(' ').collect();
    arguments.extend([run, "--evaluator", evaluator]);
    arguments
}

#[test]
fn an_outside_command_evaluates_with_a_penalty() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join("run").display().to_string();
    let line = r#"command:sh -c 'echo "{\"step\": 1, \"validation_accuracy\": 0.5}"'"#;
    let mut arguments = by_command(line, &run);
    arguments.extend(["--penalty", "parameters=1:hard"]);
    let found = json(&arguments);
    assert_eq!(found["status"], "finished");
    assert_eq!(found["trials"]["finished"], 3);
    assert_eq!(found["penalties"][0], "parameters=1:hard");
    assert_eq!(found["best"]["validation_accuracy"], 0.5);
    // All are equally good, so the smallest is best.
    let shown = json(&["show", &run, "--json"]);
    let history = shown["history"].as_array().expect("it is a list");
    let sizes = history.iter().map(|trial| trial["parameters"].as_u64());
    assert_eq!(shown["best"]["parameters"].as_u64(), sizes.min().flatten());
    let size = history[0]["parameters"].as_f64().expect("it is counted");
    let score = history[0]["score"].as_f64().expect("there is a score");
    assert!((score - 0.5 / size).abs() < 1e-12);
    assert_eq!(shown["verdict"], found["verdict"]);
    assert_eq!(json(&["resume", &run, "--json"])["best"], found["best"]);
    let config = std::fs::read_to_string(folder.path().join("run/config.toml"));
    let config = config.expect("it was written");
    assert!(
        config.contains("penalties = [\"parameters=1:hard\"]"),
        "{config}"
    );
    assert!(folder.path().join("run/best/architecture.txt").is_file());
    assert_eq!(netsmith(&["export", &run]).status.code(), Some(1));
}

#[test]
fn crash_and_silence_of_a_command_are_outcomes() {
    let folder = tempfile::tempdir().expect("there is room");
    for (name, line, outcome) in [
        ("crash", "command:sh -c 'echo no >&2; exit 3'", "crashed"),
        ("silence", "command:sleep 60", "timed-out"),
    ] {
        let run = folder.path().join(name).display().to_string();
        let mut arguments = by_command(line, &run);
        arguments.extend(["--set", "evaluator.silence=0.2"]);
        let output = netsmith(&arguments);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let message = format!("error: no trial of 3 gave a result; the first: {outcome}");
        assert!(errors.contains(&message), "{errors}");
        let shown = json(&["show", &run, "--json"]);
        assert_eq!(shown["history"][2]["outcome"], outcome);
        assert_eq!(shown["trials"]["failed"], 3);
    }
}

#[test]
fn wrong_options_name_the_rule_and_the_remedy() {
    fails(
        &["search", "--penalty", "latncy=5ms"],
        2,
        "error: penalty on `latncy`: there is no such cost\n\nhint: did you mean `latency`?\n",
    );
    fails(
        &[
            "search",
            "--evaluator",
            "command:no-such-program-here",
            "--input",
            "4",
            "--classes",
            "2",
        ],
        2,
        "error: command `no-such-program-here` cannot be started: there is no such program\n\n\
         hint: check its name and path; no shell is involved\n",
    );
    let folder = tempfile::tempdir().expect("there is room");
    let path = folder.path().join("run.toml");
    std::fs::write(&path, "seed = 1\nworkrs = 2\n").expect("there is room");
    let path = path.display().to_string();
    let message = format!(
        "error: nothing is called `workrs` here\n --> {path}:2:1\n  |\n2 | workrs = 2\n  | ^^^^^^\n\n\
         hint: did you mean `workers`?\n"
    );
    fails(&["search", "--config", &path], 2, &message);
}

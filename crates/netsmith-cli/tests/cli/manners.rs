//! How a command behaves towards pipes, signals, other processes and files that
//! are not what they should be.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::{fails, json, netsmith, study};

/// Starts a search of many trials by a script, each of which takes a moment.
fn endless(run: &str) -> Child {
    let line = r#"command:sh -c 'sleep 0.02; echo "{\"step\": 1, \"validation_accuracy\": 0.5}"'"#;
    let fixed = "search --space mlp --input 4 --classes 2 --budget 1000000trials --workers 2";
    let mut command = Command::new(env!("CARGO_BIN_EXE_netsmith"));
    command.args(fixed.split(' '));
    command.args(["--json", "--run", run, "--evaluator", line]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the binary was built")
}

/// Waits until a process has told of so many trials.
pub(crate) fn wait_for_trials(process: &mut Child, count: usize) {
    let stderr = process.stderr.as_mut().expect("it is a pipe");
    let lines = BufReader::new(stderr).lines().map_while(Result::ok);
    let ended = lines.filter(|line| line.contains(" finished "));
    assert_eq!(ended.take(count).count(), count);
}

#[cfg(unix)]
fn signal(process: &Child, name: &str) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.expect("there is `kill`").success());
}

fn text(path: &Path) -> String {
    path.to_str().expect("the path is text").to_owned()
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_everything_and_tells_how_to_go_on() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = text(&folder.path().join("run"));
    let mut search = endless(&run);
    wait_for_trials(&mut search, 3);

    // Nobody else may write meanwhile; everybody may read.
    let used = netsmith(&["resume", &run]);
    assert_eq!(used.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&used.stderr).into_owned();
    let process = search.id();
    let message =
        format!("error: study in `{run}` is in use by process {process}: one process writes");
    assert!(errors.starts_with(&message), "{errors}");
    assert_eq!(json(&["show", &run, "--json"])["status"], "running");

    signal(&search, "-INT");
    let output = search.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130));
    let facts: Value = serde_json::from_slice(&output.stdout).expect("it is one JSON object");
    assert_eq!(facts["status"], "interrupted");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = format!(
        "error: interrupted; everything is saved in `{run}`\n\n\
         hint: go on with `netsmith resume {run}`\n"
    );
    assert!(errors.ends_with(&last), "{errors}");
    let shown = json(&["show", &run, "--json"]);
    assert_eq!(shown["status"], "interrupted");
    assert_eq!(shown["trials"]["finished"], facts["trials"]["finished"]);
}

#[cfg(unix)]
#[test]
fn a_run_that_was_killed_is_not_called_running() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = text(&folder.path().join("run"));
    let mut search = endless(&run);
    wait_for_trials(&mut search, 2);
    search.kill().expect("it runs");
    search.wait().expect("it ends");
    assert_eq!(json(&["show", &run, "--json"])["status"], "interrupted");
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_ends_at_once() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = text(&folder.path().join("run"));
    let mut search = endless(&run);
    wait_for_trials(&mut search, 2);
    signal(&search, "-INT");
    // The first one may have ended it already.
    let id = search.id().to_string();
    let _ = Command::new("kill").args(["-INT", &id]).output();
    assert_eq!(search.wait().expect("it ends").code(), Some(130));
    assert_eq!(json(&["show", &run, "--json"])["status"], "interrupted");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    for arguments in [&["list", "spaces"][..], &["list", "operations", "--json"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_netsmith"));
        command.args(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("the binary was built");
        drop(process.stdout.take());
        let output = process.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn quiet_says_nothing_but_the_result() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = text(&folder.path().join("run"));
    let output = netsmith(&[
        "search",
        "--budget",
        "2trials",
        "--verify",
        "off",
        "--limit",
        "macs<=30k",
        "--workers",
        "1",
        "--run",
        &run,
        "--quiet",
        "--json",
    ]);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let facts: Value = serde_json::from_slice(&output.stdout).expect("it is one JSON object");
    assert_eq!(facts["status"], "finished");
    for file in ["report", "card", "onnx", "safetensors", "torch", "drawing"] {
        let path = facts["files"][file].as_str().expect("it is listed");
        assert!(Path::new(path).is_file(), "{path}");
    }
}

#[test]
fn a_limit_that_no_network_keeps_fails_the_run_and_leaves_the_nearest() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = text(&folder.path().join("run"));
    let output = netsmith(&[
        "search",
        "--budget",
        "1trials",
        "--verify",
        "off",
        "--limit",
        "macs<=30k",
        "--limit",
        "latency<=0.01us",
        "--run",
        &run,
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("no network keeps the limit"), "{errors}");
    let facts: Value = serde_json::from_slice(&output.stdout).expect("it is one JSON object");
    assert_eq!(facts["limits_exceeded"][0]["cost"], "latency");
    assert_eq!(facts["limits"]["macs"], 30_000);
    let path = facts["files"]["onnx"].as_str().expect("it is listed");
    assert!(Path::new(path).is_file(), "{path}");
}

#[test]
fn a_run_directory_must_be_one() {
    let folder = tempfile::tempdir().expect("there is room");
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").expect("there is room");
    for run in [text(&file), text(&file.join("run"))] {
        let output = netsmith(&["search", "--budget", "2trials", "--run", &run]);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            errors.starts_with(&format!("error: cannot make `{run}`: ")),
            "{errors}"
        );
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
    let run = folder.path().join("run");
    study(&run);
    let run = text(&run);
    fails(
        &["search", "--budget", "2trials", "--run", &run],
        1,
        &format!(
            "error: `{run}` holds a study already: one run directory holds one study\n\n\
             hint: go on with it by `netsmith resume {run}`, or name another directory\n"
        ),
    );
}

/// A study whose file is changed is refused with this message by all that
/// needs it, and stays as it is.
#[track_caller]
fn refused(change: impl FnOnce(&mut Vec<u8>), message: &str) {
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join("run");
    study(&run);
    let file = run.join("study.db");
    let mut bytes = std::fs::read(&file).expect("it is there");
    change(&mut bytes);
    std::fs::write(&file, &bytes).expect("there is room");
    let run = text(&run);
    for arguments in [&["show", &run][..], &["resume", &run], &["export", &run]] {
        let output = netsmith(arguments);
        assert_eq!(output.status.code(), Some(1));
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let expected = format!("error: {}", message.replace("FILE", &text(&file)));
        assert!(errors.starts_with(&expected), "{errors}");
        assert!(errors.contains("\n\nhint: "), "{errors}");
        assert_eq!(std::fs::read(&file).expect("it is there"), bytes);
    }
}

#[test]
fn a_study_that_cannot_be_read_is_left_as_it_is() {
    // SQLite's `user_version` is the big-endian number in bytes 60 to 63.
    refused(
        |bytes| bytes[63] = 9,
        "study `FILE` has format 9, this build reads 1 and writes 1\n",
    );
    refused(|bytes| bytes.truncate(5_000), "study `FILE` is damaged: ");
    refused(
        |bytes| bytes[4_096..30_000].fill(0xa5),
        "study `FILE` is damaged: ",
    );
    refused(
        |bytes| *bytes = b"my diary, not a database at all".to_vec(),
        "`FILE` is not a study: it was not written by netsmith\n",
    );
}

//! The example of a trainer in another language.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::manners::wait_for_trials;
use crate::{interpreter, json};

#[test]
fn a_search_by_the_example_s_trainer_is_killed_and_resumed() {
    let Some(python) = interpreter() else {
        return;
    };
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/outside");
    let trainer = example.join("train.py");
    let evaluator = format!("command:{} {}", python.display(), trainer.display());
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join("run").display().to_string();
    let fixed = "search --input 2 --classes 2 --budget 8trials --workers 2 --run";
    let mut command = Command::new(env!("CARGO_BIN_EXE_netsmith"));
    command
        .args(fixed.split(' '))
        .args([&run, "--evaluator", &evaluator]);
    command.arg("--space").arg(example.join("space.toml"));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut search = command.spawn().expect("the binary was built");
    wait_for_trials(&mut search, 2);
    search.kill().expect("it runs");
    search.wait().expect("it ends");
    let interrupted = json(&["show", &run, "--json"]);
    assert_eq!(interrupted["status"], "interrupted");

    let found = json(&["resume", &run, "--json"]);
    assert_eq!(found["status"], "finished");
    assert_eq!(found["trials"]["finished"], 8);
    let shown = json(&["show", &run, "--json"]);
    let history = shown["history"].as_array().expect("it is a list");
    let numbers: Vec<_> = history
        .iter()
        .map(|trial| trial["trial"].as_u64())
        .collect();
    assert_eq!(numbers, (0..8).map(Some).collect::<Vec<_>>());
    // What was finished before it was killed stays as it was.
    for before in interrupted["history"].as_array().expect("it is a list") {
        assert!(history.contains(before), "{before}");
    }
}

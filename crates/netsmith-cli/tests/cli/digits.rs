//! Whole runs on the bundled digits, judged by other programs.

use std::path::Path;
use std::process::Command;

use crate::{interpreter, json};

/// A short search with these options, and the exported network in ONNX Runtime.
#[track_caller]
fn agrees(name: &str, options: &[&str]) {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join(name);
    let mut arguments = vec!["search", "--budget", "1trials", "--verify", "off", "--json"];
    arguments.extend(["--run", run.to_str().expect("the path is text")]);
    arguments.extend(options);
    json(&arguments);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/check_digits.py");
    let checked = Command::new(interpreter).arg(script).arg(&run).output();
    let checked = checked.expect("Python can be started");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{name}: {said}");
}

#[test]
fn onnx_runtime_is_as_often_right_as_the_run_says() {
    agrees("pictures", &["--limit", "macs<=30k"]);
    agrees("table", &["--space", "mlp", "--limit", "parameters<=10k"]);
}

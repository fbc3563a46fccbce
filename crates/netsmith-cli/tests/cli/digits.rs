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

#[test]
fn shared_weights_find_widths_and_depths_within_a_limit() {
    let small = [
        "--set",
        "widths=4,8",
        "--set",
        "depths=1,2",
        "--set",
        "stem-widths=4,8",
    ];
    for (strategy, space, set) in [
        ("enas", "chain", &small[..]),
        ("drnas", "mlp", &["--set", "widths=8,16"][..]),
    ] {
        let folder = tempfile::tempdir().expect("there is room");
        let run = folder.path().join(strategy);
        let mut arguments = vec!["search", "--data", "digits", "--verify", "off", "--json"];
        arguments.extend(["--space", space, "--strategy", strategy]);
        arguments.extend(["--budget", "1trials", "--set", "strategy.epochs=1"]);
        arguments.extend(["--limit", "parameters<=5k"]);
        arguments.extend(set);
        arguments.extend(["--run", run.to_str().expect("the path is text")]);
        let found = json(&arguments);
        assert_eq!(found["status"], "finished", "{found}");
        assert!(
            found["best"]["parameters"].as_u64() <= Some(5_000),
            "{found}"
        );
        // Better than one class in ten, so that it is a network that was trained.
        assert!(
            found["best"]["test_accuracy"].as_f64() > Some(0.3),
            "{found}"
        );
        assert!(run.join("best/model.onnx").exists());
    }
}

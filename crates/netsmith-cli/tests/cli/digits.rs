//! Whole runs on the bundled digits, judged by other programs.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{interpreter, json, netsmith};

/// A short search with these options; the object that it prints.
#[track_caller]
fn searched(run: &Path, options: &[&str]) -> Value {
    let mut arguments = vec!["search", "--verify", "off", "--json"];
    arguments.extend(["--run", run.to_str().expect("the path is text")]);
    arguments.extend(options);
    json(&arguments)
}

/// Judges an exported network of a run in ONNX Runtime.
#[track_caller]
fn judged(interpreter: &Path, run: &Path, trial: Option<&str>) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/check_digits.py");
    let mut command = Command::new(interpreter);
    let checked = command.arg(script).arg(run).args(trial).output();
    let checked = checked.expect("Python can be started");
    let said = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(checked.status.success(), "{}: {said}", run.display());
}

/// A short search with these options, and the exported network in ONNX Runtime.
#[track_caller]
fn agrees(name: &str, options: &[&str]) {
    let Some(interpreter) = interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join(name);
    searched(&run, &[&["--budget", "1trials"], options].concat());
    judged(&interpreter, &run, None);
}

#[test]
fn onnx_runtime_is_as_often_right_as_the_run_says() {
    agrees("pictures", &["--limit", "macs<=30k"]);
    agrees("table", &["--space", "mlp", "--limit", "parameters<=10k"]);
}

#[test]
fn a_front_is_trained_in_full_and_any_of_it_can_be_taken() {
    let folder = tempfile::tempdir().expect("there is room");
    let run = folder.path().join("front");
    let options = [
        "--budget 8trials --strategy random --seed 3",
        "--limit macs<=60k --minimize parameters",
    ];
    let options: Vec<&str> = options.iter().flat_map(|part| part.split(' ')).collect();
    let found = searched(&run, &options);
    let finalists = found["finalists"].as_array().expect("it is a list");
    let front = finalists.iter().filter(|own| own["front"] == true);
    let front: Vec<&Value> = front.collect();
    assert!(front.len() > 1, "{found}");
    let best = found["best"]["trial"].as_u64();
    let cost = |own: &Value| {
        let error = own["validation_accuracy"].as_f64().map(|right| 1.0 - right);
        (error.expect("it is known"), own["parameters"].as_u64())
    };
    for own in finalists {
        let is_front = own["front"] == true;
        assert_eq!(own["test_accuracy"].is_number(), is_front, "{own}");
        assert!(is_front || own["trial"].as_u64() != best, "{own}");
        let better = |other: &&Value| {
            let (own, other) = (cost(own), cost(other));
            other != own && other.0 <= own.0 && other.1 <= own.1
        };
        assert_eq!(finalists.iter().any(|other| better(&other)), !is_front);
    }
    let other = front.iter().find(|own| own["trial"].as_u64() != best);
    let trial = other.expect("there are several")["trial"].to_string();
    let path = run.to_str().expect("the path is text");
    json(&["export", path, "--trial", &trial, "--json"]);
    if let Some(interpreter) = interpreter() {
        judged(&interpreter, &run, Some(&trial));
    }
    let message = format!("error: trial is `99`: run `{path}` has not trained it in full");
    let output = netsmith(&["export", path, "--trial", "99"]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.starts_with(&message), "{errors}");
    assert!(errors.contains("trained in full were"), "{errors}");
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

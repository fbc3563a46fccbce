//! Outside commands, good and bad ones, as small shell scripts.
#![cfg(unix)]

use netsmith::catalogue::Settings;
use netsmith::evaluate::command::{CommandError, CommandEvaluator};
use netsmith::evaluate::{Evaluation, Evaluator, Job, Verdict, Watch};
use netsmith::network::Shape;
use netsmith::space::{Space, Task, nas_bench_201};
use netsmith::trial::{Fidelity, Measurement, Metrics, Outcome, Proposal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

fn space() -> Arc<Space> {
    let entry = &nas_bench_201::ENTRY;
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    let settings = Settings::defaults(entry.parameters);
    Arc::new((entry.build)(&task, &settings).expect("a space"))
}

/// Listens, and answers as it is set.
struct Listener {
    steps: Vec<u64>,
    saved: Vec<u64>,
    stop_at: Option<u64>,
    works: bool,
    cancelled: bool,
}

impl Watch for Listener {
    fn measure(&mut self, measurements: &[Measurement]) -> Verdict {
        let step = measurements[0].step;
        self.steps.push(step);
        if self.stop_at == Some(step) {
            return Verdict::Stop;
        }
        Verdict::Continue
    }

    fn saved(&mut self, step: u64) {
        self.saved.push(step);
    }

    fn working(&mut self) {
        self.works = true;
    }

    fn cancelled(&self) -> bool {
        self.cancelled
    }
}

fn listener() -> Listener {
    Listener {
        steps: Vec::new(),
        saved: Vec::new(),
        stop_at: None,
        works: false,
        cancelled: false,
    }
}

fn evaluator(script: &str) -> CommandEvaluator {
    let command = ["/bin/sh", "-c", script].map(str::to_owned);
    let mut evaluator = CommandEvaluator::new(space(), command.into()).expect("a command");
    // Scripts that hang would hang the tests.
    evaluator.timeout = Some(Duration::from_secs(60));
    evaluator
}

fn evaluate(evaluator: &CommandEvaluator, watch: &mut Listener) -> (Outcome, Metrics) {
    match evaluate_raw(evaluator, watch) {
        Evaluation::Ended {
            outcome, metrics, ..
        } => (outcome, metrics),
        Evaluation::Interrupted => panic!("interrupted"),
    }
}

fn evaluate_raw(evaluator: &CommandEvaluator, watch: &mut Listener) -> Evaluation {
    let space = space();
    let text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|";
    let architecture = space.parse(text).expect("a cell");
    let proposal = Proposal {
        number: 3,
        architecture: text.to_owned(),
        key: "0".repeat(32),
        fidelity: Fidelity::epochs(2).with_data(0.5),
        seed: 11,
        parent: None,
    };
    let network = space.network(&architecture).expect("a network");
    let job = Job {
        proposal: &proposal,
        architecture: Some(&architecture),
        network: &network,
        checkpoint: Some(Path::new("checkpoints/3.safetensors")),
        worker: 1,
    };
    evaluator.evaluate(&job, watch)
}

#[track_caller]
fn crashes(script: &str, expected: &str) {
    let (outcome, _) = evaluate(&evaluator(script), &mut listener());
    let Outcome::Crashed { message } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(message.contains(expected), "{message}");
}

#[test]
fn a_good_command_is_heard() {
    let script = r#"
        read request
        echo '{"step": 1, "validation_accuracy": 0.5, "own": 2}'
        echo 'to people' >&2
        echo '{"saved": 1}'
        echo
        echo '{"step": 2, "validation_accuracy": 0.75}'
        echo '{"done": true}'
    "#;
    let mut watch = listener();
    let (outcome, metrics) = evaluate(&evaluator(script), &mut watch);
    assert_eq!(outcome, Outcome::Finished);
    assert_eq!((watch.steps, watch.saved), (vec![1, 2], vec![1]));
    assert!(watch.works);
    let value = |name| metrics.get(name).map(|quantity| quantity.value);
    assert_eq!(value("validation_accuracy"), Some(0.75));
    assert_eq!(value("own"), Some(2.0));
}

#[test]
fn the_request_says_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("request");
    let script = format!(
        "cat > {}; echo '{{\"step\": 1, \"validation_accuracy\": 1}}'",
        path.display()
    );
    let mut evaluator = evaluator(&script);
    evaluator.input.insert("classes".into(), "10".into());
    let (outcome, _) = evaluate(&evaluator, &mut listener());
    assert_eq!(outcome, Outcome::Finished);
    let request = std::fs::read(path).unwrap();
    let request: serde_json::Value = serde_json::from_slice(&request).unwrap();
    assert_eq!(request["trial"], 3);
    assert_eq!(request["space"], "nas-bench-201");
    assert_eq!(request["decisions"]["3<0"], "skip_connect");
    assert_eq!(request["fidelity"]["epochs"], 2);
    assert_eq!(request["fidelity"]["data"], 0.5);
    assert_eq!(request["seed"], 11);
    assert_eq!(request["checkpoint"], "checkpoints/3.safetensors");
    assert_eq!(request["inputs"][0], serde_json::json!([3, 32, 32]));
    assert_eq!(request["input"]["classes"], "10");
    assert_eq!(request["worker"], 1);
}

#[test]
fn crashes_have_their_last_words() {
    crashes(
        "echo 'no memory left' >&2; exit 3",
        "exit status: 3: no memory left",
    );
    crashes("kill -9 $$", "signal: 9");
    crashes("exit 0", "without printing a metric");
    crashes("echo hello", "no JSON object: `hello`");
    crashes(
        "echo '{\"step\": 1, \"a\": 1}'; echo '{\"step\": 1, \"a\": 1}'",
        "must grow",
    );
    crashes(
        "head -c 3000000 /dev/zero; sleep 30",
        "a line of more than 1048576 bytes",
    );
    let missing = vec!["/no/such/program".to_owned()];
    let evaluator = CommandEvaluator::new(space(), missing).unwrap();
    let (outcome, _) = evaluate(&evaluator, &mut listener());
    assert!(
        outcome.to_string().contains("cannot be started"),
        "{outcome}"
    );
    let empty = CommandEvaluator::new(space(), Vec::new());
    assert_eq!(empty.unwrap_err(), CommandError::Empty);
}

#[test]
fn nan_is_divergence() {
    let script = "echo '{\"step\": 1, \"loss\": 2}'; echo '{\"step\": 2, \"loss\": NaN}'; sleep 60";
    let (outcome, metrics) = evaluate(&evaluator(script), &mut listener());
    assert!(matches!(outcome, Outcome::Diverged { .. }), "{outcome}");
    assert_eq!(metrics.len(), 1);
}

#[test]
fn a_stopped_command_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("child");
    let script = format!(
        "sleep 600 & echo $! > {}; echo '{{\"step\": 1, \"validation_accuracy\": 0.1}}'; wait",
        path.display()
    );
    let mut watch = listener();
    watch.stop_at = Some(1);
    let (outcome, metrics) = evaluate(&evaluator(&script), &mut watch);
    assert_eq!((outcome, metrics.len()), (Outcome::Stopped, 1));
    let child = std::fs::read_to_string(path).unwrap();
    let status = Path::new("/proc").join(child.trim()).join("status");
    // A killed process may stay as a zombie until somebody waits for it.
    let lives = |text: String| !text.contains("State:\tZ");
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        !std::fs::read_to_string(&status).is_ok_and(lives)
    });
    assert!(gone, "the sleeping child lives on");
}

#[test]
fn time_limits_are_outcomes() {
    let mut silent = evaluator("sleep 600");
    silent.silence = Some(Duration::from_millis(50));
    let (outcome, _) = evaluate(&silent, &mut listener());
    assert_eq!(
        outcome,
        Outcome::TimedOut {
            limit_seconds: 0.05
        }
    );

    let endless =
        "n=0; while true; do n=$((n+1)); echo '{\"step\": '$n', \"a\": 1}'; sleep 0.01; done";
    let mut endless = evaluator(endless);
    endless.timeout = Some(Duration::from_millis(200));
    let (outcome, _) = evaluate(&endless, &mut listener());
    assert_eq!(outcome, Outcome::TimedOut { limit_seconds: 0.2 });
}

#[test]
fn a_search_that_ends_interrupts() {
    let mut watch = listener();
    watch.cancelled = true;
    let evaluation = evaluate_raw(&evaluator("sleep 600"), &mut watch);
    assert_eq!(evaluation, Evaluation::Interrupted);
}

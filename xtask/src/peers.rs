//! `cargo xtask peers`: how fast Netsmith trains beside PyTorch, in one run.
//!
//! Each piece of work runs a few times on either side, in turns, so that a change
//! of the machine's speed meets both; what is printed are medians.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::process::describe;
use crate::python::Environment;
use crate::repository::Repository;

/// How often each side runs a piece of work.
const ROUNDS: usize = 3;

/// One piece of work for both sides.
struct Work {
    /// Its name, for `peer.py` too.
    name: &'static str,
    /// What it is.
    summary: &'static str,
    /// The arguments of `netsmith profile`, in parts that are separated by spaces.
    profile: &'static [&'static str],
    /// Threads of either side.
    threads: usize,
    /// Steps of a run.
    steps: usize,
    /// Where the JSON of `netsmith profile` has the time.
    time: &'static str,
}

const W1: &str = "--space nas-bench-201 --architecture |nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2| \
     --set channels=16 --set cells=1 --input 3x32x32 --classes 10 --batch 64";

const DARTS_SUPERNET: &str = "--space darts --supernet --set channels=8 --set cells=5 \
     --input 3x32x32 --classes 10 --batch 64";

const BENCH_SUPERNET: &str = "--space nas-bench-201 --supernet --set channels=8 --set cells=1 \
     --input 3x16x16 --classes 10 --batch 64";

const WORKS: &[Work] = &[
    Work {
        name: "w1",
        summary: "step of a NAS-Bench-201 network, all edges 3x3, 16 channels, batch 64",
        profile: &[W1],
        threads: 2,
        steps: 10,
        time: "train_step_ms",
    },
    Work {
        name: "w2",
        summary: "step of a DARTS supernet, 8 channels, five cells, batch 64",
        profile: &[DARTS_SUPERNET, "--method darts"],
        threads: 2,
        steps: 3,
        time: "train_step_ms",
    },
    Work {
        name: "gdas",
        summary: "step of GDAS on the same supernet, one operation an edge",
        profile: &[DARTS_SUPERNET, "--method gdas"],
        threads: 2,
        steps: 10,
        time: "train_step_ms",
    },
    Work {
        name: "bench-darts",
        summary: "step of DARTS on a NAS-Bench-201 supernet, 8 channels, a cell a stage, 16x16 pixels",
        profile: &[BENCH_SUPERNET, "--method darts"],
        threads: 1,
        steps: 20,
        time: "train_step_ms",
    },
    Work {
        name: "bench-gdas",
        summary: "step of GDAS on that supernet",
        profile: &[BENCH_SUPERNET, "--method gdas"],
        threads: 1,
        steps: 20,
        time: "train_step_ms",
    },
    Work {
        name: "edge",
        summary: "step of one edge: ReLU, depthwise 3x3, 1x1, norm, 8 channels, batch 64",
        profile: &[
            "--space benches/peers/edge.toml --architecture depthwise=3x3 \
                  --input 8x32x32 --classes 10 --batch 64",
        ],
        threads: 1,
        steps: 20,
        time: "train_step_ms",
    },
    Work {
        name: "mlp",
        summary: "step of a perceptron 32-256-256-256-10 with batch norm, batch 256",
        profile: &["--space benches/peers/mlp.toml --architecture width=256 \
                  --input 32 --classes 10 --batch 256"],
        threads: 2,
        steps: 50,
        time: "train_step_ms",
    },
    Work {
        name: "w1-inference",
        summary: "the NAS-Bench-201 network's answer for one image, in the runtime that `netsmith profile` finds",
        profile: &[W1],
        threads: 2,
        steps: 50,
        time: "inference_ms",
    },
];

/// What one run of one side gave.
struct Run {
    milliseconds: f64,
    peak_bytes: f64,
    parameters: u64,
}

/// Runs the work of these names, or all, and prints the table; with `--python
/// FILE` PyTorch is taken from there, else from `.python-torch/`.
///
/// # Errors
///
/// When PyTorch cannot be had, a side fails, or the two sides train networks of
/// different size.
pub(crate) fn run(repository: &Repository, arguments: &[&str]) -> Result<()> {
    let (python, wanted) = match arguments {
        ["--python", python, rest @ ..] => (PathBuf::from(python), rest),
        rest => {
            let requirements = repository.path("xtask/torch/requirements.txt");
            let environment =
                Environment::prepare(repository.path(".python-torch"), &requirements)?;
            (environment.python(), rest)
        }
    };
    if let Some(unknown) = wanted
        .iter()
        .find(|name| WORKS.iter().all(|work| work.name != **name))
    {
        let names: Vec<&str> = WORKS.iter().map(|work| work.name).collect();
        bail!("unknown work `{unknown}`: there is {}", names.join(", "));
    }
    let path = crate::readme::path_with_netsmith(repository)?;
    println!(
        "{:<13} {:>12} {:>12} {:>6}   {:>10} {:>10} {:>6}",
        "work", "netsmith", "pytorch", "ratio", "netsmith", "pytorch", "ratio"
    );
    let works = WORKS
        .iter()
        .filter(|work| wanted.is_empty() || wanted.contains(&work.name));
    let mut rows = Vec::new();
    for work in works {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(netsmith(repository, &path, work)?);
            theirs.push(pytorch(repository, &python, work)?);
        }
        if ours[0].parameters != theirs[0].parameters {
            bail!(
                "{}: the networks differ: {} parameters of ours, {} of PyTorch's",
                work.name,
                ours[0].parameters,
                theirs[0].parameters
            );
        }
        let time = [
            median(&ours, |run| run.milliseconds),
            median(&theirs, |run| run.milliseconds),
        ];
        let peak = [
            median(&ours, |run| run.peak_bytes),
            median(&theirs, |run| run.peak_bytes),
        ];
        println!(
            "{:<13} {:>9.2} ms {:>9.2} ms {:>6.2}   {:>7.0} MB {:>7.0} MB {:>6.2}",
            work.name,
            time[0],
            time[1],
            time[0] / time[1],
            peak[0] / 1e6,
            peak[1] / 1e6,
            peak[0] / peak[1]
        );
        rows.push(json!({
            "work": work.name, "summary": work.summary, "threads": work.threads,
            "netsmith_ms": time[0], "pytorch_ms": time[1], "ratio": time[0] / time[1],
            "netsmith_peak_bytes": peak[0], "pytorch_peak_bytes": peak[1],
        }));
    }
    println!("medians of {ROUNDS} runs of either side in turns; peaks are of the whole process");
    let file = repository.path("target/peers.json");
    std::fs::write(&file, serde_json::to_string_pretty(&rows)? + "\n")
        .with_context(|| format!("cannot write {}", file.display()))
}

fn netsmith(repository: &Repository, path: &std::ffi::OsStr, work: &Work) -> Result<Run> {
    let mut command = Command::new("netsmith");
    command
        .env("PATH", path)
        .arg("profile")
        .args(work.profile.iter().flat_map(|part| part.split_whitespace()));
    command.args(["--json", "--threads", &work.threads.to_string()]);
    if work.time == "train_step_ms" {
        command.args(["--train-step", &work.steps.to_string()]);
    }
    let answer = answer(repository, &mut command)?;
    read(&answer, [work.time, "process_peak_bytes"])
}

fn pytorch(repository: &Repository, python: &PathBuf, work: &Work) -> Result<Run> {
    let mut command = Command::new(python);
    command.args(["benches/peers/peer.py", work.name]);
    command.args([work.threads.to_string(), work.steps.to_string()]);
    read(&answer(repository, &mut command)?, ["ms", "peak_bytes"])
}

/// The JSON that a command prints.
fn answer(repository: &Repository, command: &mut Command) -> Result<Value> {
    let shown = describe(command);
    let output = command
        .current_dir(repository.root())
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown}` ended with {}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    serde_json::from_slice(&output.stdout).with_context(|| format!("`{shown}` printed no JSON"))
}

fn read(answer: &Value, [time, peak]: [&str; 2]) -> Result<Run> {
    let number = |key: &str| {
        answer[key]
            .as_f64()
            .with_context(|| format!("no `{key}` in {answer}"))
    };
    Ok(Run {
        milliseconds: number(time)?,
        peak_bytes: number(peak)?,
        parameters: number("parameters")? as u64,
    })
}

fn median(runs: &[Run], value: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

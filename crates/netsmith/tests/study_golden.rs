//! The golden study of format 1, `tests/data/study-v1.db`: it stays readable for
//! ever, and what is written today has its format.
//!
//! `NETSMITH_BLESS=1 cargo nextest run -p netsmith golden` makes the file anew,
//! which is right only before the format's first release. A change after that is
//! a new format with a golden file of its own.

use std::fs;
use std::path::{Path, PathBuf};

use netsmith::cost::{Direction, LATENCY, MACS, MEMORY, PARAMETERS, Quantity, Unit};
use netsmith::study::{
    Checkpoint, FIRST_FINAL, FinalRun, Header, Pending, Role, Study, Trials, View,
};
use netsmith::trial::{Costs, Curve, Fidelity, Measurement, Metric, Outcome, Proposal, Trial};

fn header() -> Header {
    let mut header = Header::new("[search]\nspace = \"mlp\"\nseed = 7\n", 7, 1_767_225_600)
        .with_version("rustc", "1.95.0")
        .with_version("burn", "0.22.1");
    header.netsmith = "0.1.0".into();
    header
}

fn proposal(number: u64) -> Proposal {
    Proposal {
        number,
        architecture: format!("depth=2 widths={number},16"),
        key: format!("{:032x}", u128::from(number) * 0x0123_4567_89ab_cdef),
        fidelity: Fidelity {
            epochs: 3,
            data: 0.25,
        },
        seed: u64::MAX - number,
        parent: (number == 1).then_some(0),
    }
}

fn curve() -> Curve {
    let points = vec![(1, 0.5), (2, 0.75), (3, f64::NEG_INFINITY)];
    Curve {
        metric: Metric::validation_accuracy(),
        points,
    }
}

/// One trial of each outcome.
fn completed() -> Vec<Trial> {
    let outcomes = [
        Outcome::Finished,
        Outcome::Stopped,
        Outcome::Diverged {
            reason: "the loss is NaN after step 17".into(),
        },
        Outcome::OutOfMemory {
            needed: 3 << 33,
            available: 1 << 33,
        },
        Outcome::OverLimit {
            what: "parameters".into(),
            value: Quantity::new(51_234.0, Unit::Parameters),
            limit: Quantity::new(50_000.0, Unit::Parameters),
        },
        Outcome::Crashed {
            message: "a worker panicked: `héllo`".into(),
        },
        Outcome::TimedOut {
            limit_seconds: 12.5,
        },
    ];
    let mut trials: Vec<Trial> = (0..)
        .zip(outcomes)
        .map(|(number, outcome)| proposal(number).complete(outcome))
        .collect();
    let first = &mut trials[0];
    first.metrics.set(Metric::validation_accuracy(), 0.75);
    first
        .metrics
        .set(Metric::new("rmse", Unit::Target, Direction::Minimize), -0.0);
    first.curves = vec![curve()];
    first.costs = Costs::default()
        .with(PARAMETERS, 9_210.0)
        .with(MACS, u64::MAX as f64)
        .with(MEMORY, 81_920.0)
        .with(LATENCY, 0.11);
    first.seconds = 1.25;
    first.ended = 2.5;
    trials[1].duplicate_of = Some(0);
    trials
}

fn final_run<T>(role: Role, name: &str, trial: T) -> FinalRun<T> {
    FinalRun {
        role,
        name: name.into(),
        trial,
    }
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        trial: 7,
        step: 2,
        file: "checkpoints/7-2.safetensors".into(),
        bytes: 4_096,
    }
}

fn contents() -> Trials {
    let pending = |number, running, deaths| Pending {
        proposal: proposal(number),
        running,
        deaths,
        deaths_at_work: 0,
        curves: Vec::new(),
        checkpoint: None,
    };
    let mut finished = proposal(FIRST_FINAL).complete(Outcome::Finished);
    finished.metrics.set(
        Metric::new("test_accuracy", Unit::Fraction, Direction::Maximize),
        0.97,
    );
    Trials {
        completed: completed(),
        pending: vec![
            Pending {
                curves: vec![curve()],
                checkpoint: Some(checkpoint()),
                ..pending(7, true, 0)
            },
            pending(8, false, 0),
        ],
        finals: vec![final_run(Role::Candidate, "best", finished)],
        pending_finals: vec![final_run(
            Role::Baseline,
            "mlp",
            pending(FIRST_FINAL + 1, false, 0),
        )],
    }
}

/// Writes the golden study, and gives its bytes as a process would leave them
/// that died while trial 7 was running.
fn write() -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a directory");
    let go = || {
        let study = Study::create(dir.path(), &header())?;
        let contents = contents();
        study.propose(proposal(7))?;
        study.propose(proposal(8))?;
        for (step, value) in curve().points {
            let metric = Metric::validation_accuracy();
            study.measure(
                7,
                Measurement {
                    step,
                    metric,
                    value,
                },
            )?;
        }
        study.checkpoint(checkpoint())?;
        for trial in contents.completed {
            study.complete(trial)?;
        }
        for FinalRun { role, name, trial } in contents.finals {
            study.propose_final(FinalRun {
                role,
                name,
                trial: trial.proposal(),
            })?;
            study.complete(trial)?;
        }
        for FinalRun { role, name, trial } in contents.pending_finals {
            study.propose_final(FinalRun {
                role,
                name,
                trial: trial.proposal,
            })?;
        }
        study.put("elapsed", *b"2.5")?;
        study.put_for(7, "note", [0, 255])?;
        study.recorded("batch_seconds", || 0.003)?;
        study.close()
    };
    go().expect("a study");
    let path = dir.path().join("study.db");
    let running = "UPDATE trial SET state = 'running' WHERE number = 7; VACUUM";
    let connection = rusqlite::Connection::open(&path).expect("the file");
    connection.execute_batch(running).expect("the file");
    drop(connection);
    fs::read(&path).expect("the file")
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/study-v1.db")
}

/// A run directory with this study.
fn directory(bytes: &[u8]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("study.db"), bytes).expect("room");
    dir
}

#[track_caller]
fn check(bytes: &[u8]) {
    let dir = directory(bytes);
    let view = View::open(dir.path()).expect("a study");
    assert_eq!(view.header().expect("a header"), header());
    // Text tells -0.0 from 0.0.
    let trials = view.trials().expect("trials");
    assert_eq!(format!("{trials:#?}"), format!("{:#?}", contents()));
    assert_eq!(view.checkpoints().expect("checkpoints"), [checkpoint()]);
    assert_eq!(
        view.entry("elapsed").expect("an entry"),
        Some(b"2.5".to_vec())
    );
    assert_eq!(
        view.trial_entry(7, "note").expect("an entry"),
        Some(vec![0, 255])
    );
    let recorded: Vec<_> = view.recorded().expect("measurements").into_iter().collect();
    assert_eq!(recorded, [("batch_seconds".to_owned(), 0.003)]);
}

#[test]
fn golden_study_reads() {
    if std::env::var_os("NETSMITH_BLESS").is_some() {
        fs::write(golden(), write()).unwrap();
    }
    check(&fs::read(golden()).unwrap());
}

#[test]
fn golden_format_is_the_one_that_is_written() {
    let written = write();
    check(&written);
    let schema = |bytes: &[u8]| -> Vec<(String, String)> {
        let dir = directory(bytes);
        let connection = rusqlite::Connection::open(dir.path().join("study.db")).unwrap();
        let mut statement = connection
            .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema")
            .unwrap();
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(schema(&written), schema(&fs::read(golden()).unwrap()));
}

#[test]
fn golden_study_resumes() {
    let dir = directory(&fs::read(golden()).unwrap());
    let study = Study::open(dir.path()).unwrap();
    let trials = study.view().unwrap().trials().unwrap();
    assert_eq!((trials.completed.len(), trials.pending[0].deaths), (7, 1));
}

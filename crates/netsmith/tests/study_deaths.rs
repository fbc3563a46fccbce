//! A study and the process that writes it: killed at random times, locked
//! against others. The children are this same test binary, started on the test
//! `child`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use netsmith::random::Seed;
use netsmith::study::{DEATHS, DEATHS_AT_WORK, Header, Study, StudyError, Suspicion, View};
use netsmith::trial::{Curve, Fidelity, Measurement, Metric, Outcome, Proposal, Trial};
use rand::RngExt;

/// Names the run directory and the task of a child.
const DIR: &str = "NETSMITH_TEST_DIR";
const TASK: &str = "NETSMITH_TEST_TASK";

fn proposal(number: u64) -> Proposal {
    Proposal {
        number,
        architecture: format!("depth={number}"),
        key: format!("{number:032x}"),
        fidelity: Fidelity::epochs(2),
        seed: number * 7,
        parent: None,
    }
}

fn accuracy(step: u64) -> Measurement {
    Measurement {
        step,
        metric: Metric::validation_accuracy(),
        value: 0.1 * step as f64,
    }
}

fn trial(number: u64) -> Trial {
    let mut trial = proposal(number).complete(Outcome::Finished);
    trial
        .metrics
        .set(Metric::validation_accuracy(), number as f64);
    Curve::record(&mut trial.curves, accuracy(1));
    Curve::record(&mut trial.curves, accuracy(2));
    trial
}

fn header() -> Header {
    Header::new("", 1, 0)
}

/// What a child does; in an ordinary run of the tests, nothing.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let dir = Path::new(&dir);
    let mut study = match Study::open(dir) {
        Err(StudyError::Missing { .. }) => Study::create(dir, &header()).unwrap(),
        study => study.unwrap(),
    };
    match std::env::var(TASK).unwrap().as_str() {
        "search" => loop {
            search(&study).unwrap();
            // Ending and going on again are moments to be killed at, too.
            study.close().unwrap();
            study = Study::open(dir).unwrap();
        },
        "run" => {
            study.propose(proposal(0)).unwrap();
            study.start(0).unwrap();
            study.sync().unwrap();
        }
        "work" => {
            study.start(0).unwrap();
            study.working(0).unwrap();
            study.sync().unwrap();
        }
        "step" => {
            study.start(0).unwrap();
            study.measure(0, accuracy(1)).unwrap();
            study.sync().unwrap();
        }
        _ => {}
    }
    say("ready");
    loop {
        std::thread::park();
    }
}

/// Goes on with a study by a hundred trials, two at a time, and tells after every
/// sync how many trials are durable.
fn search(study: &Study) -> Result<(), StudyError> {
    let trials = study.view()?.trials()?;
    for pending in &trials.pending {
        study.complete(trial(pending.proposal.number))?;
    }
    let start = (trials.completed.len() + trials.pending.len()) as u64;
    let mut next = start;
    while next < start + 100 {
        for number in [next, next + 1] {
            study.propose(proposal(number))?;
            study.start(number)?;
            study.measure(number, accuracy(1))?;
        }
        for number in [next + 1, next] {
            study.complete(trial(number))?;
        }
        next += 2;
        // A kill between two proposals leaves an odd number of trials.
        if next % 10 < 2 {
            study.sync()?;
            say(&next.to_string());
        }
    }
    Ok(())
}

/// Prints a line to the parent, past the test harness.
fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "child: {line}").expect("a parent that listens");
    out.flush().expect("a parent that listens");
}

fn start(dir: &Path, task: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "child", "--nocapture"])
        .env(DIR, dir)
        .env(TASK, task)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, out)
}

/// The next line that the child says.
fn hear(out: &mut BufReader<ChildStdout>) -> Option<String> {
    let mut line = String::new();
    while out.read_line(&mut line).expect("text") > 0 {
        // The harness may have begun the line.
        if line.ends_with('\n')
            && let Some((_, said)) = line.split_once("child: ")
        {
            return Some(said.trim().into());
        }
        line.clear();
    }
    None
}

/// Starts a child, waits until it says something, and kills it at once.
fn run_and_kill(dir: &Path, task: &str) {
    let (mut child, mut out) = start(dir, task);
    hear(&mut out).expect("a word");
    child.kill().expect("to kill");
    child.wait().expect("to wait");
}

#[test]
fn nothing_is_lost_or_doubled_by_kills() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Seed::new(1).child("kills").stream();
    let mut durable: usize = 0;
    for _ in 0..20 {
        let (mut child, mut out) = start(dir.path(), "search");
        // Some are killed while they still open the study, or before.
        for _ in 0..random.random_range(0..4) {
            durable = hear(&mut out).unwrap().parse().unwrap();
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..5_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        while let Some(said) = hear(&mut out) {
            durable = durable.max(said.parse::<usize>().unwrap());
        }
        let trials = match View::open(dir.path()) {
            Ok(view) => view.trials().unwrap(),
            Err(StudyError::Missing { .. }) if durable == 0 => continue,
            Err(error) => panic!("{error:?}"),
        };
        assert!(trials.completed.len() >= durable, "a durable trial is lost");
        assert!(trials.pending.len() <= 2);
        let mut numbers: Vec<u64> = trials.completed.iter().map(|trial| trial.number).collect();
        numbers.extend(trials.pending.iter().map(|pending| pending.proposal.number));
        numbers.sort_unstable();
        let count = numbers.len() as u64;
        assert!(
            numbers.into_iter().eq(0..count),
            "each number once, none left out"
        );
        for found in &trials.completed {
            assert_eq!(*found, trial(found.number));
        }
    }
    assert!(durable > 0, "no child came far enough to test anything");
}

#[test]
fn a_trial_of_too_many_deaths_has_crashed() {
    let dir = tempfile::tempdir().unwrap();
    for deaths in 1..DEATHS {
        run_and_kill(dir.path(), "run");
        assert!(View::open(dir.path()).unwrap().trials().unwrap().pending[0].running);
        let study = Study::open(dir.path()).unwrap();
        let pending = &study.view().unwrap().trials().unwrap().pending[0];
        assert_eq!((pending.running, pending.deaths), (false, deaths));
        assert_eq!(pending.suspicion(), Suspicion::AtStart);
    }
    run_and_kill(dir.path(), "run");
    let study = Study::open(dir.path()).unwrap();
    let trials = study.view().unwrap().trials().unwrap();
    assert_eq!(trials.pending.len(), 0);
    let message = format!("the process died {DEATHS} times while this trial ran");
    assert_eq!(trials.completed[0].outcome, Outcome::Crashed { message });
}

#[test]
fn a_trial_that_goes_on_is_not_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    run_and_kill(dir.path(), "run");
    run_and_kill(dir.path(), "step");
    let study = Study::open(dir.path()).unwrap();
    assert_eq!(study.view().unwrap().trials().unwrap().pending[0].deaths, 1);
    drop(study);
    // The same step again is no progress.
    for _ in 1..DEATHS {
        run_and_kill(dir.path(), "step");
    }
    let study = Study::open(dir.path()).unwrap();
    assert_eq!(study.view().unwrap().trials().unwrap().completed.len(), 1);
}

#[test]
fn a_trial_at_work_is_hardly_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    run_and_kill(dir.path(), "run");
    for deaths in 1..DEATHS_AT_WORK {
        run_and_kill(dir.path(), "work");
        let study = Study::open(dir.path()).unwrap();
        let pending = &study.view().unwrap().trials().unwrap().pending[0];
        assert_eq!((pending.deaths, pending.deaths_at_work), (1, deaths));
        let alone = pending.suspicion() == Suspicion::AtWork;
        assert_eq!(alone, deaths >= DEATHS_AT_WORK / 2);
    }
    run_and_kill(dir.path(), "work");
    let study = Study::open(dir.path()).unwrap();
    let trials = study.view().unwrap().trials().unwrap();
    let message = "the process died 7 times while this trial ran".to_owned();
    assert_eq!(trials.completed[0].outcome, Outcome::Crashed { message });
}

#[test]
fn one_process_writes_and_any_may_read() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, mut out) = start(dir.path(), "run");
    hear(&mut out).unwrap();
    match Study::open(dir.path()) {
        Err(StudyError::Locked { process, .. }) => assert_eq!(process, Some(child.id())),
        other => panic!("{other:?}"),
    }
    let trials = View::open(dir.path()).unwrap().trials().unwrap();
    assert_eq!(trials.pending[0].proposal, proposal(0));
    child.kill().unwrap();
    child.wait().unwrap();
    Study::open(dir.path()).expect("a lock that ended with its process");
}

//! Searches whose process dies, by a kill from outside or by one of their own
//! trials. The children are this same test binary, started on the test `child`.

use super::{Case, build, history, space, toy, uninterrupted};
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::random::Seed;
use netsmith::search::Event;
use netsmith::strategy;
use netsmith::study::{DEATHS, DEATHS_AT_WORK, View};
use netsmith::testing::Toy;
use netsmith::trial::Outcome;
use rand::RngExt;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Names the run directory and the strategy of a child, and when the [`Killer`]
/// brings it down.
const DIR: &str = "NETSMITH_TEST_DIR";
const STRATEGY: &str = "NETSMITH_TEST_STRATEGY";
const KILLER: &str = "NETSMITH_TEST_KILLER";

/// Brings the process down in trial 5, at once or at work; all else is a toy.
struct Killer {
    toy: Toy,
    at_work: bool,
}

impl Evaluator for Killer {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        if job.proposal.number == 5 {
            if self.at_work {
                watch.working();
            }
            // Long enough for what was reported to be written.
            std::thread::sleep(Duration::from_millis(40));
            std::process::exit(9);
        }
        self.toy.evaluate(job, watch)
    }

    fn repeatability(&self) -> Repeatability {
        self.toy.repeatability()
    }
}

/// A search that is killed; in an ordinary run of the tests, nothing.
///
/// It says when every trial that runs has come further than in any process
/// before: a trial that stands still through some deaths is held to be their
/// cause.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let dir = Path::new(&dir);
    let space = space();
    if let Ok(when) = std::env::var(KILLER) {
        let killer = Killer {
            toy: Toy {
                failures: 0.0,
                pause: Duration::from_millis(60),
            },
            at_work: when == "work",
        };
        let case = Case::new(dir, &space, 12);
        case.run(build("random").as_mut(), &killer, &mut |_| {})
            .unwrap();
        return;
    }
    let slow = Toy {
        pause: Duration::from_millis(20),
        ..toy()
    };
    let pending = View::open(dir).and_then(|view| view.trials());
    let pending = pending.map(|trials| trials.pending).unwrap_or_default();
    let reached = pending.iter().map(|pending| {
        let points = pending.curves.iter().flat_map(|curve| &curve.points);
        let last = points.map(|point| point.0).max();
        (pending.proposal.number, last.unwrap_or(0))
    });
    let reached: BTreeMap<u64, u64> = reached.collect();
    let (mut running, mut further) = (BTreeSet::new(), BTreeSet::new());
    let case = Case::new(dir, &space, 60);
    let mut strategy = build(&std::env::var(STRATEGY).unwrap());
    case.run(strategy.as_mut(), &slow, &mut |event| {
        match event {
            Event::Started(proposal) => drop(running.insert(proposal.number)),
            Event::Ended(trial) => drop(running.remove(&trial.number)),
            Event::Measured(number, measured) => {
                let before = reached.get(&number).copied().unwrap_or(0);
                if measured.iter().any(|measured| measured.step > before) {
                    further.insert(number);
                }
            }
            Event::Recalled(_) | Event::Tick => {}
        }
        if !running.is_empty() && running.is_subset(&further) {
            let mut out = std::io::stdout();
            writeln!(out, "child: further").expect("a parent that listens");
        }
    })
    .unwrap();
}

/// Kills a search at random times until it ends by itself; whether no trial was
/// held to be the cause.
fn kill_and_resume(dir: &Path, strategy: &str, seed: u64) -> bool {
    let mut random = Seed::new(seed).child("kills").stream();
    let mut kills = 0;
    loop {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "kills::child", "--nocapture"])
            .env(DIR, dir)
            .env(STRATEGY, strategy)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let mut said = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        if kills < 20 {
            let further = said.by_ref().map_while(Result::ok);
            let further = further.filter(|line| line.ends_with("child: further"));
            further.take(random.random_range(1..4)).for_each(drop);
            // Long enough for what was measured to be written.
            std::thread::sleep(Duration::from_millis(random.random_range(10..25)));
            child.kill().expect("to kill");
        }
        said.for_each(drop);
        let status = child.wait().expect("to wait");
        if status.success() {
            break;
        }
        assert!(kills < 20, "{status}");
        kills += 1;
    }
    assert!(kills > 5, "{kills}");
    let trials = View::open(dir).and_then(|view| view.trials());
    let trials = trials.expect("a study").completed;
    trials.iter().all(|trial| match &trial.outcome {
        Outcome::Crashed { message } => !message.starts_with("the process died"),
        _ => true,
    })
}

#[test]
fn a_killed_search_goes_on_to_the_same_history() {
    for entry in strategy::CATALOGUE {
        let whole = uninterrupted(entry.name, 1, 60);
        let unblamed = (0..10).find_map(|seed| {
            let dir = tempfile::tempdir().unwrap();
            kill_and_resume(dir.path(), entry.name, seed).then_some(dir)
        });
        let dir = unblamed.expect("one run of ten without a wrong suspicion");
        assert!(history(dir.path()) == whole, "{}", entry.name);
    }
}

#[test]
fn only_the_trial_that_kills_is_blamed() {
    for (when, most) in [("start", DEATHS), ("work", DEATHS_AT_WORK)] {
        let dir = tempfile::tempdir().unwrap();
        let mut deaths = 0;
        while {
            let child = Command::new(std::env::current_exe().expect("this test"))
                .args(["--exact", "kills::child"])
                .env(DIR, dir.path())
                .env(KILLER, when)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            !child.expect("a child").success()
        } {
            deaths += 1;
            assert!(deaths <= most, "{when}");
        }
        assert_eq!(deaths, most, "{when}");
        let trials = View::open(dir.path()).unwrap().trials().unwrap().completed;
        assert_eq!(trials.len(), 12);
        for trial in trials {
            let crashed = matches!(trial.outcome, Outcome::Crashed { .. });
            assert_eq!(crashed, trial.number == 5, "{when}: {trial:?}");
        }
    }
}

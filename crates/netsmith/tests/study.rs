//! A study on disk: what goes in comes out, once, and faults are named.

use std::path::Path;

use netsmith::cost::{self, Cost, Direction, Quantity, Unit};
use netsmith::study::{Checkpoint, FIRST_FINAL, FinalRun, Header, Role, Study, StudyError, View};
use netsmith::trial::{Curve, Fidelity, Measurement, Metric, Outcome, Proposal, Trial};
use proptest::prelude::*;

fn header() -> Header {
    Header::new("[search]\nseed = 7\n", u64::MAX, 1_767_225_600).with_version("rustc", "1.95.0")
}

fn proposal(number: u64) -> Proposal {
    Proposal {
        number,
        architecture: format!("depth={number}"),
        key: format!("{number:032x}"),
        fidelity: Fidelity::epochs(3).with_data(0.5),
        seed: u64::MAX - number,
        parent: number.checked_sub(1),
    }
}

fn accuracy(step: u64, value: f64) -> Measurement {
    Measurement {
        step,
        metric: Metric::validation_accuracy(),
        value,
    }
}

fn finished(number: u64) -> Trial {
    let mut trial = proposal(number).complete(Outcome::Finished);
    trial.metrics.set(Metric::validation_accuracy(), 0.75);
    Curve::record(&mut trial.curves, accuracy(1, 0.5));
    Curve::record(&mut trial.curves, accuracy(2, 0.75));
    trial
}

fn new_study(dir: &Path) -> Study {
    Study::create(dir, &header()).expect("a new study")
}

#[test]
fn a_study_is_one_file_once_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.complete(finished(0)).unwrap();
    study.close().unwrap();
    let mut names: Vec<_> = dir
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["study.db", "study.lock"]);
    let view = View::open(dir.path()).unwrap();
    assert_eq!(view.header().unwrap(), header());
    assert_eq!(view.trials().unwrap().completed, [finished(0)]);
}

#[test]
fn pending_trials_keep_what_they_have() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    for number in 0..3 {
        study.propose(proposal(number)).unwrap();
    }
    study.start(1).unwrap();
    study.measure(1, accuracy(1, 0.25)).unwrap();
    for step in 1..=2 {
        let file = format!("checkpoints/1-{step}.safetensors");
        study
            .checkpoint(Checkpoint {
                trial: 1,
                step,
                file,
                bytes: 10,
            })
            .unwrap();
    }
    study.complete(finished(0)).unwrap();
    study.start(2).unwrap();
    let trials = study.view().unwrap().trials().unwrap();
    assert_eq!(trials.completed, [finished(0)]);
    let [first, second] = &trials.pending[..] else {
        panic!("two pending")
    };
    assert_eq!(first.proposal, proposal(1));
    assert_eq!(first.curves[0].points, [(1, 0.25)]);
    assert_eq!(first.checkpoint.as_ref().unwrap().step, 2);
    assert!(first.running && second.running);

    study.forget_checkpoint(1, 2).unwrap();
    study.close().unwrap();
    let study = Study::open(dir.path()).unwrap();
    let view = study.view().unwrap();
    assert_eq!(view.checkpoints().unwrap().len(), 1);
    for pending in view.trials().unwrap().pending {
        assert_eq!(
            (pending.running, pending.deaths),
            (false, 0),
            "closing is no death"
        );
    }
}

#[test]
fn a_trial_completes_once() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.complete(finished(0)).unwrap();
    study.complete(finished(1)).unwrap();
    let mut again = finished(0);
    again.seconds = 9.0;
    study.complete(again).unwrap();
    assert!(matches!(
        study.sync(),
        Err(StudyError::CompletedTwice { number: 0 })
    ));
    assert!(matches!(study.sync(), Err(StudyError::Closed)));
    drop(study);
    let trials = View::open(dir.path()).unwrap().trials().unwrap();
    assert_eq!(trials.completed, [finished(0), finished(1)]);
}

#[test]
fn a_proposal_may_come_again_but_not_change() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.propose(proposal(4)).unwrap();
    study.propose(proposal(4)).unwrap();
    study.sync().unwrap();
    let mut other = proposal(4);
    other.architecture = "depth=9".into();
    study.propose(other).unwrap();
    let error = study.sync().unwrap_err();
    assert_eq!(
        error.to_string(),
        "trial 4 is `depth=4 epochs=3,data=0.5 seed=18446744073709551611` in the study but \
         `depth=9 epochs=3,data=0.5 seed=18446744073709551611` was proposed: \
         a resumed search must propose the same"
    );
}

#[test]
fn unknown_trials_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.start(3).unwrap();
    assert!(matches!(
        study.sync(),
        Err(StudyError::UnknownTrial { number: 3 })
    ));
}

#[test]
fn final_runs_are_apart() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.complete(finished(0)).unwrap();
    for (offset, role) in Role::ALL.into_iter().enumerate() {
        let trial = proposal(FIRST_FINAL + offset as u64);
        study
            .propose_final(FinalRun {
                role,
                name: role.name().into(),
                trial,
            })
            .unwrap();
    }
    study.complete(finished(FIRST_FINAL)).unwrap();
    let trials = study.view().unwrap().trials().unwrap();
    assert_eq!((trials.completed.len(), trials.pending.len()), (1, 0));
    let [run] = &trials.finals[..] else {
        panic!("one final run")
    };
    assert_eq!(
        (run.role, &*run.name, run.trial.number),
        (Role::Candidate, "candidate", FIRST_FINAL)
    );
    let roles: Vec<_> = trials.pending_finals.iter().map(|run| run.role).collect();
    assert_eq!(roles, [Role::Reseed, Role::Baseline, Role::Random]);
}

#[test]
fn measurements_are_taken_once() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    let speed = |study: &Study| {
        study
            .recorded("speed", || unreachable!())
            .unwrap()
            .to_bits()
    };
    let once = study.recorded("speed", || 1.5).unwrap().to_bits();
    assert_eq!(speed(&study), once);
    study.close().unwrap();
    assert_eq!(speed(&Study::open(dir.path()).unwrap()), once);
    let recorded = View::open(dir.path()).unwrap().recorded().unwrap();
    assert_eq!(recorded["speed"].to_bits(), once);
}

#[test]
fn entries_are_bytes_under_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    study.put("state", [1, 2]).unwrap();
    study.put("state", [3]).unwrap();
    study.put_for(0, "state", *b"trial").unwrap();
    let view = study.view().unwrap();
    assert_eq!(view.entry("state").unwrap(), Some(vec![3]));
    assert_eq!(
        view.trial_entry(0, "state").unwrap(),
        Some(b"trial".to_vec())
    );
    assert_eq!(view.trial_entry(1, "state").unwrap(), None);
    let error = study.put("state", vec![0; (32 << 20) + 1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "entry of 33554433 bytes: at most 33554432 bytes fit a study"
    );
}

#[test]
fn one_directory_holds_one_study() {
    let dir = tempfile::tempdir().unwrap();
    let study = new_study(dir.path());
    assert!(matches!(
        Study::create(dir.path(), &header()),
        Err(StudyError::Locked { .. })
    ));
    drop(study);
    assert!(matches!(
        Study::create(dir.path(), &header()),
        Err(StudyError::Exists { .. })
    ));
    let error = Study::open(&dir.path().join("nowhere")).unwrap_err();
    assert!(matches!(error, StudyError::Missing { .. }));
    assert!(error.hint().is_some());
}

#[test]
fn a_draft_that_was_left_behind_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("study.db.new"), "half").unwrap();
    new_study(dir.path()).close().unwrap();
    assert!(!dir.path().join("study.db.new").exists());
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("a NaN differs from itself", |value| !value.is_nan()),
        Just(0.0),
        Just(-0.0),
        Just(f64::INFINITY),
    ]
}

fn any_metric() -> impl Strategy<Value = Metric> {
    let unit = prop::sample::select(vec![
        Unit::Parameters,
        Unit::Macs,
        Unit::Bytes,
        Unit::Milliseconds,
        Unit::Seconds,
        Unit::Fraction,
        Unit::Target,
        Unit::Plain,
    ]);
    let direction = prop::sample::select(vec![Direction::Minimize, Direction::Maximize]);
    ("[a-d]{1,2}", unit, direction)
        .prop_map(|(name, unit, direction)| Metric::new(&name, unit, direction))
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Finished),
        Just(Outcome::Stopped),
        any::<String>().prop_map(|reason| Outcome::Diverged { reason }),
        any::<(u64, u64)>()
            .prop_map(|(needed, available)| Outcome::OutOfMemory { needed, available }),
        (any::<String>(), number(), number()).prop_map(|(what, value, limit)| {
            let quantity = |value| Quantity::new(value, Unit::Macs);
            Outcome::OverLimit {
                what,
                value: quantity(value),
                limit: quantity(limit),
            }
        }),
        any::<String>().prop_map(|message| Outcome::Crashed { message }),
        any::<u16>().prop_map(|steps| Outcome::CutShort {
            steps: u64::from(steps)
        }),
        number().prop_map(|limit_seconds| Outcome::TimedOut { limit_seconds }),
    ]
}

prop_compose! {
    fn any_trial()(
        (architecture, key, seed, epochs) in any::<(String, String, u64, u32)>(),
        data in 1e-9..=1.0,
        (parent, duplicate_of) in any::<(Option<u32>, Option<u32>)>(),
        outcome in any_outcome(),
        metrics in prop::collection::vec((any_metric(), number()), 0..4),
        points in prop::collection::vec((any_metric(), 0..9u64, number()), 0..9),
        // Counts are exact up to 2^53.
        counts in prop::collection::vec(prop::option::of(0..=1_u64 << 53), cost::COUNT),
        measured in prop::option::of(number()),
        (seconds, ended) in (number(), number()),
    ) -> Trial {
        let fidelity = Fidelity { epochs, data };
        let parent = parent.map(u64::from);
        let proposal = Proposal { number: 0, architecture, key, fidelity, seed, parent };
        let mut trial = proposal.complete(outcome);
        trial.duplicate_of = duplicate_of.map(u64::from);
        for (metric, value) in metrics {
            trial.metrics.set(metric, value);
        }
        for (metric, step, value) in points {
            Curve::record(&mut trial.curves, Measurement { step, metric, value });
        }
        for (cost, count) in Cost::all().zip(counts) {
            let count = count.map(|count| count as f64);
            trial.costs.set(cost, if cost.is_measured() { measured } else { count });
        }
        trial.seconds = seconds;
        trial.ended = ended;
        trial
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn trials_round_trip(trials in prop::collection::vec(any_trial(), 1..20)) {
        let dir = tempfile::tempdir().unwrap();
        let study = new_study(dir.path());
        let trials: Vec<Trial> = trials
            .into_iter()
            .enumerate()
            .map(|(number, trial)| Trial { number: number as u64, ..trial })
            .collect();
        // Trials end in any order and are read by number.
        for trial in trials.iter().rev() {
            study.complete(trial.clone()).unwrap();
        }
        study.close().unwrap();
        let read = View::open(dir.path()).unwrap().trials().unwrap().completed;
        let bits = |trials: &[Trial]| format!("{trials:?}");
        prop_assert_eq!(bits(&read), bits(&trials));
    }
}

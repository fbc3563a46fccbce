//! Whole runs on the digits, interrupted and gone on with.

use super::*;
use netsmith::cost::{LATENCY, MACS};
use netsmith::space::Excess;

#[test]
fn a_phase_keeps_its_share_of_the_time() {
    for (elapsed, left) in [(0.0, 40.0), (20.0, 20.0), (39.0, 10.0), (400.0, 10.0)] {
        assert!((left_of(40.0, elapsed) - left).abs() < 1e-9);
    }
}

#[test]
fn a_run_interrupted_after_its_search_does_not_search_again() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let config = Config {
        seconds: None,
        trials: Some(2),
        verify: Some(0.0),
        run: Some(dir.clone()),
        ..Config::default()
    };
    let interrupt = AtomicBool::new(false);
    let mut phases = Vec::new();
    let end = run(&config, &interrupt, &mut |progress| {
        if let Progress::Phase { what, .. } = progress {
            let searching = what.starts_with("searching");
            interrupt.store(!searching, Ordering::Relaxed);
        }
    });
    assert!(end.unwrap().interrupted);
    interrupt.store(false, Ordering::Relaxed);
    let end = resume(&dir, &interrupt, &mut |progress| {
        if let Progress::Phase { what, .. } = progress {
            phases.push(what);
        }
    });
    assert!(!end.unwrap().interrupted);
    assert_eq!(phases.len(), 1, "{phases:?}");
    assert!(phases[0].starts_with("training"), "{phases:?}");
}

/// The error of a run that is refused before it has a folder.
fn refused(config: Config) -> PipelineError {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let config = Config {
        run: Some(dir.clone()),
        ..config
    };
    let error = run(&config, &AtomicBool::new(false), &mut |_| ()).unwrap_err();
    assert!(!dir.exists());
    error
}

#[test]
fn scores_are_refused_where_they_would_do_nothing() {
    let assisted = |strategy: &str, setting: Option<&str>| Config {
        strategy: strategy.to_owned(),
        strategy_settings: setting
            .into_iter()
            .map(|value| ("scores".to_owned(), value.to_owned()))
            .collect(),
        assist: vec!["naswot".to_owned()],
        ..Config::default()
    };
    for (strategy, setting) in [
        ("random", None),
        ("bananas", None),
        ("auto", Some("no")),
        ("hyperband", None),
    ] {
        let error = refused(assisted(strategy, setting));
        assert_eq!(
            error.to_string(),
            format!("assist: strategy `{strategy}` does not choose by training-free scores")
        );
        assert!(error.hint().is_some());
    }
    for (strategy, setting) in [("auto", None), ("bananas", Some("yes"))] {
        let prepared = prepare(&assisted(strategy, setting)).unwrap();
        assert_eq!(prepared.steering, ["naswot"], "{strategy}");
    }
}

/// A filter would drop what a ladder means to promote, and candidates of a supernet.
#[test]
fn a_filter_is_refused_where_every_proposal_counts() {
    for strategy in [
        "hyperband",
        "asha",
        "bohb",
        "successive-halving",
        "gdas",
        "enas",
    ] {
        let error = refused(Config {
            strategy: strategy.to_owned(),
            filter: Some("naswot".to_owned()),
            ..Config::default()
        });
        assert_eq!(
            error.to_string(),
            format!("filter is `naswot`: `{strategy}` trains all that it proposes")
        );
    }
}

#[test]
fn a_search_without_a_result_hands_over_the_smallest_network() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let config = Config {
        // No trial keeps this limit.
        limits: Config::default().limits.with(LATENCY, 1e-9),
        seconds: None,
        trials: Some(2),
        verify: Some(0.0),
        run: Some(dir.clone()),
        ..Config::default()
    };
    let never = AtomicBool::new(false);
    let mut end = run(&config, &never, &mut |_| ()).unwrap();
    for _ in 0..2 {
        let Summary {
            best,
            notes,
            verdict,
            exceeded,
            ..
        } = &end.summary;
        assert!(
            matches!(exceeded[..], [Excess { cost: LATENCY, .. }]),
            "{exceeded:?}"
        );
        let best = best.as_ref().unwrap();
        assert_eq!(best.trial, None);
        assert!(best.test.is_some_and(|accuracy| accuracy > 0.5), "{best:?}");
        let said = |note: &String| note.starts_with("No trial of the search gave a result");
        assert!(notes.iter().any(said), "{notes:?}");
        assert_eq!(verdict[..], ["Not verified: it was switched off."]);
        end = resume(&dir, &never, &mut |_| ()).unwrap();
    }
    assert!(dir.join(BEST).join("model.onnx").is_file());
}

#[test]
fn a_limit_that_cannot_be_kept_leaves_no_run() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let config = Config {
        limits: Config::default().limits.with(MACS, 3.0),
        run: Some(dir.clone()),
        ..Config::default()
    };
    let error = run(&config, &AtomicBool::new(false), &mut |_| ()).unwrap_err();
    assert!(matches!(error, PipelineError::Infeasible(_)), "{error}");
    assert!(!dir.exists());
}

/// A run of so many trials with the two rounds of full trainings; interrupted where the
/// phase begins that says this.
fn interrupted_at(dir: &Path, phase: &str) {
    let config = Config {
        seconds: Some(60.0),
        trials: Some(3),
        limits: Config::default().limits.with(MACS, 25_000.0),
        minimize: vec!["latency".into(), "parameters".into()],
        verify: Some(0.0),
        run: Some(dir.to_path_buf()),
        ..Config::default()
    };
    let interrupt = AtomicBool::new(false);
    let end = run(&config, &interrupt, &mut |progress| {
        if let Progress::Phase { what, .. } = progress
            && what.contains(phase)
        {
            interrupt.store(true, Ordering::Relaxed);
        }
    });
    assert!(end.unwrap().interrupted);
}

#[test]
fn the_best_are_trained_again_and_a_resume_goes_on_with_the_same_ones() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    interrupted_at(&dir, "of them again");
    let finals = |dir: &Path| View::open(dir).unwrap().trials().unwrap().finals;
    let first = finals(&dir);
    let plan = |dir: &Path| View::open(dir).unwrap().entry("longer-trainings");
    let planned = plan(&dir).unwrap();
    assert!(planned.is_some());
    let never = AtomicBool::new(false);
    let mut phases = Vec::new();
    let end = resume(&dir, &never, &mut |progress| {
        if let Progress::Phase { what, .. } = progress {
            phases.push(what);
        }
    });
    let summary = end.unwrap().summary;
    assert_eq!(plan(&dir).unwrap(), planned);
    assert!(
        phases.iter().any(|phase| phase.contains("of them again")),
        "{phases:?}"
    );
    // The first round was not repeated.
    assert_eq!(finals(&dir)[..first.len()], first[..]);
    let mut longer = summary.finalists.iter().filter(|own| own.longer.is_some());
    let own = longer.next().unwrap();
    let longer = own.longer.as_ref().unwrap();
    let epochs = first.iter().map(|run| run.trial.fidelity.epochs).max();
    assert!(Some(longer.epochs) > epochs, "{own:?}");
    // The better of all trainings is handed over.
    let values = summary.finalists.iter().flat_map(|own| {
        let longer = own.longer.as_ref().map(|longer| longer.validation);
        [Some(own.validation), longer]
    });
    let best = values.flatten().fold(f64::NAN, f64::max);
    let handed = summary.best.as_ref().unwrap();
    assert!((handed.validation - best).abs() < 1e-12, "{summary:?}");
    assert!(handed.test.is_some_and(|accuracy| accuracy > 0.5));
    // What `--trial` takes is the better training of each.
    let view = View::open(&dir).unwrap();
    for record in finalist_records(&view).unwrap() {
        let own = summary
            .finalists
            .iter()
            .find(|own| own.trial == record.trial)
            .unwrap();
        let longer = own.longer.as_ref().map(|longer| longer.validation);
        let better = own.validation.max(longer.unwrap_or(f64::NEG_INFINITY));
        assert!((record.validation - better).abs() < 1e-12, "{own:?}");
        assert_eq!(record.latency_ms, own.costs.value(LATENCY));
    }
    // Read again, it is the same to the bit.
    let again = resume(&dir, &never, &mut |_| ()).unwrap().summary;
    assert_eq!(again.finalists, summary.finalists);
    assert_eq!(again.best, summary.best);
}

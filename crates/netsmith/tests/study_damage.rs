//! Files that are no studies, not whole, or of another version: an error that
//! says so, and not a byte changed.

use std::fs;
use std::path::Path;

use netsmith::random::Seed;
use netsmith::study::{Header, Study, StudyError, View};
use netsmith::trial::{Curve, Fidelity, Measurement, Metric, Outcome, Proposal};
use rand::RngExt;

/// A closed study of 300 trials, and its bytes.
fn study() -> (tempfile::TempDir, Vec<u8>) {
    let dir = tempfile::tempdir().expect("a directory");
    let study = Study::create(dir.path(), &Header::new("a = 1", 1, 0)).expect("a study");
    for number in 0..300 {
        let proposal = Proposal {
            number,
            architecture: format!("depth={number}"),
            key: format!("{number:032x}"),
            fidelity: Fidelity::epochs(2),
            seed: number,
            parent: None,
        };
        let mut trial = proposal.complete(Outcome::Finished);
        let metric = Metric::validation_accuracy();
        trial.metrics.set(metric.clone(), 0.5);
        Curve::record(
            &mut trial.curves,
            Measurement {
                step: 1,
                metric,
                value: 0.5,
            },
        );
        study.complete(trial).expect("room");
    }
    study.close().expect("room");
    let bytes = fs::read(dir.path().join("study.db")).expect("the file");
    (dir, bytes)
}

/// Reads everything of a study.
fn read(dir: &Path) -> Result<(), StudyError> {
    let view = View::open(dir)?;
    view.header()?;
    view.trials()?;
    view.recorded()?;
    view.checkpoints().map(|_| ())
}

#[test]
fn a_truncated_file_is_named() {
    let (dir, bytes) = study();
    let path = dir.path().join("study.db");
    for length in [
        0,
        1,
        99,
        100,
        512,
        4096,
        8192,
        bytes.len() / 2,
        bytes.len() - 1,
    ] {
        fs::write(&path, &bytes[..length]).unwrap();
        let error = read(dir.path()).unwrap_err();
        let named = matches!(
            error,
            StudyError::Damaged { .. } | StudyError::NotAStudy { .. }
        );
        assert!(named, "{length} bytes: {error:?}");
        assert!(error.hint().is_some());
        assert!(Study::open(dir.path()).is_err());
        assert_eq!(
            fs::read(&path).unwrap(),
            bytes[..length],
            "nothing is destroyed"
        );
    }
}

#[test]
fn nothing_is_written_to_a_damaged_file() {
    let (dir, bytes) = study();
    let path = dir.path().join("study.db");
    for page in 1..bytes.len() / 4096 {
        let mut damaged = bytes.clone();
        damaged[page * 4096..][..64].fill(0xff);
        fs::write(&path, &damaged).unwrap();
        let error = Study::open(dir.path()).unwrap_err();
        assert!(
            matches!(error, StudyError::Damaged { .. }),
            "page {page}: {error:?}"
        );
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
}

#[test]
fn flipped_bits_never_panic() {
    let (dir, bytes) = study();
    let path = dir.path().join("study.db");
    let mut random = Seed::new(1).child("bits").stream();
    let mut refused = 0;
    for round in 0..400 {
        let mut damaged = bytes.clone();
        // The first page holds the marks and the tables, so half go there.
        let end = if round % 2 == 0 { 4096 } else { bytes.len() };
        for _ in 0..4 {
            damaged[random.random_range(0..end)] ^= 1 << random.random_range(0..8);
        }
        fs::write(&path, &damaged).unwrap();
        if let Err(error) = read(dir.path()) {
            refused += 1;
            let named = matches!(
                error,
                StudyError::Damaged { .. }
                    | StudyError::NotAStudy { .. }
                    | StudyError::Format { .. }
                    | StudyError::Database { .. }
            );
            assert!(named, "{error:?}");
        }
        assert_eq!(fs::read(&path).unwrap(), damaged, "reading changes nothing");
    }
    assert!(refused > 100, "only {refused} damaged files were refused");
}

#[test]
fn other_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.db");
    let check = |what: &str| {
        let before = fs::read(&path).unwrap();
        for error in [
            Study::open(dir.path()).unwrap_err(),
            read(dir.path()).unwrap_err(),
        ] {
            assert!(
                matches!(error, StudyError::NotAStudy { .. }),
                "{what}: {error:?}"
            );
        }
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(!dir.path().join("study.lock").exists());
    };
    fs::write(&path, "parameters,accuracy\n".repeat(500)).unwrap();
    check("a text");
    fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE trials (id INTEGER)")
        .unwrap();
    drop(other);
    check("another database");
}

#[test]
fn another_format_is_named() {
    let (dir, _) = study();
    let path = dir.path().join("study.db");
    let set = |format: i64| {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "user_version", format)
            .unwrap();
    };
    set(7);
    let before = fs::read(&path).unwrap();
    let error = Study::open(dir.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "study `{}` has format 7, this build reads 1 and writes 1",
            path.display()
        )
    );
    let hint = "it was written by a newer netsmith; use that version";
    assert_eq!(error.hint().as_deref(), Some(hint));
    assert!(matches!(
        read(dir.path()),
        Err(StudyError::Format { found: 7, .. })
    ));
    assert_eq!(fs::read(&path).unwrap(), before);
    set(0);
    assert!(matches!(
        read(dir.path()),
        Err(StudyError::Format { found: 0, .. })
    ));
}

#[test]
fn rows_that_break_the_rules_are_named() {
    let check = |change: &str, finding: &str| {
        let (dir, _) = study();
        let path = dir.path().join("study.db");
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let error = read(dir.path()).unwrap_err();
        let expected = format!("study `{}` is damaged: {finding}", path.display());
        assert_eq!(error.to_string(), expected);
    };
    check(
        "UPDATE trial SET state = 'done' WHERE number = 7",
        "table `trial`, row 7: its state must be a known word",
    );
    check(
        "DELETE FROM trial WHERE number = 9",
        "table `result`, row 9: must belong to a trial",
    );
    check(
        "UPDATE metric SET unit = 'parsecs'",
        "table `metric`, row 1: must have a known unit",
    );
    check(
        "DELETE FROM meta WHERE name = 'seed'",
        "table `meta`, row seed: must be there",
    );
    check(
        "CREATE TRIGGER t AFTER INSERT ON trial BEGIN DELETE FROM trial; END",
        "table `sqlite_schema`, row all: must be the tables of this format",
    );
    check(
        "UPDATE trial SET epochs = -1 WHERE number = 3",
        "Integer -1 out of range at index 4",
    );
}

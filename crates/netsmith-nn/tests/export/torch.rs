//! `model.py` is what the golden folder holds, which PyTorch has checked
//! (`cargo xtask torch`), and it is valid Python.

use std::fs;
use std::path::{Path, PathBuf};

use netsmith_nn::export;

use crate::cases::{self, Case};
use crate::{oracle, python};

const SAMPLES: usize = 4;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/golden")
}

/// The networks of the golden folder.
fn golden_cases() -> [Case; 3] {
    let [.., table] = <[Case; 4]>::try_from(cases::tables()).expect("there are four");
    [cases::every_operation(), cases::sequences(), table]
}

#[test]
fn golden_models_are_up_to_date() {
    // `cargo xtask bless` accepts what is written now.
    let bless = std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always");
    for case in golden_cases() {
        let folder = golden().join(&case.name);
        let check = |name: &str, bytes: Vec<u8>| {
            let path = folder.join(name);
            if bless {
                fs::create_dir_all(&folder).expect("a folder can be made");
                fs::write(&path, &bytes).expect("a file can be written");
            }
            let known = fs::read(&path).unwrap_or_default();
            assert!(
                known == bytes,
                "{} differs: `cargo xtask bless`",
                path.display()
            );
        };
        let trained = case.trained();
        check(
            "model.py",
            export::torch(&trained)
                .expect("it can be exported")
                .into_bytes(),
        );
        check(
            "model.safetensors",
            export::safetensors(&trained).expect("it can be exported"),
        );
        let samples = case.samples(SAMPLES);
        check(
            "samples.npy",
            npy(&samples, &case.contract.modality.raw_shape()),
        );
        let answers: Vec<f32> = oracle::answers(&case, &samples)
            .iter()
            .map(|&answer| answer as f32)
            .collect();
        check("answers.npy", npy(&answers, &[answers.len() / SAMPLES]));
    }
}

#[test]
fn every_model_is_valid_python() {
    let Some(interpreter) = python::interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for case in &cases::all() {
        let text = export::torch(&case.trained()).expect("it can be exported");
        let path = folder.path().join(format!("{}.py", case.name));
        fs::write(path, text).expect("a file can be written");
    }
    python::run(&interpreter, "check_python.py", folder.path());
}

/// A batch of samples of the shape `dims` as NumPy stores it.
fn npy(values: &[f32], dims: &[usize]) -> Vec<u8> {
    let dims: Vec<String> = dims.iter().map(usize::to_string).collect();
    let header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({SAMPLES}, {}), }}",
        dims.join(", ")
    );
    // The values start at a multiple of 64, and the header ends a line.
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

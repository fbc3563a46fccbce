//! ONNX Runtime from within: a wrong library is an error, the right one gives
//! the answers of the formulas.

use std::path::Path;

use netsmith_nn::cost::{Effort, OnnxRuntime, OnnxRuntimeError};
use netsmith_nn::export;

use crate::{cases, oracle};

/// One test for all: a process loads one library only, so the order counts.
#[test]
fn a_wrong_library_is_an_error_and_the_right_one_answers() {
    let nowhere = Path::new("/nowhere/libonnxruntime.so");
    let error = OnnxRuntime::load(nowhere).expect_err("it is not there");
    assert!(matches!(&error, OnnxRuntimeError::Load { path, .. } if path == nowhere));
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("ORT_DYLIB_PATH"))
    );

    let runtime = match OnnxRuntime::find() {
        Ok(runtime) => runtime,
        Err(OnnxRuntimeError::NotFound) => {
            eprintln!("skipped: there is no ONNX Runtime; `cargo xtask check` prepares it");
            return;
        }
        Err(error) => panic!("{error:?}"),
    };
    assert!(runtime.version().starts_with("1."), "{runtime:?}");
    let damaged = runtime.session(b"no network", 1);
    assert!(matches!(damaged, Err(OnnxRuntimeError::Model { .. })));

    let case = cases::residual_network();
    let model = export::onnx(&case.trained()).expect("it can be exported");
    let mut session = runtime.session(&model, 1).expect("it is understood");
    let samples = case.samples(4);
    let answers = session.run(&samples, &[4, 3, 16, 16]).expect("it runs");
    let expected = oracle::answers(&case, &samples);
    assert_eq!(answers.len(), expected.len());
    for (answer, expected) in answers.iter().zip(expected) {
        assert!((f64::from(*answer) - expected).abs() < 1e-5);
    }
    let misshapen = session.run(&samples, &[4, 3, 16, 15]);
    assert!(matches!(misshapen, Err(OnnxRuntimeError::Run { .. })));

    let effort = Effort {
        runs: 10,
        ..Effort::default()
    };
    let latency = session.latency(&samples[..768], &[1, 3, 16, 16], &effort);
    let latency = latency.expect("it runs");
    assert!(latency.runs >= 10 && latency.median_ms > 0.0);
    assert_eq!(
        latency.runtime,
        format!("onnxruntime {}", runtime.version())
    );
}

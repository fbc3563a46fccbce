//! Exported ONNX files pass ONNX's own checker, and ONNX Runtime answers with
//! them what the formulas of the operations say.

use std::fs;

use netsmith_nn::export;
use serde_json::json;

use crate::cases::{self, Case};
use crate::{oracle, python};

#[test]
fn every_operation_and_whole_networks() {
    let Some(interpreter) = python::interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for case in &cases::all() {
        let model = export::onnx(&case.trained()).unwrap_or_else(|e| panic!("{}: {e}", case.name));
        let path = folder.path().join(&case.name);
        fs::write(path.with_extension("onnx"), model).expect("a file can be written");
        fs::write(path.with_extension("json"), description(case)).expect("a file can be written");
    }
    python::run(&interpreter, "check_onnx.py", folder.path());
}

/// What the Python script compares the file with.
fn description(case: &Case) -> String {
    const SAMPLES: usize = 5;
    let input = case.samples(SAMPLES);
    let mut shape = vec![SAMPLES];
    shape.extend(case.contract.modality.raw_shape());
    let missing_as_null: Vec<Option<f32>> =
        input.iter().map(|&x| (!x.is_nan()).then_some(x)).collect();
    let mut metadata = case.provenance.clone();
    if case.target.is_none() {
        let classes = case.contract.task.strata_names();
        metadata.insert("classes".into(), json!(classes).to_string());
    }
    json!({
        "output": if case.target.is_some() { "value" } else { "probabilities" },
        "shape": shape,
        "input": missing_as_null,
        "expected": oracle::answers(case, &input),
        "metadata": metadata,
    })
    .to_string()
}

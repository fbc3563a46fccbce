//! Netsmith's own inference gives what the formulas of the operations say, and
//! so what the exported files answer: they are held against the same formulas.

use netsmith_nn::module::{Kernels, Module, Weights};

use crate::cases::{self, Case};
use crate::oracle;

#[test]
fn both_kernels_agree_with_the_formulas() {
    for case in &cases::all() {
        let samples = case.samples(3);
        let expected = oracle::answers(case, &samples);
        for kernels in [Kernels::Fused, Kernels::Burn] {
            let answers = own(case, kernels, &samples);
            assert_eq!(answers.len(), expected.len(), "{}", case.name);
            for (answer, expected) in answers.iter().zip(&expected) {
                let apart = (answer - expected).abs() / expected.abs().max(1.0);
                assert!(apart <= 1e-5, "{}, {kernels:?}: {apart} apart", case.name);
            }
        }
    }
}

/// Probabilities, or the value in the target's unit.
fn own(case: &Case, kernels: Kernels, samples: &[f32]) -> Vec<f64> {
    let input = case.contract.inputs(samples).remove(0);
    let mut module = Module::new(&case.network, kernels).expect("it can be trained");
    let weights = Weights(case.weights.clone());
    let answers = module.infer(&weights, &input);
    let answers: Vec<f64> = answers.into_iter().map(f64::from).collect();
    match case.target {
        Some(scale) => {
            let value = |x: &f64| x * f64::from(scale.std) + f64::from(scale.mean);
            answers.iter().map(value).collect()
        }
        None => {
            let rows = answers.chunks(case.contract.outputs());
            rows.flat_map(|row| oracle::softmax(row.to_vec())).collect()
        }
    }
}

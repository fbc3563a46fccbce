//! Weights survive the way into a file and back, and nothing else is taken
//! for them.

use netsmith::cost::Cost;
use netsmith::network::Shape;
use netsmith_nn::data::Contract;
use netsmith_nn::export::{self, ExportError, TrainedNetwork, WeightsError};
use proptest::prelude::*;
use safetensors::SafeTensors;

use crate::cases;

#[test]
fn weights_come_back_and_others_can_read_them() {
    let case = cases::residual_network();
    let bytes = export::safetensors(&case.trained()).expect("it can be exported");
    let weights = export::read_safetensors(&case.network, &bytes);
    assert_eq!(weights.expect("it was just written"), case.weights);
    let (_, header) = SafeTensors::read_metadata(&bytes).expect("it is a safetensors file");
    let metadata = header.metadata().as_ref().expect("it has metadata");
    assert_eq!(metadata["run"], "runs/made-up");
    assert_eq!(metadata["classes"], r#"["class 0","class 1","class 2"]"#);
    // The values must start at a multiple of their size.
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    assert_eq!(header % 8, 0);
    // What stands behind the header is what the cost counts.
    let size = Cost::named("size").expect("it is a cost");
    let payload = (bytes.len() - 8) as u64 - header;
    assert_eq!(size.count(&case.network), Some(payload));
}

#[test]
fn a_file_of_another_network_is_refused() {
    let (case, other) = (cases::residual_network(), cases::every_operation());
    let bytes = export::safetensors(&other.trained()).expect("it can be exported");
    let error = export::read_safetensors(&case.network, &bytes).expect_err("it is another one");
    assert!(matches!(
        error,
        WeightsError::Missing { .. } | WeightsError::Shape { .. }
    ));
    let (small, large) = (&cases::tables()[0], &cases::tables()[1]);
    let bytes = export::safetensors(&large.trained()).expect("it can be exported");
    let error = export::read_safetensors(&small.network, &bytes).expect_err("it is another one");
    assert!(matches!(error, WeightsError::Shape { .. }), "{error}");
}

#[test]
fn what_does_not_fit_together_is_not_exported() {
    let case = cases::residual_network();
    let check = |trained: TrainedNetwork<'_>| export::onnx(&trained).expect_err("it must not");
    let few = check(TrainedNetwork {
        weights: &case.weights[1..],
        ..case.trained()
    });
    assert!(matches!(few, ExportError::WeightCount { .. }));
    let mut weights = case.weights.clone();
    weights[0].pop();
    let short = check(TrainedNetwork {
        weights: &weights,
        ..case.trained()
    });
    assert!(matches!(short, ExportError::WeightSize { .. }));
    weights[0].push(f32::NAN);
    let diverged = check(TrainedNetwork {
        weights: &weights,
        ..case.trained()
    });
    assert_eq!(
        diverged.to_string(),
        "weight `stage.convolution.weight` holds a value that is not finite: the network has \
         diverged"
    );
    let table = &cases::tables()[0];
    let trained = TrainedNetwork {
        contract: &table.contract,
        ..case.trained()
    };
    assert!(matches!(check(trained), ExportError::InputShape { .. }));
    let regression = Contract {
        task: cases::tables()[1].contract.task.clone(),
        ..case.contract.clone()
    };
    let trained = TrainedNetwork {
        contract: &regression,
        ..case.trained()
    };
    let one = Shape::vector(1);
    let error = check(trained);
    assert!(matches!(error, ExportError::AnswerShape { expected, .. } if expected == one));
}

proptest! {
    /// Whatever is cut off or changed in the head of a file: an error or the
    /// right number of values, never a panic.
    #[test]
    fn damaged_files_are_errors(cut in 0_usize..2_000, at in 0_usize..600, byte: u8) {
        let case = &cases::tables()[0];
        let mut bytes = export::safetensors(&case.trained()).expect("it can be exported");
        let end = bytes.len().saturating_sub(cut);
        bytes.truncate(end);
        if let Some(place) = bytes.get_mut(at) {
            *place = byte;
        }
        if let Ok(weights) = export::read_safetensors(&case.network, &bytes) {
            prop_assert_eq!(weights.len(), case.weights.len());
        }
    }
}

//! A trained network as an ONNX file.
//!
//! IR version 8, operator set 17, so that runtimes of several years read it.
//! The file takes `input`, a batch of raw samples (32-bit floats, `[batch,
//! channels, height, width]` or `[batch, columns]`, where NaN is a missing
//! cell and categories are their codes), and gives
//!
//! - `probabilities`, `[batch, classes]`, in a classification;
//! - `value`, `[batch, 1]` in the target's own unit, in a regression.
//!
//! It is the network of inference: batch norm uses its running statistics and
//! is merged into the convolution or linear layer before it where no other
//! node reads that layer; dropout and drop-path are left out.

mod fold;
mod graph;
mod schema;
mod site;
mod window;

pub(super) use schema::{AttributeProto, BOOL, INT64};
pub(super) use site::Site;
pub(super) use window::{undilated_window, window};

use prost::Message;

use self::fold::Folds;
pub use self::graph::Graph;
use self::schema::{ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::exported::exported;
use super::metadata::metadata;
use super::{ExportError, TrainedNetwork};

/// Version of the file's structure.
const IR_VERSION: i64 = 8;
/// Version of the operators.
const OPSET: i64 = 17;
/// The name of the raw samples.
const INPUT: &str = "input";

/// The bytes of an ONNX file.
///
/// # Shapes
/// `input` is `[batch, raw shape]`; the output is `[batch, classes]` or
/// `[batch, 1]`; `batch` is symbolic.
///
/// # Errors
/// The parts do not fit together, or an operation has no ONNX form.
pub fn onnx(trained: &TrainedNetwork<'_>) -> Result<Vec<u8>, ExportError> {
    trained.check()?;
    let mut graph = Graph::new(INPUT, &trained.contract.modality.raw_shape());
    let answer = network(trained, &mut graph)?;
    let shape = trained.network.nodes()[trained.answer()].shape;
    trained.contract.task.onnx(&mut graph, &answer, shape);
    let entries = metadata(trained).into_iter();
    let entries = entries.map(|(key, value)| StringStringEntryProto { key, value });
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "netsmith".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph.finish()),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: OPSET,
        }],
        metadata_props: entries.collect(),
    };
    Ok(model.encode_to_vec())
}

/// Adds the network and returns the name of its answer.
fn network(trained: &TrainedNetwork<'_>, graph: &mut Graph) -> Result<String, ExportError> {
    let needed = trained.needed();
    let folds = Folds::new(trained, &needed);
    let nodes = trained.network.nodes();
    let inputs = trained.contract.modality.onnx(graph, INPUT);
    let mut inputs = inputs.into_iter();
    let mut weights = vec![None; trained.weights.len()];
    let mut values: Vec<String> = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        if !needed[index] {
            values.push(String::new());
            continue;
        }
        let value = if node.inputs.is_empty() {
            inputs.next().unwrap_or_default()
        } else if folds.is_folded(index) {
            values[node.inputs[0]].clone()
        } else {
            let mut site = Site {
                inputs: node
                    .inputs
                    .iter()
                    .map(|&input| values[input].clone())
                    .collect(),
                shapes: trained.network.input_shapes(index),
                norm: folds.norm_of(index),
                trained,
                node,
                graph,
                weights: &mut weights,
            };
            exported(&node.operation).onnx(&mut site)?
        };
        graph.note_shape(&value, &node.shape.dims());
        values.push(value);
    }
    Ok(values.swap_remove(trained.answer()))
}

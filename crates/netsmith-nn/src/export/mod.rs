//! What a trained network leaves: files that run it elsewhere.
//!
//! ```text
//! TrainedNetwork ─┬─► onnx()         model.onnx
//!                 ├─► safetensors()  model.safetensors
//!                 └─► torch()        model.py
//! ```
//!
//! Each operation has one file with its ONNX and its PyTorch form, named after it;
//! `exported` holds their trait and the only list of operations. All files take raw samples, as the data have them: normalisation is part
//! of the network, and so is what turns its answer into probabilities or into
//! a value in the target's own unit.

mod activation;
mod add;
mod attention;
mod avg_pool;
mod batch_norm;
mod channel_shuffle;
mod concat;
mod convolution;
mod drop_path;
mod dropout;
mod embedding;
mod exported;
mod flatten;
mod global_pool;
mod identity;
mod input;
mod layer_norm;
mod linear;
mod max_pool;
mod metadata;
mod mix;
mod multiply;
mod onnx;
mod pad;
mod resize;
mod safetensors;
mod shift;
mod slice;
mod softmax;
mod stack;
mod torch;
mod transposed_convolution;
mod truncate;
mod zero;

pub use onnx::{Graph as OnnxGraph, onnx};
pub use safetensors::{WeightsError, read_safetensors, safetensors};
pub use torch::{TorchAnswer, TorchInput, python_list, python_number, torch};

use std::collections::BTreeMap;

use netsmith::network::{Network, Shape};

use crate::data::Contract;

/// A trained network with everything that its files say about it.
#[derive(Clone, Copy, Debug)]
pub struct TrainedNetwork<'a> {
    /// The graph; it has one input, and its last output is the answer.
    pub network: &'a Network,
    /// The values of [`Network::weights`], in the same order, row-major.
    pub weights: &'a [Vec<f32>],
    /// What turns raw samples into inputs, and outputs into answers.
    pub contract: &'a Contract,
    /// Where it comes from: run, architecture, seed, data, metrics and the
    /// like. Stored as it is.
    pub provenance: &'a BTreeMap<String, String>,
}

/// A network that cannot be exported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The list of values is not parallel to the network's weights.
    #[error("{found} weights were given: the network has {expected}")]
    WeightCount {
        /// Weights of the network.
        expected: usize,
        /// Weights given.
        found: usize,
    },
    /// A weight has too few or too many values.
    #[error("weight `{weight}` has {found} values: its shape holds {expected}")]
    WeightSize {
        /// Its name.
        weight: String,
        /// Values that its shape holds.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A weight is not a finite number.
    #[error("weight `{weight}` holds a value that is not finite: the network has diverged")]
    NotFinite {
        /// Its name.
        weight: String,
    },
    /// A network of several inputs.
    #[error("the network has {count} inputs: an exported network has one")]
    InputCount {
        /// Its inputs.
        count: usize,
    },
    /// The normalisation makes something else than what the network takes.
    #[error("the network takes {network}: the normalised data have the shape {data}")]
    InputShape {
        /// Shape of the network's input.
        network: Shape,
        /// Shape of a normalised sample.
        data: Shape,
    },
    /// The answer does not fit the task.
    #[error("the network answers with {shape}: the task needs {expected}")]
    AnswerShape {
        /// Shape of the last output, `nothing` if there is none.
        shape: String,
        /// Shape of the task's answer.
        expected: Shape,
    },
    /// An operation that the file's format cannot express.
    #[error("node `{node}` ({operation}) cannot be exported: {rule}")]
    Unsupported {
        /// Its path.
        node: String,
        /// The operation with its attributes.
        operation: String,
        /// Why.
        rule: &'static str,
    },
}

impl<'a> TrainedNetwork<'a> {
    /// Checks that all parts fit together.
    ///
    /// # Errors
    /// The first part that does not.
    pub(crate) fn check(&self) -> Result<(), ExportError> {
        self.check_weights()?;
        let inputs: Vec<Shape> = self.network.inputs().collect();
        let [input] = inputs[..] else {
            return Err(ExportError::InputCount {
                count: inputs.len(),
            });
        };
        let task = self.contract.space_task();
        if input != task.input() {
            return Err(ExportError::InputShape {
                network: input,
                data: task.input(),
            });
        }
        let expected = task.head.output();
        let answer = self.network.outputs().last();
        let answer = answer.map(|&node| self.network.nodes()[node].shape);
        if answer != Some(expected) {
            let shape = answer.map_or("nothing".to_owned(), |shape| shape.to_string());
            return Err(ExportError::AnswerShape { shape, expected });
        }
        Ok(())
    }

    fn check_weights(&self) -> Result<(), ExportError> {
        let expected = self.network.weights();
        if expected.len() != self.weights.len() {
            return Err(ExportError::WeightCount {
                expected: expected.len(),
                found: self.weights.len(),
            });
        }
        for (weight, values) in expected.iter().zip(self.weights) {
            let name = || weight.name.clone();
            if weight.shape.elements() != values.len() {
                return Err(ExportError::WeightSize {
                    weight: name(),
                    expected: weight.shape.elements(),
                    found: values.len(),
                });
            }
            if values.iter().any(|value| !value.is_finite()) {
                return Err(ExportError::NotFinite { weight: name() });
            }
        }
        Ok(())
    }

    /// The node that answers.
    pub(crate) fn answer(&self) -> usize {
        let answer = self.network.outputs().last();
        *answer.expect("a checked network has an output — this is a bug in netsmith")
    }

    /// For each node whether the answer needs it: auxiliary heads are left
    /// out of every file.
    pub(crate) fn needed(&self) -> Vec<bool> {
        let nodes = self.network.nodes();
        let mut needed = vec![false; nodes.len()];
        needed[self.answer()] = true;
        for index in (0..nodes.len())
            .rev()
            .filter(|&index| index <= self.answer())
        {
            if needed[index] {
                nodes[index]
                    .inputs
                    .iter()
                    .for_each(|&input| needed[input] = true);
            }
        }
        needed
    }
}

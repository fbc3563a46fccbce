//! An ONNX graph in the making.

use crate::data::Scale;
use std::collections::BTreeSet;

use super::schema::{
    AttributeProto, BOOL, FLOAT, GraphProto, INT64, NodeProto, TensorProto, ValueInfoProto,
};

/// The names of the answers of tasks.
const OUTPUTS: [&str; 2] = ["probabilities", "value"];

/// Nodes, constants and the names that are taken.
#[derive(Debug)]
pub struct Graph {
    proto: GraphProto,
    names: BTreeSet<String>,
    /// Values whose shape is stated.
    shaped: BTreeSet<String>,
}

impl Graph {
    /// A graph that takes `input`, a batch of samples of shape `dims`.
    pub(super) fn new(input: &str, dims: &[usize]) -> Self {
        let proto = GraphProto {
            name: "netsmith".to_owned(),
            input: vec![ValueInfoProto::batch(input, dims)],
            ..GraphProto::default()
        };
        // The names of outputs are kept free for them.
        let names = [input].into_iter().chain(OUTPUTS).map(str::to_owned);
        Self {
            proto,
            names: names.collect(),
            shaped: [input.to_owned()].into(),
        }
    }

    /// Adds an operator and returns the name of its only output, which is the
    /// name of the node.
    pub(in crate::export) fn node(
        &mut self,
        kind: &str,
        name: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = self.free_name(name);
        self.push(kind, &name, &name, inputs, attributes);
        name
    }

    /// Adds the operator whose output leaves the graph under the name `output`,
    /// with the shape `dims` for each sample.
    pub(super) fn output(
        &mut self,
        kind: &str,
        output: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        dims: &[usize],
    ) {
        self.push(kind, output, output, inputs, attributes);
        self.proto.output.push(ValueInfoProto::batch(output, dims));
    }

    /// Notes the shape of a value, for those who read the file.
    pub(super) fn note_shape(&mut self, value: &str, dims: &[usize]) {
        if self.shaped.insert(value.to_owned()) {
            self.proto
                .value_info
                .push(ValueInfoProto::batch(value, dims));
        }
    }

    /// Adds an operator without attributes; the name of its output.
    pub fn plain(&mut self, kind: &str, name: &str, inputs: &[&str]) -> String {
        self.node(kind, name, inputs, Vec::new())
    }

    /// Adds an operator along an axis; the name of its output.
    pub fn on_axis(&mut self, kind: &str, name: &str, inputs: &[&str], axis: i64) -> String {
        self.node(kind, name, inputs, vec![AttributeProto::int("axis", axis)])
    }

    /// Adds the largest value along an axis, which stays with one place; the name of its
    /// output.
    pub fn largest_on_axis(&mut self, name: &str, value: &str, axis: usize) -> String {
        let axes = AttributeProto::ints("axes", [axis]);
        self.node("ReduceMax", name, &[value], vec![axes])
    }

    /// Adds a conversion to 32-bit floats; the name of its output.
    pub fn as_float(&mut self, name: &str, value: &str) -> String {
        let to = AttributeProto::int("to", i64::from(FLOAT));
        self.node("Cast", name, &[value], vec![to])
    }

    /// Adds `(value - mean) / std`, with constants of the shape `dims`.
    pub fn scaled(&mut self, scales: &[Scale], dims: &[usize], value: &str) -> String {
        let means: Vec<f32> = scales.iter().map(|scale| scale.mean).collect();
        let stds: Vec<f32> = scales.iter().map(|scale| scale.std).collect();
        let mean = self.floats("normalization.mean", dims, &means);
        let std = self.floats("normalization.std", dims, &stds);
        let centred = self.plain("Sub", "normalization.centred", &[value, &mean]);
        self.plain("Div", "normalization.scaled", &[&centred, &std])
    }

    /// Adds an operator without attributes whose output leaves the graph under the name
    /// `output`, with the shape `dims` for each sample.
    pub fn plain_output(&mut self, kind: &str, output: &str, inputs: &[&str], dims: &[usize]) {
        self.output(kind, output, inputs, Vec::new(), dims);
    }

    /// Adds a softmax along an axis whose output leaves the graph under the name
    /// `output`, with the shape `dims` for each sample.
    pub fn softmax_output(&mut self, output: &str, value: &str, axis: i64, dims: &[usize]) {
        let axis = AttributeProto::int("axis", axis);
        self.output("Softmax", output, &[value], vec![axis], dims);
    }

    /// A constant of 32-bit floats.
    pub fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, FLOAT, dims, bytes)
    }

    /// A constant row of 64-bit integers.
    pub fn integers(&mut self, name: &str, values: &[usize]) -> String {
        let bytes = values
            .iter()
            .flat_map(|&value| (value as i64).to_le_bytes());
        self.constant(name, INT64, &[values.len()], bytes.collect())
    }

    /// A single constant integer, without axes.
    pub(in crate::export) fn integer(&mut self, name: &str, value: usize) -> String {
        self.constant(name, INT64, &[], (value as i64).to_le_bytes().to_vec())
    }

    /// A single constant truth value, without axes.
    pub(in crate::export) fn boolean(&mut self, name: &str, value: bool) -> String {
        self.constant(name, BOOL, &[], vec![u8::from(value)])
    }

    /// The finished graph.
    pub(super) fn finish(self) -> GraphProto {
        self.proto
    }

    fn constant(&mut self, name: &str, data_type: i32, dims: &[usize], bytes: Vec<u8>) -> String {
        let name = self.free_name(name);
        self.proto.initializer.push(TensorProto {
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type,
            name: name.clone(),
            raw_data: bytes,
        });
        name
    }

    fn push(
        &mut self,
        kind: &str,
        name: &str,
        output: &str,
        inputs: &[&str],
        attribute: Vec<AttributeProto>,
    ) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: name.to_owned(),
            op_type: kind.to_owned(),
            attribute,
        });
    }

    fn free_name(&mut self, name: &str) -> String {
        let mut free = name.to_owned();
        let mut number = 2;
        while !self.names.insert(free.clone()) {
            free = format!("{name}_{number}");
            number += 1;
        }
        free
    }
}

//! An ONNX graph in the making.

use std::collections::BTreeSet;

use super::schema::{
    AttributeProto, BOOL, FLOAT, GraphProto, INT64, NodeProto, TensorProto, ValueInfoProto,
};

/// Nodes, constants and the names that are taken.
#[derive(Debug)]
pub(in crate::export) struct Graph {
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
        // The names of the outputs are kept free for them.
        let names = [input, super::PROBABILITIES, super::VALUE].map(str::to_owned);
        Self {
            proto,
            names: names.into(),
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

    /// A constant of 32-bit floats.
    pub(in crate::export) fn floats(
        &mut self,
        name: &str,
        dims: &[usize],
        values: &[f32],
    ) -> String {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, FLOAT, dims, bytes)
    }

    /// A constant row of 64-bit integers.
    pub(in crate::export) fn integers(&mut self, name: &str, values: &[usize]) -> String {
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

//! A node on its way into an ONNX graph.

use netsmith::network::{Node, Shape};

use super::fold::Affine;
use super::graph::Graph;
use super::schema::AttributeProto;
use crate::export::{ExportError, TrainedNetwork};

/// A node on its way into the graph.
#[derive(Debug)]
pub(in crate::export) struct Site<'a> {
    pub(super) trained: &'a TrainedNetwork<'a>,
    pub(in crate::export) node: &'a Node,
    /// The names of the values that it reads.
    pub(in crate::export) inputs: Vec<String>,
    /// Their shapes.
    pub(in crate::export) shapes: Vec<Shape>,
    /// The batch norm behind it, if it takes it over.
    pub(super) norm: Option<&'a Affine>,
    pub(in crate::export) graph: &'a mut Graph,
    /// The constants of the network's weights, as far as they are there.
    pub(super) weights: &'a mut [Option<String>],
}

impl Site<'_> {
    /// Adds the operator that gives the node's value.
    pub(in crate::export) fn last(
        &mut self,
        kind: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.graph.node(kind, &self.node.name, inputs, attributes)
    }

    /// Adds an operator on the way to the node's value.
    pub(in crate::export) fn step(
        &mut self,
        kind: &str,
        step: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.graph.node(kind, &self.part(step), inputs, attributes)
    }

    /// The only value that it reads.
    pub(in crate::export) fn input(&self) -> String {
        self.inputs[0].clone()
    }

    /// Height and width of what it reads.
    pub(in crate::export) fn size(&self) -> [usize; 2] {
        self.shapes[0].positions()
    }

    /// The values of its `place`-th tensor.
    fn values(&self, place: usize) -> &[f32] {
        &self.trained.weights[self.node.weights[place]]
    }

    /// The constant of its `place`-th tensor, which tied nodes share.
    pub(in crate::export) fn weight(&mut self, place: usize) -> String {
        let index = self.node.weights[place];
        if let Some(name) = &self.weights[index] {
            return name.clone();
        }
        let weight = &self.trained.network.weights()[index];
        let values = &self.trained.weights[index];
        let name = self.graph.floats(&weight.name, &weight.shape.dims, values);
        self.weights[index] = Some(name.clone());
        name
    }

    /// A constant row of integers of its own.
    pub(in crate::export) fn integers(&mut self, name: &str, values: &[usize]) -> String {
        self.graph.integers(&self.part(name), values)
    }

    /// A constant row of floats of its own.
    pub(in crate::export) fn floats(&mut self, name: &str, values: &[f32]) -> String {
        self.graph.floats(&self.part(name), &[values.len()], values)
    }

    /// Weight and bias of a layer, with a batch norm taken over if there is
    /// one; the weight has the shape `dims`.
    pub(in crate::export) fn layer(&mut self, bias: bool) -> Vec<String> {
        let Some(norm) = self.norm else {
            return (0..self.node.weights.len())
                .map(|place| self.weight(place))
                .collect();
        };
        let weight = norm.weight(self.values(0));
        let bias = norm.bias(bias.then(|| self.values(1)));
        let dims = &self.trained.network.weights()[self.node.weights[0]]
            .shape
            .dims;
        let weight = self
            .graph
            .floats(&self.part("normalised.weight"), dims, &weight);
        vec![weight, self.floats("normalised.bias", &bias)]
    }

    pub(in crate::export) fn part(&self, name: &str) -> String {
        format!("{}.{name}", self.node.name)
    }

    pub(in crate::export) fn unsupported(&self, rule: &'static str) -> ExportError {
        ExportError::Unsupported {
            node: self.node.name.clone(),
            operation: self.node.operation.to_string(),
            rule,
        }
    }
}

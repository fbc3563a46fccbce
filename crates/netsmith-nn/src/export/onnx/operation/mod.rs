//! The ONNX form of each operation, one file each.

mod activation;
mod align;
mod batch_norm;
mod concat;
mod convolution;
mod elementwise;
mod layer_norm;
mod linear;
mod pool;
mod rearrange;

use netsmith::network::{Node, Operation, Shape};

use super::fold::Affine;
use super::graph::Graph;
use super::schema::AttributeProto;
use crate::export::{ExportError, TrainedNetwork};

/// A node on its way into the graph.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) trained: &'a TrainedNetwork<'a>,
    pub(super) node: &'a Node,
    /// The names of the values that it reads.
    pub(super) inputs: Vec<String>,
    /// Their shapes.
    pub(super) shapes: Vec<Shape>,
    /// The batch norm behind it, if it takes it over.
    pub(super) norm: Option<&'a Affine>,
    pub(super) graph: &'a mut Graph,
    /// The constants of the network's weights, as far as they are there.
    pub(super) weights: &'a mut [Option<String>],
}

/// Adds the operators of a node and returns the name of its value.
///
/// # Errors
/// The operation has no ONNX form.
pub(super) fn export(site: &mut Site<'_>) -> Result<String, ExportError> {
    let node = site.node;
    Ok(match &node.operation {
        Operation::Input(_) | Operation::Mix { .. } => {
            return Err(site.unsupported("it belongs to a supernet: resolve the choice first"));
        }
        Operation::Convolution(operation) => convolution::convolution(site, operation),
        Operation::Linear(_) => linear::linear(site),
        Operation::BatchNorm(operation) => batch_norm::batch_norm(site, *operation),
        Operation::LayerNorm(operation) => layer_norm::layer_norm(site, *operation),
        Operation::Activation(operation) => activation::activation(site, *operation),
        Operation::MaxPool(operation) => pool::max_pool(site, operation),
        Operation::AvgPool(operation) => pool::avg_pool(site, operation)?,
        Operation::GlobalPool => pool::global_pool(site),
        Operation::Add => elementwise::add(site),
        Operation::Multiply => elementwise::multiply(site),
        Operation::Concat => concat::concat(site),
        // In inference they all are the identity.
        Operation::Identity | Operation::Dropout(_) | Operation::DropPath => site.inputs[0].clone(),
        Operation::Zero(operation) => elementwise::zero(site, operation),
        Operation::Shift => rearrange::shift(site),
        Operation::ChannelShuffle(operation) => rearrange::channel_shuffle(site, *operation),
        Operation::Flatten => rearrange::flatten(site),
        Operation::Pad(_) => align::pad(site),
        Operation::Resize(_) => align::resize(site),
        Operation::Slice(operation) => rearrange::slice(site, *operation),
        Operation::Truncate(operation) => rearrange::truncate(site, operation),
        Operation::Stack => rearrange::stack(site),
    })
}

impl Site<'_> {
    /// Adds the operator that gives the node's value.
    fn last(&mut self, kind: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        self.graph.node(kind, &self.node.name, inputs, attributes)
    }

    /// Adds an operator on the way to the node's value.
    fn step(
        &mut self,
        kind: &str,
        step: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        self.graph.node(kind, &self.part(step), inputs, attributes)
    }

    /// The only value that it reads.
    fn input(&self) -> String {
        self.inputs[0].clone()
    }

    /// Height and width of what it reads.
    fn size(&self) -> [usize; 2] {
        self.shapes[0].positions()
    }

    /// The values of its `place`-th tensor.
    fn values(&self, place: usize) -> &[f32] {
        &self.trained.weights[self.node.weights[place]]
    }

    /// The constant of its `place`-th tensor, which tied nodes share.
    fn weight(&mut self, place: usize) -> String {
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
    fn integers(&mut self, name: &str, values: &[usize]) -> String {
        self.graph.integers(&self.part(name), values)
    }

    /// A constant row of floats of its own.
    fn floats(&mut self, name: &str, values: &[f32]) -> String {
        self.graph.floats(&self.part(name), &[values.len()], values)
    }

    /// Weight and bias of a layer, with a batch norm taken over if there is
    /// one; the weight has the shape `dims`.
    fn layer(&mut self, bias: bool) -> Vec<String> {
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

    fn part(&self, name: &str) -> String {
        format!("{}.{name}", self.node.name)
    }

    fn unsupported(&self, rule: &'static str) -> ExportError {
        ExportError::Unsupported {
            node: self.node.name.clone(),
            operation: self.node.operation.to_string(),
            rule,
        }
    }
}

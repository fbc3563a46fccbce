//! The layers of a network and the lines of its forward pass.

use std::collections::{BTreeMap, BTreeSet};

use netsmith::network::{Node, Shape};

use super::names::Names;
use super::{Form, Site};
use crate::export::exported::exported;
use crate::export::{ExportError, TrainedNetwork};

/// What the file's model consists of.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// What the file defines before the model.
    pub(super) definitions: BTreeSet<&'static str>,
    /// One for each layer.
    pub(super) layers: Vec<Layer>,
    /// Assignments, in order; the first reads `x`.
    pub(super) lines: Vec<String>,
    /// The variable that holds the answer.
    pub(super) answer: String,
}

/// An attribute of the model.
#[derive(Debug)]
pub(super) struct Layer {
    /// Its name in Python.
    pub(super) name: String,
    /// The expression that makes it.
    pub(super) make: String,
    /// The path of its tensors in the safetensors file.
    pub(super) path: String,
    /// Its tensors that another layer holds as well: own and other attribute.
    pub(super) ties: Vec<[String; 2]>,
}

/// Layers and lines of everything that the answer needs.
///
/// # Errors
/// An operation has no PyTorch form.
pub(super) fn body(trained: &TrainedNetwork<'_>) -> Result<Body, ExportError> {
    let mut writer = Writer::new(trained);
    let needed = trained.needed();
    for (index, node) in trained.network.nodes().iter().enumerate() {
        if needed[index] {
            writer.write(index, node)?;
        }
    }
    writer.body.answer = writer.variable(trained.answer());
    Ok(writer.body)
}

struct Writer<'a> {
    trained: &'a TrainedNetwork<'a>,
    body: Body,
    names: Names,
    /// For each node the one whose value it has: itself or one before it.
    values: Vec<usize>,
    /// For each value the number of its readers to come.
    readers: Vec<usize>,
    /// For each value the number of the variable that holds it.
    variables: Vec<usize>,
    /// Which variables are in use.
    used: Vec<bool>,
    /// The layers by operation and weights, so that tied nodes share them.
    made: BTreeMap<(String, Vec<usize>), String>,
    /// The first attribute that holds each weight.
    holders: BTreeMap<usize, String>,
}

impl<'a> Writer<'a> {
    fn new(trained: &'a TrainedNetwork<'a>) -> Self {
        let nodes = trained.network.nodes();
        let (values, readers) = values_and_readers(trained);
        Self {
            trained,
            body: Body::default(),
            names: Names::new(),
            values,
            readers,
            variables: vec![0; nodes.len()],
            used: Vec::new(),
            made: BTreeMap::new(),
            holders: BTreeMap::new(),
        }
    }

    fn write(&mut self, index: usize, node: &Node) -> Result<(), ExportError> {
        if node.inputs.is_empty() {
            self.variables[index] = self.free_variable();
            return Ok(());
        }
        if self.values[index] != index {
            // Its readers first, lest the value be thought unread.
            self.readers[self.values[index]] += self.readers[index];
            self.release(node);
            return Ok(());
        }
        let inputs: Vec<String> = node
            .inputs
            .iter()
            .map(|&input| self.variable(input))
            .collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let shapes = self.trained.network.input_shapes(index);
        let site = Site {
            node,
            inputs: &inputs,
            shapes: &shapes,
        };
        let operation = exported(&node.operation);
        self.body.definitions.extend(operation.definition(&site));
        let expression = match operation.torch(&site)? {
            Form::Same => inputs[0].to_owned(),
            Form::Expression(expression) => expression,
            Form::Layer {
                make,
                argument,
                after,
            } => {
                format!("self.{}({argument}){after}", self.layer(node, make))
            }
        };
        self.release(node);
        self.variables[index] = self.free_variable();
        let mut line = format!("{} = {expression}", name_of(self.variables[index]));
        if shapes[0] != node.shape {
            line += &format!("  # {}", shape_text(node.shape));
        }
        self.body.lines.push(line);
        Ok(())
    }

    /// The variable that holds a node's value.
    fn variable(&self, node: usize) -> String {
        name_of(self.variables[self.values[node]])
    }

    /// Frees the variables that this node is the last to read.
    fn release(&mut self, node: &Node) {
        for &input in &node.inputs {
            let value = self.values[input];
            self.readers[value] -= 1;
            if self.readers[value] == 0 {
                self.used[self.variables[value]] = false;
            }
        }
    }

    fn free_variable(&mut self) -> usize {
        let free = self.used.iter().position(|used| !used);
        let variable = free.unwrap_or(self.used.len());
        self.used.resize(self.used.len().max(variable + 1), false);
        self.used[variable] = true;
        variable
    }

    /// The attribute of a node's layer, made unless it is there.
    fn layer(&mut self, node: &Node, make: String) -> String {
        // A layer without weights is made for each node: it costs nothing.
        let key = (make.clone(), node.weights.clone());
        if let Some(name) = self.made.get(&key).filter(|_| !node.weights.is_empty()) {
            return name.clone();
        }
        let name = self.names.of(&node.name);
        let weights = self.trained.network.weights();
        let mut ties = Vec::new();
        for &weight in &node.weights {
            let attribute = format!("{name}.{}", attribute(weights[weight].shape.name));
            match self.holders.get(&weight) {
                Some(holder) => ties.push([attribute, holder.clone()]),
                None => drop(self.holders.insert(weight, attribute)),
            }
        }
        let path = node
            .weights
            .first()
            .and_then(|&first| weights[first].name.rsplit_once('.'));
        let path = path.map_or("", |(path, _)| path).to_owned();
        self.body.layers.push(Layer {
            name: name.clone(),
            make,
            path,
            ties,
        });
        self.made.insert(key, name.clone());
        name
    }
}

/// Which nodes pass their input's value on, and how often each value is read;
/// the answer is read once more, at the end.
fn values_and_readers(trained: &TrainedNetwork<'_>) -> (Vec<usize>, Vec<usize>) {
    let needed = trained.needed();
    let nodes = trained.network.nodes();
    let mut values: Vec<usize> = Vec::new();
    let mut readers = vec![0; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        let site = Site {
            node,
            inputs: &vec![""; node.inputs.len()],
            shapes: &trained.network.input_shapes(index),
        };
        let same = matches!(exported(&node.operation).torch(&site), Ok(Form::Same));
        values.push(if same { values[node.inputs[0]] } else { index });
        if needed[index] {
            node.inputs.iter().for_each(|&input| readers[input] += 1);
        }
    }
    readers[trained.answer()] += 1;
    (values, readers)
}

/// What PyTorch calls a tensor of an operation.
pub(super) fn attribute(tensor: &str) -> &str {
    match tensor {
        "mean" => "running_mean",
        "variance" => "running_var",
        other => other,
    }
}

/// `x`, `y`, `z`, then `x3`, `x4`, ...
fn name_of(variable: usize) -> String {
    match variable {
        0 => "x".to_owned(),
        1 => "y".to_owned(),
        2 => "z".to_owned(),
        more => format!("x{more}"),
    }
}

fn shape_text(shape: Shape) -> String {
    let dims: Vec<String> = shape.dims().iter().map(usize::to_string).collect();
    dims.join("x")
}

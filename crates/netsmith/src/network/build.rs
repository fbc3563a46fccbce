//! Building a network node by node, with every shape checked.

use super::operation::Misfit;
use super::{Network, Node, Operation, Shape, Weight};
use std::collections::{BTreeMap, HashMap};

/// Builds a [`Network`].
///
/// ```
/// use netsmith::network::{Builder, Operation, Shape, operation::{Convolution, Linear}};
///
/// let mut builder = Builder::new();
/// let image = builder.input("image", Shape::image(3, 32, 32));
/// let convolution = Convolution::square(16_usize, 3_usize, 1_usize);
/// let x = builder.add("stem", Operation::Convolution(convolution), &[image])?;
/// let x = builder.add("pool", Operation::GlobalPool, &[x])?;
/// let x = builder.add("head", Operation::Linear(Linear::new(10_usize)), &[x])?;
/// let network = builder.finish(&[x]);
/// assert_eq!(network.parameters(), 3 * 16 * 9 + 16 * 10 + 10);
/// # Ok::<(), netsmith::network::ShapeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    nodes: Vec<Node>,
    weights: Vec<Weight>,
    /// The names that are taken, with the number to try next for each.
    names: HashMap<String, usize>,
    tied: BTreeMap<String, Vec<usize>>,
}

impl Builder {
    /// An empty network.
    pub fn new() -> Self {
        Self::default()
    }

    /// A sample enters here. A name that is taken gets a number.
    pub fn input(&mut self, name: &str, shape: Shape) -> usize {
        let name = self.free_name(name);
        self.push(name, Operation::input(shape), Vec::new(), shape, Vec::new())
    }

    /// A node with weights of its own. A name that is taken gets a number.
    ///
    /// # Errors
    /// The operation cannot take the shapes of these inputs.
    ///
    /// # Panics
    /// An input is no node of this network.
    pub fn add(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: &[usize],
    ) -> Result<usize, ShapeError> {
        let (shape, shapes) = self.check(name, &operation, inputs)?;
        let name = self.free_name(name);
        let first = self.weights.len();
        let weights = operation.weights(&shapes).into_iter();
        self.weights.extend(weights.map(|shape| Weight {
            name: [&name, ".", shape.name].concat(),
            shape,
        }));
        let weights = (first..self.weights.len()).collect();
        Ok(self.push(name, operation, inputs.to_vec(), shape, weights))
    }

    /// A node that shares its weights with every other node of the same `tie`.
    ///
    /// # Errors
    /// The operation cannot take the shapes of these inputs, or its weights
    /// differ in shape from those that it should share.
    ///
    /// # Panics
    /// An input is no node of this network.
    pub fn add_tied(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: &[usize],
        tie: &str,
    ) -> Result<usize, ShapeError> {
        let (shape, shapes) = self.check(name, &operation, inputs)?;
        let Some(weights) = self.tied.get(tie).cloned() else {
            let node = self.add(name, operation, inputs)?;
            self.tied
                .insert(tie.to_owned(), self.nodes[node].weights.clone());
            return Ok(node);
        };
        let own = operation.weights(&shapes);
        let shared = weights.iter().map(|&w| &self.weights[w].shape);
        if !own.iter().eq(shared) {
            return Err(ShapeError {
                node: name.to_owned(),
                operation: operation.to_string(),
                rule: format!("its weights differ from those of `{tie}`, which it shares"),
                hint: Some("what is tied must see the same number of channels everywhere"),
            });
        }
        let name = self.free_name(name);
        Ok(self.push(name, operation, inputs.to_vec(), shape, weights))
    }

    /// The shape of a node's output.
    ///
    /// # Panics
    /// There is no node of this number.
    pub fn shape(&self, node: usize) -> Shape {
        self.nodes[node].shape
    }

    /// The finished network.
    pub fn finish(self, outputs: &[usize]) -> Network {
        Network {
            nodes: self.nodes,
            weights: self.weights,
            outputs: outputs.to_vec(),
        }
    }

    fn check(
        &self,
        name: &str,
        operation: &Operation,
        inputs: &[usize],
    ) -> Result<(Shape, Vec<Shape>), ShapeError> {
        let shapes: Vec<Shape> = inputs.iter().map(|&i| self.nodes[i].shape).collect();
        let shape = operation
            .output(&shapes)
            .map_err(|misfit| ShapeError::of(name.to_owned(), operation, misfit))?;
        Ok((shape, shapes))
    }

    fn push(
        &mut self,
        name: String,
        operation: Operation,
        inputs: Vec<usize>,
        shape: Shape,
        weights: Vec<usize>,
    ) -> usize {
        self.names.insert(name.clone(), 2);
        self.nodes.push(Node {
            name,
            operation,
            inputs,
            shape,
            weights,
        });
        self.nodes.len() - 1
    }

    /// The name itself, or with the first number from 2 that makes it free.
    fn free_name(&mut self, name: &str) -> String {
        let Some(&next) = self.names.get(name) else {
            return name.to_owned();
        };
        let numbered = (next..).map(|number| (number, format!("{name}{number}")));
        let mut free = numbered.filter(|(_, name)| !self.names.contains_key(name));
        let (number, free) = free
            .next()
            .expect("there are more numbers than nodes — this is a bug in netsmith");
        self.names.insert(name.to_owned(), number + 1);
        free
    }
}

/// An operation that cannot take its inputs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("node `{node}` ({operation}): {rule}")]
pub struct ShapeError {
    /// Path of the node.
    pub node: String,
    /// The operation with its attributes.
    pub operation: String,
    /// What does not fit.
    pub rule: String,
    hint: Option<&'static str>,
}

impl ShapeError {
    /// A node that fits together under no option.
    pub(crate) fn new(node: String, operation: &str, rule: &str) -> Self {
        Self {
            node,
            operation: operation.to_owned(),
            rule: rule.to_owned(),
            hint: None,
        }
    }

    /// The node of this path, with what its operation says.
    pub(crate) fn of(node: String, operation: &Operation, misfit: Misfit) -> Self {
        Self {
            node,
            operation: operation.to_string(),
            rule: misfit.rule,
            hint: misfit.hint,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::operation::Linear;

    #[test]
    fn tied_weights_count_once() {
        let mut builder = Builder::new();
        let mut x = builder.input("x", Shape::vector(4));
        for _ in 0..3 {
            let linear = Operation::Linear(Linear::new(4_usize));
            x = builder.add_tied("step", linear, &[x], "cell").unwrap();
        }
        let network = builder.finish(&[x]);
        assert_eq!(network.parameters(), 20);
        assert_eq!(network.macs(), 48);
        assert_eq!(network.nodes()[3].name, "step3");
    }

    #[test]
    fn an_error_names_node_operation_and_rule() {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::image(3, 8, 8));
        let error = builder.add("head", Operation::Linear(Linear::new(10_usize)), &[x]);
        assert_eq!(
            error.unwrap_err().to_string(),
            "node `head` (linear -> 10): takes a vector, got the image 3x8x8"
        );
    }

    #[test]
    fn every_name_is_free() {
        let mut builder = Builder::new();
        let first = builder.input("x", Shape::vector(4));
        let second = builder.input("x", Shape::vector(4));
        let sum = builder.add("x", Operation::Add, &[first, second]).unwrap();
        let network = builder.finish(&[sum]);
        let names: Vec<&str> = network.nodes().iter().map(|n| n.name.as_str()).collect();
        assert_eq!(names, ["x", "x2", "x3"]);
    }
}

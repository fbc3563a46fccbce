//! One vector for each sample: the mean over all positions, then a linear layer.

use super::Head;
use crate::network::operation::Linear;
use crate::network::{Operation, Shape};
use crate::space::{Graph, Port};

/// One vector for each sample: classes, or values.
///
/// # Shapes
/// Features `[channels, height, width]` are gathered to `[channels]`; the answer is
/// `[outputs]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vector {
    /// The length of the answer.
    pub outputs: usize,
}

impl Head for Vector {
    fn gather(&self, graph: &mut Graph, features: Port) -> Port {
        graph.operation("pool", Operation::GlobalPool, &[features])
    }

    fn answer(&self, graph: &mut Graph, gathered: Port) -> Port {
        let linear = Operation::Linear(Linear::new(self.outputs));
        graph.operation("head", linear, &[gathered])
    }

    fn values(&self) -> usize {
        self.outputs
    }

    fn output(&self) -> Shape {
        Shape::vector(self.outputs)
    }
}

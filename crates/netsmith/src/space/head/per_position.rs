//! A vector for each position: features at the size of the answer, then a linear
//! layer on the channels of each position.

use super::Head;
use crate::network::operation::{Convolution, Resize};
use crate::network::{Operation, Shape};
use crate::space::{Graph, Port};

/// A vector for each position of a sequence or an image.
///
/// # Shapes
/// Features `[channels, h, w]` are resized to `[channels, height, width]` (a smaller
/// map by its nearest neighbour); the answer is `[outputs, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerPosition {
    /// The length of the vector at each position.
    pub outputs: usize,
    /// Height and width of the answer; a sequence has height 1.
    pub positions: [usize; 2],
}

impl Head for PerPosition {
    fn gather(&self, graph: &mut Graph, features: Port) -> Port {
        let [height, width] = self.positions;
        let resize = Operation::Resize(Resize {
            height: height.into(),
            width: width.into(),
        });
        graph.operation("pool", resize, &[features])
    }

    fn answer(&self, graph: &mut Graph, gathered: Port) -> Port {
        let pointwise = Convolution {
            bias: true,
            ..Convolution::square(self.outputs, 1, 1)
        };
        graph.operation("head", Operation::Convolution(pointwise), &[gathered])
    }

    fn values(&self) -> usize {
        self.outputs
    }

    fn output(&self) -> Shape {
        let [height, width] = self.positions;
        Shape::image(self.outputs, height, width)
    }
}

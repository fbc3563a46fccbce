//! A batch of activations as burn's tensors.

use burn::tensor::Tensor;
use netsmith::network::Shape;

/// The activations of one node, `[samples, channels, height, width]`; a vector
/// has one position.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) tensor: Tensor<4>,
}

impl Value {
    pub(super) fn new(tensor: Tensor<4>) -> Self {
        Self { tensor }
    }

    /// `[samples, channels]`; only for vectors.
    pub(super) fn rows(&self) -> Tensor<2> {
        let [samples, channels, ..] = self.tensor.dims();
        self.tensor.clone().reshape([samples, channels])
    }

    /// From `[samples, channels]`.
    pub(super) fn from_rows(rows: Tensor<2>) -> Self {
        let [samples, channels] = rows.dims();
        Self::new(rows.reshape([samples, channels, 1, 1]))
    }
}

/// `[samples, channels, height, width]` of this many samples of a shape.
pub(super) fn dims(shape: Shape, samples: usize) -> [usize; 4] {
    let [height, width] = shape.positions();
    [samples, shape.channels(), height, width]
}

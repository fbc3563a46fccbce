//! Operations that only move values.

use super::value::Value;
use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;
use netsmith::network::Shape;
use netsmith::network::operation::{ChannelShuffle, Slice, Truncate};
use netsmith_kernels::{LANES, Lane};

/// The channel shuffle, composed of burn's operations.
pub(super) fn compose_shuffle(shuffle: &ChannelShuffle, input: &Value) -> Value {
    let [samples, channels, height, width] = input.tensor.dims();
    let groups = [
        samples,
        shuffle.groups,
        channels / shuffle.groups,
        height * width,
    ];
    let x: Tensor<4> = input.tensor.clone().reshape(groups);
    Value::new(
        x.swap_dims(1, 2)
            .reshape([samples, channels, height, width]),
    )
}

/// The shift, composed of burn's operations.
pub(super) fn compose_shift(input: &Value) -> Value {
    let x = input.tensor.clone();
    let [_, _, height, width] = x.dims();
    if height == 1 || width == 1 {
        return Value::new(x * 0.0);
    }
    let moved = x.narrow(2, 1, height - 1).narrow(3, 1, width - 1);
    let padding = [(0, 0), (0, 0), (0, 1), (0, 1)];
    Value::new(moved.pad(padding, PadMode::Constant(0.0)))
}

/// An image as a vector, with burn's operations.
pub(super) fn compose_flatten(input: &Value) -> Value {
    let [samples, channels, height, width] = input.tensor.dims();
    let flat = [samples, channels * height * width, 1, 1];
    Value::new(input.tensor.clone().reshape(flat))
}

/// One position of a sequence, with burn's operations.
pub(super) fn compose_slice(slice: &Slice, input: &Value) -> Value {
    Value::new(input.tensor.clone().narrow(3, slice.position, 1))
}

/// Channels that follow each other, with burn's operations.
pub(super) fn compose_truncate(truncate: &Truncate, input: &Value) -> Value {
    Value::new(
        input
            .tensor
            .clone()
            .narrow(1, truncate.from, truncate.channels),
    )
}

/// Vectors as the positions of a sequence, with burn's operations.
pub(super) fn compose_stack(inputs: &[&Value]) -> Value {
    let tensors = inputs.iter().map(|value| value.tensor.clone());
    Value::new(Tensor::cat(tensors.collect(), 3))
}

/// From where each position of the output comes, and nowhere where it is zero:
/// what the fused kernels need to know of an operation that only moves values.
#[derive(Debug)]
pub(super) struct Moves {
    /// Size of a sample before.
    input: usize,
    /// For each position of a sample behind.
    from: Vec<Option<usize>>,
}

impl Moves {
    /// Those of a channel shuffle.
    pub(super) fn shuffle(shuffle: &ChannelShuffle, shape: Shape) -> Self {
        let [height, width] = shape.positions();
        let (plane, groups) = (height * width, shuffle.groups);
        let each = shape.channels() / groups;
        let from = (0..shape.elements()).map(|at| {
            let (channel, position) = (at / plane, at % plane);
            Some((channel % groups * each + channel / groups) * plane + position)
        });
        Self {
            input: shape.elements(),
            from: from.collect(),
        }
    }

    /// Those of a shift.
    pub(super) fn shift(shape: Shape) -> Self {
        let [height, width] = shape.positions();
        let from = (0..shape.elements()).map(|at| {
            let (y, x) = (at / width % height, at % width);
            (y + 1 < height && x + 1 < width).then_some(at + width + 1)
        });
        Self {
            input: shape.elements(),
            from: from.collect(),
        }
    }

    /// Those of a slice.
    pub(super) fn slice(slice: &Slice, input: Shape) -> Self {
        let [_, length] = input.positions();
        let from = (0..input.channels()).map(|channel| Some(channel * length + slice.position));
        Self {
            input: input.elements(),
            from: from.collect(),
        }
    }

    /// Those of a truncation.
    pub(super) fn truncate(truncate: &Truncate, input: Shape) -> Self {
        let output = input.with_channels(truncate.channels);
        let [height, width] = input.positions();
        let start = truncate.from * height * width;
        Self {
            input: input.elements(),
            from: (0..output.elements()).map(|at| Some(start + at)).collect(),
        }
    }

    /// Fused: moves the values.
    pub(super) fn forward(&self, source: &[Lane], target: &mut [Lane]) {
        let blocks = source.chunks_exact(self.input);
        for (source, target) in blocks.zip(target.chunks_exact_mut(self.from.len())) {
            for (from, target) in self.from.iter().zip(target) {
                *target = from.map_or([0.0; LANES], |from| source[from]);
            }
        }
    }

    /// Fused: moves the gradients back.
    pub(super) fn backward(&self, gradient: &[Lane], target: &mut [Lane]) {
        target.fill([0.0; LANES]);
        let blocks = gradient.chunks_exact(self.from.len());
        for (gradient, target) in blocks.zip(target.chunks_exact_mut(self.input)) {
            for (from, gradient) in self.from.iter().zip(gradient) {
                if let Some(from) = from {
                    target[*from] = *gradient;
                }
            }
        }
    }
}

/// Fused: one vector as one position of a sequence of this length.
pub(super) fn stack(position: usize, length: usize, source: &[Lane], target: &mut [Lane]) {
    for (source, target) in source.iter().zip(target.chunks_exact_mut(length)) {
        target[position] = *source;
    }
}

/// Fused: the gradient of one vector of a stack.
pub(super) fn stack_backward(
    position: usize,
    length: usize,
    gradient: &[Lane],
    target: &mut [Lane],
) {
    for (gradient, target) in gradient.chunks_exact(length).zip(target) {
        *target = gradient[position];
    }
}

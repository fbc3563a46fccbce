//! Bringing a tensor to a size: padding and resizing.

use super::pool::Windows;
use super::value::Value;
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::{MaxPoolOptions, PadMode};
use netsmith::network::Shape;
use netsmith_kernels::{LANES, Lane};

/// Padding, composed of burn's operations.
pub(super) fn compose_pad(output: Shape, input: &Value) -> Value {
    let [_, channels, height, width] = input.tensor.dims();
    let [rows, columns] = output.positions();
    let padding = [
        (0, 0),
        (0, output.channels() - channels),
        (0, rows - height),
        (0, columns - width),
    ];
    Value::new(input.tensor.clone().pad(padding, PadMode::Constant(0.0)))
}

/// Resizing, composed of burn's operations: first down, then up.
pub(super) fn compose_resize(output: Shape, input: &Value) -> Value {
    let [samples, channels, height, width] = input.tensor.dims();
    let [rows, columns] = output.positions();
    let down = [(height / rows).max(1), (width / columns).max(1)];
    let up = [(rows / height).max(1), (columns / width).max(1)];
    let mut x = input.tensor.clone();
    if down != [1, 1] {
        let mut options = MaxPoolOptions::new(down);
        options.stride = down;
        x = max_pool2d(x, options);
    }
    if up != [1, 1] {
        let [_, _, height, width] = x.dims();
        let apart: Tensor<6> = x.reshape([samples, channels, height, 1, width, 1]);
        let spread: Tensor<6> = apart.expand([samples, channels, height, up[0], width, up[1]]);
        x = spread.reshape([samples, channels, rows, columns]);
    }
    Value::new(x)
}

/// The windows over which resizing takes the maximum: one position where it
/// goes up.
pub(super) fn windows(input: Shape, output: Shape) -> Windows {
    let (input, output) = (input.positions(), output.positions());
    let axis = |axis: usize| {
        let (from, to) = (input[axis], output[axis]);
        let run = |position: usize| match from >= to {
            true => position * (from / to)..(position + 1) * (from / to),
            false => position / (to / from)..position / (to / from) + 1,
        };
        (0..to).map(run).collect()
    };
    Windows {
        input,
        rows: axis(0),
        columns: axis(1),
    }
}

/// Fused padding.
pub(super) fn pad(input: Shape, output: Shape, source: &[Lane], target: &mut [Lane]) {
    target.fill([0.0; LANES]);
    let blocks = source.chunks_exact(input.elements());
    for (source, target) in blocks.zip(target.chunks_exact_mut(output.elements())) {
        for (from, to, width) in rows(input, output) {
            target[to..to + width].copy_from_slice(&source[from..from + width]);
        }
    }
}

/// Fused padding, backward: what was appended is cut off.
pub(super) fn pad_backward(input: Shape, output: Shape, gradient: &[Lane], target: &mut [Lane]) {
    let blocks = gradient.chunks_exact(output.elements());
    for (gradient, target) in blocks.zip(target.chunks_exact_mut(input.elements())) {
        for (from, to, width) in rows(input, output) {
            target[from..from + width].copy_from_slice(&gradient[to..to + width]);
        }
    }
}

/// For each row of the smaller shape where it starts there, where it starts in
/// the larger one, and its length.
fn rows(small: Shape, large: Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    let ([height, width], [rows, columns]) = (small.positions(), large.positions());
    let starts = move |row: usize| {
        let (channel, y) = (row / height, row % height);
        (row * width, (channel * rows + y) * columns, width)
    };
    (0..small.channels() * height).map(starts)
}

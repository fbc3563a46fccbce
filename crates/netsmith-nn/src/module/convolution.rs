//! Convolution.

use super::value::Value;
use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use netsmith::network::Shape;
use netsmith::network::operation::{Convolution, Window};
use netsmith_kernels::convolution::ConvolutionShape;

/// Composed of burn's operations.
pub(super) fn compose(convolution: &Convolution, input: &Value, weights: &[Tensor<1>]) -> Value {
    let [_, channels, height, width] = input.tensor.dims();
    let window = &convolution.window;
    let groups = convolution.group_count(channels);
    let [rows, columns] = window.kernel;
    let [top_bottom, left_right] = window.pads([height, width]);
    let mut options = ConvOptions::new(window.stride, [0, 0], [window.dilation; 2], groups);
    options.padding = [top_bottom, left_right].map(|[before, behind]| (before, behind));
    let dims = [convolution.out, channels / groups, rows, columns];
    let weight = weights[0].clone().reshape(dims);
    let bias = weights.get(1).cloned();
    Value::new(conv2d(input.tensor.clone(), weight, bias, options))
}

/// The shape that the kernels need.
pub(super) fn shape(convolution: &Convolution, input: Shape, output: Shape) -> ConvolutionShape {
    ConvolutionShape {
        window: kernel_window(&convolution.window, input, output),
        channels: input.channels(),
        out: convolution.out,
        groups: convolution.group_count(input.channels()),
    }
}

/// The geometry that the kernels need.
pub(super) fn kernel_window(
    window: &Window,
    input: Shape,
    output: Shape,
) -> netsmith_kernels::Window {
    let size = input.positions();
    netsmith_kernels::Window {
        kernel: window.kernel,
        stride: window.stride,
        dilation: window.dilation,
        before: window.pads(size).map(|[before, _]| before),
        input: size,
        output: output.positions(),
    }
}

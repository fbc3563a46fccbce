//! Composite blocks, made of primitive operations.
//!
//! A stride is a plain number here: where a space leaves it open, it is a
//! choice between blocks.

use super::{Graph, Size};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Dropout, Linear};
use std::sync::Arc;

/// ReLU, convolution, batch norm.
pub fn relu_convolution_norm(out: Size, kernel: usize, stride: usize, affine: bool) -> Graph {
    Graph::chain([
        Operation::Activation(Activation::Relu),
        Operation::Convolution(Convolution::square(out, kernel, stride)),
        Operation::BatchNorm(BatchNorm { affine }),
    ])
}

/// Convolution, batch norm and, if there is one, an activation.
pub fn convolution_norm(
    out: Size,
    kernel: impl Into<Size>,
    stride: usize,
    activation: Option<Activation>,
) -> Graph {
    let normalised = normalised(Convolution::square(out, kernel, stride));
    Graph::chain(
        normalised
            .into_iter()
            .chain(activation.map(Operation::Activation)),
    )
}

/// A convolution of any form and batch norm.
pub(super) fn normalised(convolution: Convolution<Size>) -> [Operation<Size>; 2] {
    [
        Operation::Convolution(convolution),
        Operation::BatchNorm(BatchNorm { affine: true }),
    ]
}

/// The activation of this name.
///
/// # Panics
/// There is none: the caller checks names of users first.
pub fn activation(name: &str) -> Graph {
    match Activation::from_name(name) {
        Some(activation) => Graph::chain([Operation::Activation(activation)]),
        None => panic!("no activation `{name}` — this is a bug in netsmith"),
    }
}

/// Dropout at a rate given as a text; nothing at the rate 0.
///
/// # Panics
/// The text is no number: the caller checks texts of users first.
pub fn dropout(rate: &str) -> Graph {
    match rate.parse() {
        Ok(0.0) => Graph::chain([Operation::Identity]),
        Ok(rate) => Graph::chain([Operation::Dropout(Dropout { rate })]),
        Err(_) => panic!("`{rate}` is no rate of dropout — this is a bug in netsmith"),
    }
}

/// Separable convolution: ReLU, depthwise, pointwise, batch norm; twice, the
/// second time with stride 1 (DARTS, NASNet).
pub fn separable(kernel: usize, stride: usize, affine: bool) -> Graph {
    let half = |stride| depthwise_pointwise(kernel, stride, 1, affine);
    Graph::chain([half(stride), half(1)].concat())
}

/// Dilated separable convolution: ReLU, depthwise, pointwise, batch norm, once.
pub fn dilated(kernel: usize, stride: usize, dilation: usize, affine: bool) -> Graph {
    Graph::chain(depthwise_pointwise(kernel, stride, dilation, affine))
}

fn depthwise_pointwise(
    kernel: usize,
    stride: usize,
    dilation: usize,
    affine: bool,
) -> Vec<Operation<Size>> {
    let depthwise = Convolution::<Size>::square(Size::Channels, kernel, stride);
    vec![
        Operation::Activation(Activation::Relu),
        Operation::Convolution(depthwise.dilated(dilation).depthwise()),
        Operation::Convolution(Convolution::square(Size::Channels, 1, 1)),
        Operation::BatchNorm(BatchNorm { affine }),
    ]
}

/// Factorised reduction: ReLU; two 1x1 convolutions of stride 2, the second
/// on the image moved by one pixel, with half of the channels each; concat;
/// batch norm.
pub fn factorised_reduction(out: Size, affine: bool) -> Graph {
    let mut graph = Graph::new(1);
    let relu = Operation::Activation(Activation::Relu);
    let x = graph.operation("relu", relu, &[graph.input(0)]);
    let shifted = graph.operation("shift", Operation::Shift, &[x]);
    let half = out.clone().over(2);
    // Of an odd number of channels the second half has one more.
    let rest = match out {
        Size::Fixed(out) => Size::Fixed(out - out / 2),
        _ => half.clone(),
    };
    let part = |out: Size| Operation::Convolution(Convolution::square(out, 1, 2));
    let first = graph.operation("first", part(half), &[x]);
    let second = graph.operation("second", part(rest), &[shifted]);
    let both = graph.operation("concat", Operation::Concat, &[first, second]);
    let norm = Operation::BatchNorm(BatchNorm { affine });
    let normal = graph.operation("batch-norm", norm, &[both]);
    graph.with_output(normal)
}

/// A branch whose samples may be dropped whole in training.
pub fn with_drop_path(branch: Graph) -> Graph {
    let mut graph = Graph::new(1);
    let whole = graph.instance("branch", &Arc::new(branch), &[graph.input(0)]);
    let output = graph.operation("drop-path", Operation::DropPath, &[whole]);
    graph.with_output(output)
}

/// Squeeze-and-excitation: global pool, linear to a part of the channels, ReLU,
/// linear back, hard sigmoid; the result scales the channels.
pub fn squeeze_excite(reduction: usize) -> Graph {
    let mut graph = Graph::new(1);
    let x = graph.input(0);
    let pool = graph.operation("global-pool", Operation::GlobalPool, &[x]);
    let fewer = Linear::new(Size::Channels.over(reduction));
    let fewer = graph.operation("squeeze", Operation::Linear(fewer), &[pool]);
    let relu = Operation::Activation(Activation::Relu);
    let fewer = graph.operation("relu", relu, &[fewer]);
    let back = Linear::new(Size::ChannelsOf(x));
    let back = graph.operation("excite", Operation::Linear(back), &[fewer]);
    let gate = graph.operation(
        "gate",
        Operation::Activation(Activation::HardSigmoid),
        &[back],
    );
    let scaled = graph.operation("scale", Operation::Multiply, &[x, gate]);
    graph.with_output(scaled)
}

//! Batch normalisation.

use super::value::Value;
use super::{BatchStatistics, Weights};
use burn::tensor::Tensor;
use netsmith::network::Node;
use netsmith::network::operation::BatchNorm;
use netsmith_kernels::Lane;
use netsmith_kernels::batch_norm::{self, Norm, NormShape};

/// Composed of burn's operations. In training the second part are mean and
/// biased variance of the batch.
pub(super) fn compose(
    norm: &BatchNorm,
    input: &Value,
    weights: &[Tensor<1>],
    training: bool,
) -> (Value, Option<[Tensor<1>; 2]>) {
    let x = input.tensor.clone();
    let [samples, channels, height, width] = x.dims();
    let line = |values: &Tensor<1>| values.clone().reshape([1, channels, 1, 1]);
    let [.., running_mean, running_variance] = weights else {
        return (input.clone(), None);
    };
    let (centred, variance, batch) = if training {
        let count = (samples * height * width) as f32;
        let total = |x: Tensor<4>| x.sum_dim(0).sum_dim(2).sum_dim(3) / count;
        let mean = total(x.clone());
        let centred = x - mean.clone();
        let variance = total(centred.clone() * centred.clone());
        let batch = [mean, variance.clone()].map(|t| t.reshape([channels]));
        (centred, variance, Some(batch))
    } else {
        (x - line(running_mean), line(running_variance), None)
    };
    let mut y = centred / (variance + BatchNorm::EPSILON as f32).sqrt();
    if norm.affine {
        y = y * line(&weights[0]) + line(&weights[1]);
    }
    (Value::new(y), batch)
}

/// One normalisation for the fused kernels.
#[derive(Debug)]
pub(super) struct Fused {
    shape: NormShape,
    weight: Vec<f32>,
    bias: Vec<f32>,
    rectified: bool,
}

/// What the backward pass, or a mix that normalises, needs to know.
#[derive(Debug)]
pub(super) struct Memory {
    fused: Fused,
    /// Mean and variance of each channel.
    moments: Vec<[f32; 2]>,
}

impl Fused {
    pub(super) fn new(
        norm: &BatchNorm,
        node: &Node,
        weights: &Weights,
        samples: usize,
        rectified: bool,
    ) -> Self {
        let channels = node.shape.channels();
        let [height, width] = node.shape.positions();
        let trained = |at: usize, fixed: f32| match norm.affine {
            true => weights.0[node.weights[at]].clone(),
            false => vec![fixed; channels],
        };
        Self {
            shape: NormShape {
                channels,
                plane: height * width,
                samples,
            },
            weight: trained(0, 1.0),
            bias: trained(1, 0.0),
            rectified,
        }
    }

    fn norm(&self) -> Norm<'_> {
        Norm {
            weight: &self.weight,
            bias: &self.bias,
            rectified: self.rectified,
            epsilon: BatchNorm::EPSILON,
        }
    }

    /// With the statistics of the batch, and what the backward pass needs of them.
    pub(super) fn train(
        self,
        node: usize,
        input: &[Lane],
        output: &mut [Lane],
    ) -> (Memory, BatchStatistics) {
        let moments = batch_norm::train(&self.shape, &self.norm(), input, output);
        self.remembered(node, moments)
    }

    /// The statistics of the batch alone, where a mix normalises by them.
    pub(super) fn measure(self, node: usize, input: &[Lane]) -> (Memory, BatchStatistics) {
        let moments = batch_norm::statistics(&self.shape, input);
        self.remembered(node, moments)
    }

    fn remembered(self, node: usize, moments: Vec<[f32; 2]>) -> (Memory, BatchStatistics) {
        let all = |at: usize| moments.iter().map(|moments| moments[at]).collect();
        let statistics = BatchStatistics {
            node,
            mean: all(0),
            variance: all(1),
            count: self.shape.samples * self.shape.plane,
        };
        let memory = Memory {
            fused: self,
            moments,
        };
        (memory, statistics)
    }

    /// With running statistics.
    pub(super) fn running(self, node: &Node, weights: &Weights) -> Memory {
        let moments = match node.weights[..] {
            [.., mean, variance] => {
                let pairs = weights.0[mean].iter().zip(&weights.0[variance]);
                pairs.map(|(mean, variance)| [*mean, *variance]).collect()
            }
            _ => Vec::new(),
        };
        Memory {
            moments,
            fused: self,
        }
    }
}

impl Memory {
    /// Scale and shift of each channel.
    pub(super) fn lines(&self) -> [Vec<f32>; 2] {
        self.fused.norm().lines(&self.moments)
    }

    pub(super) fn apply(&self, input: &[Lane], output: &mut [Lane]) {
        let (shape, norm) = (&self.fused.shape, self.fused.norm());
        batch_norm::apply(shape, &norm, &self.moments, input, output);
    }

    /// Turns the gradient of the output into that of the input, and gives for
    /// each channel those of scale and bias.
    pub(super) fn backward(&self, input: &[Lane], gradient: &mut [Lane]) -> Vec<[f32; 2]> {
        let (shape, norm) = (&self.fused.shape, self.fused.norm());
        batch_norm::backward(shape, &norm, &self.moments, input, gradient)
    }

    /// Writes the gradient of the input where a mix took the output with this
    /// weight, and gives the slope of that weight.
    pub(super) fn backward_of_share(
        &self,
        weight: f32,
        input: &[Lane],
        gradient: &[Lane],
        target: &mut [Lane],
    ) -> f64 {
        let (shape, norm) = (&self.fused.shape, self.fused.norm());
        let share = (weight, gradient);
        let trained =
            batch_norm::backward_of_share(shape, &norm, &self.moments, input, share, target);
        slope(&trained)
    }
}

/// The normalised values times their gradients, summed up.
pub(super) fn slope(trained: &[[f32; 2]]) -> f64 {
    trained.iter().map(|[scale, _]| f64::from(*scale)).sum()
}

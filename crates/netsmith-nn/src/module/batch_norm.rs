//! Batch normalisation.

use super::value::Value;
use super::{BatchStatistics, Weights};
use burn::tensor::Tensor;
use netsmith::network::Node;
use netsmith::network::operation::BatchNorm;
use netsmith_kernels::Lane;
use netsmith_kernels::batch_norm::{self, NormShape, Normalized};

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

/// What the backward pass needs to know of the forward one.
#[derive(Debug)]
pub(super) struct Memory {
    fused: Fused,
    mean: Vec<f32>,
    inverse_deviation: Vec<f32>,
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

    /// With the statistics of the batch.
    pub(super) fn train(
        self,
        node: usize,
        input: &[Lane],
        output: &mut [Lane],
    ) -> (Memory, BatchStatistics) {
        let (mean, variance) = batch_norm::statistics(&self.shape, input);
        let inverse_deviation = inverse(&variance);
        self.apply(&mean, &inverse_deviation, input, output);
        let statistics = BatchStatistics {
            node,
            mean: mean.clone(),
            variance,
            count: self.shape.samples * self.shape.plane,
        };
        let memory = Memory {
            fused: self,
            mean,
            inverse_deviation,
        };
        (memory, statistics)
    }

    /// With running statistics.
    pub(super) fn infer(
        &self,
        node: &Node,
        weights: &Weights,
        input: &[Lane],
        output: &mut [Lane],
    ) {
        if let &[.., mean, variance] = &node.weights[..] {
            let inverse_deviation = inverse(&weights.0[variance]);
            self.apply(&weights.0[mean], &inverse_deviation, input, output);
        }
    }

    fn apply(&self, mean: &[f32], inverse_deviation: &[f32], input: &[Lane], output: &mut [Lane]) {
        let scale = inverse_deviation.iter().zip(&self.weight);
        let scale: Vec<f32> = scale.map(|(inverse, weight)| inverse * weight).collect();
        let shift = self.bias.iter().zip(mean).zip(&scale);
        let shift: Vec<f32> = shift
            .map(|((bias, mean), scale)| bias - mean * scale)
            .collect();
        batch_norm::apply(&self.shape, &scale, &shift, self.rectified, input, output);
    }
}

impl Memory {
    /// Turns the gradient of the output into that of the input, and gives those
    /// of scale and bias.
    pub(super) fn backward(&self, input: &[Lane], gradient: &mut [Lane]) -> [Vec<f32>; 2] {
        let norm = Normalized {
            mean: &self.mean,
            inverse_deviation: &self.inverse_deviation,
            weight: &self.fused.weight,
            bias: &self.fused.bias,
            rectified: self.fused.rectified,
        };
        let (weight, bias) = batch_norm::backward(&self.fused.shape, &norm, input, gradient);
        [weight, bias]
    }
}

fn inverse(variance: &[f32]) -> Vec<f32> {
    let inverse = |v: &f32| (1.0 / (f64::from(*v) + BatchNorm::EPSILON).sqrt()) as f32;
    variance.iter().map(inverse).collect()
}

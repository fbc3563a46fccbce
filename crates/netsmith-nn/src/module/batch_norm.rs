//! Batch normalisation.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work, side_by_side};
use super::inheritance::{Channels, Identity, Inheritance, Zeros};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use super::{BatchStatistics, Weights, mix};
use burn::tensor::Tensor;
use netsmith::network::operation::BatchNorm;
use netsmith::network::{Node, Saved};
use netsmith_kernels::Lane;
use netsmith_kernels::batch_norm::{self, Norm, NormShape};
use netsmith_kernels::channels_last::Octet;

impl Trainable for BatchNorm {
    /// Notes mean and biased variance of the batch, in training.
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let [samples, channels, height, width] = x.dims();
        let line = |values: &Tensor<1>| values.clone().reshape([1, channels, 1, 1]);
        let [.., running_mean, running_variance] = &site.weights[..] else {
            return site.first().clone();
        };
        let (centred, variance) = if site.noise.is_some() {
            let count = (samples * height * width) as f32;
            let total = |x: Tensor<4>| x.sum_dim(0).sum_dim(2).sum_dim(3) / count;
            let mean = total(x.clone());
            let centred = x - mean.clone();
            let variance = total(centred.clone() * centred.clone());
            let batch = [mean, variance.clone()].map(|t| t.reshape([channels]));
            site.statistics = Some(batch);
            (centred, variance)
        } else {
            (x - line(running_mean), line(running_variance))
        };
        let mut y = centred / (variance + BatchNorm::EPSILON as f32).sqrt();
        if self.affine {
            y = y * line(&site.weights[0]) + line(&site.weights[1]);
        }
        Value::new(y)
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.take(node);
        value.edit(|output| normalise(self, pass, node, Some(output)));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, mut gradient: Slot) {
        let first = pass.first(node);
        if let Some(memory) = pass.norms[node].take() {
            let mut trained = Vec::new();
            gradient.edit(|gradient| trained = memory.backward(pass.read(first), gradient));
            if self.affine {
                for at in 0..2 {
                    let sums: Vec<f32> = trained.iter().map(|pair| pair[at]).collect();
                    pass.train(node, at, &sums);
                }
            }
            if let Some((mix, at)) = pass.plan.norms[node] {
                // It counts as it is: the only one that was drawn.
                mix::learn_from_norm(pass, mix, at, slope(&trained));
            }
        }
        pass.deliver(first, gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        let zeros = if self.affine {
            Zeros::OfWeights
        } else {
            Zeros::OfInput
        };
        Inheritance::new(Channels::Normed { together: false })
            .with_identity(Identity::Norm)
            .with_zeros(zeros)
    }

    /// Together with the rectifier behind it.
    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let (scale, shift) = line(self, compiler.node(node), compiler.weights);
        let work = Line {
            scale: side_by_side(&scale),
            shift: side_by_side(&shift),
            rectified: compiler.absorb_rectifier(node),
        };
        Some(compiler.draft(node, work))
    }

    fn norm(&self) -> Option<&BatchNorm> {
        Some(self)
    }
}

/// What a norm measures where a mix normalises by it: it has no value then.
pub(super) fn measure(norm: &BatchNorm, pass: &mut Pass<'_>, node: usize) {
    if !pass.counts_only() {
        normalise(norm, pass, node, None);
    }
}

/// Normalises by the statistics of the batch in training, by running ones else;
/// without an output these are only noted down.
fn normalise(norm: &BatchNorm, pass: &mut Pass<'_>, index: usize, output: Option<&mut [Lane]>) {
    let node = pass.node(index);
    let rectified = pass.plan.rectified[index];
    let norm = Fused::new(norm, node, pass.weights, pass.samples, rectified);
    let input = pass.read(node.inputs[0]);
    let (memory, statistics) = match (pass.noise, output) {
        (Some(_), Some(output)) => norm.train(index, input, output),
        (Some(_), None) => norm.measure(index, input),
        (None, output) => {
            let memory = norm.running(node, pass.weights);
            if let Some(output) = output {
                memory.apply(input, output);
            }
            pass.norms[index] = Some(memory);
            return;
        }
    };
    pass.norms[index] = Some(memory);
    pass.statistics.push(statistics);
}

/// Scale and shift of each channel of a norm with its running statistics.
pub(super) fn line(norm: &BatchNorm, node: &Node, weights: &Weights) -> (Vec<f32>, Vec<f32>) {
    let values = |at: usize| &weights.0[node.weights[at]];
    let behind = if norm.affine { 2 } else { 0 };
    let (mean, variance) = (values(behind), values(behind + 1));
    let lines = mean.iter().zip(variance).enumerate();
    let line = lines.map(|(channel, (mean, variance))| {
        let inverse = 1.0 / (f64::from(*variance) + BatchNorm::EPSILON).sqrt();
        let (weight, bias) = match norm.affine {
            true => (values(0)[channel], values(1)[channel]),
            false => (1.0, 0.0),
        };
        let scale = f64::from(weight) * inverse;
        let shift = f64::from(bias) - f64::from(*mean) * scale;
        (scale as f32, shift as f32)
    });
    line.unzip()
}

/// A norm of single samples that no layer takes over.
#[derive(Debug)]
struct Line {
    scale: Vec<Octet>,
    shift: Vec<Octet>,
    rectified: bool,
}

impl Work for Line {
    /// `scale · source + shift` for each channel.
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let (scale, shift) = (&self.scale, &self.shift);
        let least = if self.rectified {
            0.0
        } else {
            f32::NEG_INFINITY
        };
        let positions = sources.get(0).chunks_exact(scale.len());
        for (source, target) in positions.zip(target.chunks_exact_mut(scale.len())) {
            for (octet, (source, target)) in source.iter().zip(target).enumerate() {
                for lane in 0..8 {
                    let value = source[lane] * scale[octet][lane] + shift[octet][lane];
                    target[lane] = value.max(least);
                }
            }
        }
    }
}

/// One normalisation for the fused kernels.
#[derive(Debug)]
struct Fused {
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
    fn new(
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
    fn train(self, node: usize, input: &[Lane], output: &mut [Lane]) -> (Memory, BatchStatistics) {
        let moments = batch_norm::train(&self.shape, &self.norm(), input, output);
        self.remembered(node, moments)
    }

    /// The statistics of the batch alone, where a mix normalises by them.
    fn measure(self, node: usize, input: &[Lane]) -> (Memory, BatchStatistics) {
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
    fn running(self, node: &Node, weights: &Weights) -> Memory {
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

    fn apply(&self, input: &[Lane], output: &mut [Lane]) {
        let (shape, norm) = (&self.fused.shape, self.fused.norm());
        batch_norm::apply(shape, &norm, &self.moments, input, output);
    }

    /// Turns the gradient of the output into that of the input, and gives for
    /// each channel those of scale and bias.
    fn backward(&self, input: &[Lane], gradient: &mut [Lane]) -> Vec<[f32; 2]> {
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
fn slope(trained: &[[f32; 2]]) -> f64 {
    trained.iter().map(|[scale, _]| f64::from(*scale)).sum()
}

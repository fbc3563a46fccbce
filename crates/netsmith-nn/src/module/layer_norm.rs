//! Layer normalisation.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft};
use super::inheritance::{Channels, Inheritance, Zeros};
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::Tensor;
use netsmith::network::Saved;
use netsmith::network::operation::LayerNorm;
use netsmith_kernels::{LANES, Lane};

impl Trainable for LayerNorm {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let x = site.first().tensor.clone();
        let channels = x.dims()[1];
        let line = |values: &Tensor<1>| values.clone().reshape([1, channels, 1, 1]);
        let centred = x.clone() - x.mean_dim(1);
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let mut y = centred / (variance + LayerNorm::EPSILON as f32).sqrt();
        if self.affine {
            y = y * line(&site.weights[0]) + line(&site.weights[1]);
        }
        Value::new(y)
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let sizes = sizes(pass, node);
        let trained = pass.weight(node, 0).zip(pass.weight(node, 1));
        let trained = trained.map(|(scale, bias)| [scale, bias]);
        let mut value = pass.take(node);
        value.edit(|output| forward(sizes, trained, pass.read(pass.first(node)), output));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, mut gradient: Slot) {
        let (first, sizes) = (pass.first(node), sizes(pass, node));
        let scale = pass.weight(node, 0);
        gradient.edit(|gradient| {
            let trained = backward(sizes, scale, pass.read(first), gradient);
            if self.affine {
                pass.train(node, 0, &trained[0]);
                pass.train(node, 1, &trained[1]);
            }
        });
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
        Inheritance::new(Channels::Normed { together: true }).with_zeros(zeros)
    }

    fn compile(&self, _compiler: &mut Compiler<'_>, _node: usize) -> Option<Draft> {
        None
    }
}

/// Channels and positions of a node.
fn sizes(pass: &Pass<'_>, node: usize) -> [usize; 2] {
    let shape = pass.shape(node);
    [shape.channels(), shape.positions().iter().product()]
}

/// Over blocks of `[channels, plane]`; `trained` are scale and bias.
fn forward(
    [channels, plane]: [usize; 2],
    trained: Option<[&[f32]; 2]>,
    input: &[Lane],
    output: &mut [Lane],
) {
    let size = channels * plane;
    for (input, output) in input.chunks_exact(size).zip(output.chunks_exact_mut(size)) {
        for position in 0..plane {
            let (mean, inverse) = moments(input, plane, position);
            for channel in 0..channels {
                let at = channel * plane + position;
                let [weight, bias] = trained.map_or([1.0, 0.0], |t| t.map(|t| t[channel]));
                for lane in 0..LANES {
                    let normal = (input[at][lane] - mean[lane]) * inverse[lane];
                    output[at][lane] = normal * weight + bias;
                }
            }
        }
    }
}

/// Turns the gradient of the output into that of the input, and gives those of
/// scale and bias.
fn backward(
    [channels, plane]: [usize; 2],
    weight: Option<&[f32]>,
    input: &[Lane],
    gradient: &mut [Lane],
) -> [Vec<f32>; 2] {
    let size = channels * plane;
    let mut trained = [vec![0.0; channels], vec![0.0; channels]];
    let blocks = input
        .chunks_exact(size)
        .zip(gradient.chunks_exact_mut(size));
    for (input, gradient) in blocks {
        for position in 0..plane {
            let (mean, inverse) = moments(input, plane, position);
            // Sums over the channels of the scaled gradient, and of it times
            // the normalised value.
            let (mut plain, mut weighted) = ([0.0; LANES], [0.0; LANES]);
            for channel in 0..channels {
                let at = channel * plane + position;
                let weight = weight.map_or(1.0, |weight| weight[channel]);
                let (mut scale, mut bias) = (0.0, 0.0);
                for lane in 0..LANES {
                    let normal = (input[at][lane] - mean[lane]) * inverse[lane];
                    let gradient = gradient[at][lane];
                    scale += gradient * normal;
                    bias += gradient;
                    plain[lane] += gradient * weight;
                    weighted[lane] += gradient * weight * normal;
                }
                trained[0][channel] += scale;
                trained[1][channel] += bias;
            }
            let count = channels as f32;
            for channel in 0..channels {
                let at = channel * plane + position;
                let weight = weight.map_or(1.0, |weight| weight[channel]);
                for lane in 0..LANES {
                    let normal = (input[at][lane] - mean[lane]) * inverse[lane];
                    let around = (plain[lane] + normal * weighted[lane]) / count;
                    gradient[at][lane] = inverse[lane] * (gradient[at][lane] * weight - around);
                }
            }
        }
    }
    trained
}

/// Mean and `1 / √(variance + epsilon)` over the channels at one position.
fn moments(input: &[Lane], plane: usize, position: usize) -> (Lane, Lane) {
    let channels = || input[position..].iter().step_by(plane);
    let count = channels().len() as f32;
    let (mut mean, mut squares) = ([0.0; LANES], [0.0; LANES]);
    for value in channels() {
        for lane in 0..LANES {
            mean[lane] += value[lane];
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for value in channels() {
        for lane in 0..LANES {
            squares[lane] += (value[lane] - mean[lane]).powi(2);
        }
    }
    let epsilon = LayerNorm::EPSILON as f32;
    (
        mean,
        squares.map(|sum| 1.0 / (sum / count + epsilon).sqrt()),
    )
}

//! Element-wise non-linearities.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Identity, Inheritance, Range, Zeros};
use super::lanes::PIECE;
use super::trainable::{Sharing, Trainable};
use super::value::Value;
use burn::tensor::{Tensor, activation};
use netsmith::network::Saved;
use netsmith::network::operation::Activation;
use netsmith_kernels::Lane;
use netsmith_kernels::channels_last::Octet;
use rayon::prelude::*;

impl Trainable for Activation {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        Value::new(composed(*self, site.first().tensor.clone()))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut value = pass.reuse(node, pass.first(node));
        value.edit(|values| forward(*self, values));
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, mut gradient: Slot) {
        let first = pass.first(node);
        // A rectifier that its norm applies is undone there.
        if pass.holds(node) {
            let kept = match self.saved() {
                Saved::Output => node,
                Saved::Inputs | Saved::Nothing => first,
            };
            gradient.edit(|gradient| backward(*self, pass.read(kept), gradient));
        }
        pass.deliver(first, gradient);
    }

    fn saved(&self) -> Saved {
        match self {
            Self::Relu | Self::Relu6 | Self::Sigmoid | Self::Tanh | Self::Complement => {
                Saved::Output
            }
            Self::HardSwish | Self::HardSigmoid | Self::Silu | Self::Gelu => Saved::Inputs,
        }
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        let zeros = match self {
            Self::Relu | Self::Relu6 | Self::HardSwish | Self::Silu | Self::Gelu | Self::Tanh => {
                Zeros::OfInput
            }
            Self::Sigmoid | Self::HardSigmoid | Self::Complement => Zeros::Never,
        };
        Inheritance::new(Channels::Each)
            .with_identity(Identity::Under(*self))
            .with_zeros(zeros)
            .with_range(Range::Of(*self))
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        Some(compiler.draft(node, Pointwise(*self)))
    }

    fn is_elementwise(&self) -> bool {
        true
    }

    fn is_rectifier(&self) -> bool {
        *self == Self::Relu
    }

    fn threshold(&self) -> Option<f32> {
        Some(match self {
            // Their outputs at zero.
            Self::Sigmoid | Self::HardSigmoid => 0.5,
            Self::Relu
            | Self::Relu6
            | Self::HardSwish
            | Self::Silu
            | Self::Gelu
            | Self::Tanh
            | Self::Complement => 0.0,
        })
    }
}

/// An activation of single samples.
#[derive(Debug)]
struct Pointwise(Activation);

impl Work for Pointwise {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        target.copy_from_slice(sources.get(0));
        apply(self.0, target.as_flattened_mut());
    }
}

fn composed(kind: Activation, x: Tensor<4>) -> Tensor<4> {
    let ramp = |x: Tensor<4>| (x + 3.0).clamp(0.0, 6.0) / 6.0;
    match kind {
        Activation::Relu => activation::relu(x),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::HardSwish => x.clone() * ramp(x),
        Activation::HardSigmoid => ramp(x),
        Activation::Silu => x.clone() * activation::sigmoid(x),
        Activation::Gelu => x.clone() * ((x * std::f32::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5,
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Complement => x.neg() + 1.0,
    }
}

/// In place.
fn forward(kind: Activation, values: &mut [Lane]) {
    let pieces = values.par_chunks_mut(PIECE);
    pieces.for_each(|values| apply(kind, values.as_flattened_mut()));
}

/// Of plain values, in place.
fn apply(kind: Activation, values: &mut [f32]) {
    let apply = |f: fn(f32) -> f32, values: &mut [f32]| {
        values.iter_mut().for_each(|x| *x = f(*x));
    };
    // Each arm names its function, so that the compiler makes a loop of its own.
    match kind {
        Activation::Relu => {
            let values = values.iter_mut();
            values.for_each(|x| *x = if *x > 0.0 { *x } else { 0.0 });
        }
        Activation::Relu6 => apply(|x| x.clamp(0.0, 6.0), values),
        Activation::HardSwish => apply(|x| x * ramp(x), values),
        Activation::HardSigmoid => apply(ramp, values),
        Activation::Silu => apply(|x| x * sigmoid(x), values),
        Activation::Gelu => apply(|x| x * normal_distribution(x), values),
        Activation::Sigmoid => apply(sigmoid, values),
        Activation::Tanh => apply(f32::tanh, values),
        Activation::Complement => apply(|x| 1.0 - x, values),
    }
}

/// Turns the gradient of the output into that of the input. `kept` is the output
/// where [`Trainable::saved`] says so, else the input.
fn backward(kind: Activation, kept: &[Lane], gradient: &mut [Lane]) {
    let pieces = gradient.par_chunks_mut(PIECE).zip(kept.par_chunks(PIECE));
    pieces.for_each(|(gradient, kept)| slope(kind, kept, gradient));
}

fn slope(kind: Activation, kept: &[Lane], gradient: &mut [Lane]) {
    let apply = |slope: fn(f32) -> f32, gradient: &mut [Lane]| {
        let pairs = gradient
            .as_flattened_mut()
            .iter_mut()
            .zip(kept.as_flattened());
        pairs.for_each(|(gradient, kept)| *gradient *= slope(*kept));
    };
    match kind {
        Activation::Relu => {
            let pairs = gradient
                .as_flattened_mut()
                .iter_mut()
                .zip(kept.as_flattened());
            pairs.for_each(|(gradient, y)| *gradient = if *y > 0.0 { *gradient } else { 0.0 });
        }
        Activation::Relu6 => apply(|y| f32::from(u8::from(y > 0.0 && y < 6.0)), gradient),
        Activation::HardSwish => apply(
            |x| {
                if x <= -3.0 {
                    0.0
                } else if x >= 3.0 {
                    1.0
                } else {
                    (2.0 * x + 3.0) / 6.0
                }
            },
            gradient,
        ),
        Activation::HardSigmoid => {
            apply(
                |x| if x > -3.0 && x < 3.0 { 1.0 / 6.0 } else { 0.0 },
                gradient,
            );
        }
        Activation::Silu => apply(
            |x| {
                let s = sigmoid(x);
                s * (1.0 + x * (1.0 - s))
            },
            gradient,
        ),
        Activation::Gelu => apply(
            |x| {
                let density = (-0.5 * x * x).exp() / std::f32::consts::TAU.sqrt();
                normal_distribution(x) + x * density
            },
            gradient,
        ),
        Activation::Sigmoid => apply(|y| y * (1.0 - y), gradient),
        Activation::Tanh => apply(|y| 1.0 - y * y, gradient),
        Activation::Complement => apply(|_| -1.0, gradient),
    }
}

fn ramp(x: f32) -> f32 {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Φ(x), from the error function's approximation 7.1.26 of Abramowitz and
/// Stegun (absolute error below 1.5e-7).
fn normal_distribution(x: f32) -> f32 {
    const COEFFICIENTS: [f64; 5] = [
        1.061405429,
        -1.453152027,
        1.421413741,
        -0.284496736,
        0.254829592,
    ];
    let z = f64::from(x).abs() * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    let polynomial = COEFFICIENTS.iter().fold(0.0, |sum, c| sum * t + c) * t;
    let tail = 0.5 * polynomial * (-z * z).exp();
    if x >= 0.0 {
        (1.0 - tail) as f32
    } else {
        tail as f32
    }
}

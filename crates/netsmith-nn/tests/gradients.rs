//! Every operation's gradients: the fused kernels against burn's automatic
//! differentiation, and both against finite differences.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "gradients/examples.rs"]
mod examples;

use netsmith::catalogue::Settings;
use netsmith::network::operation::{
    self, Activation, BatchNorm, ChannelShuffle, Convolution, Dropout, Groups, LayerNorm, Linear,
    Pad, Pool, Resize, Slice, Truncate, Window, Zero,
};
use netsmith::network::{Builder, Network, Operation, Role, Shape};
use netsmith::random::Seed;
use netsmith::space::{self, Limits, Task};
use netsmith_nn::module::{Inference, Kernels, Module, Noise, Step, Weights};
use rand::RngExt;
use std::collections::BTreeSet;

/// A number of samples that fills one block and part of another.
const SAMPLES: usize = 19;

fn draws(name: &str, count: usize) -> Vec<f32> {
    let mut random = Seed::new(5).child(name).stream();
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Weights without zeros and ones: so that every factor counts.
fn start(network: &Network) -> Weights {
    let mut weights = Weights::init(network, &Seed::new(3));
    for (weight, values) in network.weights().iter().zip(&mut weights.0) {
        let shift = draws(&weight.name, values.len());
        values
            .iter_mut()
            .zip(shift)
            .for_each(|(v, s)| *v += 0.3 * s.abs());
    }
    weights
}

/// One step with a loss that is smooth in the answers: the sum of their
/// products with fixed numbers, and of half their squares.
fn step(network: &Network, kernels: Kernels, weights: &mut Weights) -> Step {
    let mut module = Module::new(network, kernels).unwrap();
    let inputs = draws("inputs", SAMPLES * module.input().elements());
    let noise = Noise::new(Seed::new(11), 0.4);
    module.step(weights, &inputs, &noise, |answers, gradient| {
        let factors = draws("loss", answers.len());
        let scale = 1.0 / SAMPLES as f32;
        let mut loss = 0.0;
        for ((answer, factor), gradient) in answers.iter().zip(&factors).zip(gradient) {
            loss += f64::from(scale) * f64::from(*answer) * f64::from(factor + 0.5 * answer);
            *gradient = scale * (factor + answer);
        }
        loss
    })
}

#[track_caller]
fn close(what: &str, a: f64, b: f64, scale: f64, tolerance: f64) {
    assert!(
        (a - b).abs() <= tolerance * scale.max(1e-3),
        "{what}: {a} and {b} differ by more than {tolerance} of {scale}"
    );
}

#[track_caller]
fn check(network: &Network) {
    let (mut fused_weights, mut burn_weights) = (start(network), start(network));
    let fused = step(network, Kernels::Fused, &mut fused_weights);
    let burn = step(network, Kernels::Burn, &mut burn_weights);
    close("loss", fused.loss, burn.loss, burn.loss.abs(), 1e-5);
    for (index, weight) in network.weights().iter().enumerate() {
        let largest = |values: &[f32]| values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
        let pairs = [
            (&fused.gradients[index], &burn.gradients[index]),
            (&fused_weights.0[index], &burn_weights.0[index]),
        ];
        for (a, b) in pairs {
            assert_eq!(a.len(), b.len(), "{}", weight.name);
            let scale = f64::from(largest(b));
            for (a, b) in a.iter().zip(b) {
                close(&weight.name, f64::from(*a), f64::from(*b), scale, 2e-4);
            }
        }
        if weight.shape.role.trains() {
            check_difference(network, index, &fused.gradients[index]);
        }
    }
    let mut answers = [Kernels::Fused, Kernels::Burn].map(|kernels| {
        let mut module = Module::new(network, kernels).unwrap();
        let inputs = draws("inputs", SAMPLES * module.input().elements());
        module.infer(&fused_weights, &inputs)
    });
    let [fused, burn] = &mut answers;
    for (a, b) in fused.iter().zip(burn) {
        close(
            "inference",
            f64::from(*a),
            f64::from(*b),
            f64::from(b.abs()).max(1.0),
            1e-4,
        );
    }
}

/// The slope of the loss along a random direction of one weight.
///
/// A short distance crosses few kinks of rectifiers and maxima; a long one
/// drowns the rounding of single precision. A right gradient agrees with one
/// of them at least, a wrong one with neither.
#[track_caller]
fn check_difference(network: &Network, index: usize, gradient: &[f32]) {
    const DISTANCES: [f32; 2] = [2e-3, 1.6e-2];
    let name = &network.weights()[index].name;
    let direction = draws(&format!("{name} direction"), gradient.len());
    let at = |distance: f32| {
        let mut weights = start(network);
        let moved = weights.0[index].iter_mut().zip(&direction);
        moved.for_each(|(weight, d)| *weight += distance * d);
        step(network, Kernels::Fused, &mut weights).loss
    };
    let products = gradient.iter().zip(&direction);
    let expected: f64 = products
        .clone()
        .map(|(g, d)| f64::from(*g) * f64::from(*d))
        .sum();
    let scale: f64 = products
        .map(|(g, d)| f64::from(g * d).powi(2))
        .sum::<f64>()
        .sqrt();
    let slopes = DISTANCES.map(|d| (at(d) - at(-d)) / (2.0 * f64::from(d)));
    let nearest = slopes
        .into_iter()
        .min_by(|a, b| (a - expected).abs().total_cmp(&(b - expected).abs()))
        .unwrap();
    close(
        &format!("slope along {name}"),
        nearest,
        expected,
        scale.max(expected.abs()).max(1e-2),
        1e-2,
    );
}

/// A convolution, the operation, and a head: gradients pass through it.
#[track_caller]
fn check_image(shape: Shape, operation: Operation) {
    let mut builder = Builder::new();
    let x = builder.input("x", shape);
    let stem = Convolution::square(shape.channels(), 1_usize, 1_usize);
    let stem = builder
        .add("stem", Operation::Convolution(stem), &[x])
        .unwrap();
    let y = builder.add("it", operation, &[stem]).unwrap();
    let y = match builder.shape(y) {
        Shape::Image { .. } => builder.add("flat", Operation::Flatten, &[y]).unwrap(),
        Shape::Vector { .. } => y,
    };
    let head = Operation::Linear(Linear::new(3_usize));
    let y = builder.add("head", head, &[y]).unwrap();
    check(&builder.finish(&[y]));
}

fn window(kernel: [usize; 2], stride: [usize; 2], dilation: usize) -> Window {
    Window {
        kernel,
        stride,
        dilation,
        ..Window::square(1_usize, 1_usize)
    }
}

#[test]
fn convolutions_of_every_geometry() {
    for (kernel, stride, dilation) in [
        ([3, 3], [1, 1], 1),
        ([3, 3], [2, 2], 1),
        ([5, 3], [1, 2], 1),
        ([3, 3], [1, 1], 2),
        ([3, 5], [2, 2], 2),
        ([2, 2], [1, 1], 1),
        ([2, 4], [2, 2], 1),
        ([1, 1], [2, 2], 1),
        ([1, 7], [1, 3], 1),
    ] {
        for (groups, out) in [
            (Groups::Count(1), 7),
            (Groups::Count(2), 8),
            (Groups::Depthwise, 4),
        ] {
            for bias in [false, true] {
                let window = window(kernel, stride, dilation);
                let convolution = Convolution {
                    out,
                    window,
                    groups,
                    bias,
                };
                check_image(Shape::image(4, 7, 6), Operation::Convolution(convolution));
            }
        }
    }
    let valid = Convolution::square(13_usize, 3_usize, 2_usize).valid();
    check_image(Shape::image(5, 8, 7), Operation::Convolution(valid));
    let sequence = Convolution {
        window: window([1, 3], [1, 1], 1),
        ..Convolution::square(6_usize, 1_usize, 1_usize)
    };
    check_image(Shape::sequence(3, 9), Operation::Convolution(sequence));
}

#[test]
fn pools_of_every_geometry() {
    for (kernel, stride) in [
        ([3, 3], [1, 1]),
        ([3, 3], [2, 2]),
        ([2, 2], [2, 2]),
        ([5, 2], [1, 3]),
    ] {
        let pool = || Pool {
            window: window(kernel, stride, 1),
        };
        check_image(Shape::image(3, 7, 6), Operation::MaxPool(pool()));
        check_image(Shape::image(3, 7, 6), Operation::AvgPool(pool()));
    }
    check_image(Shape::image(5, 4, 3), Operation::GlobalPool);
}

#[test]
fn activations() {
    for activation in Activation::ALL {
        check_image(Shape::image(2, 5, 4), Operation::Activation(activation));
    }
}

#[test]
fn normalisations() {
    for affine in [true, false] {
        for shape in [Shape::image(6, 5, 4), Shape::image(3, 1, 1)] {
            check_image(shape, Operation::BatchNorm(BatchNorm { affine }));
            check_image(shape, Operation::LayerNorm(LayerNorm { affine }));
        }
    }
}

#[test]
fn operations_that_move_values() {
    let shape = Shape::image(6, 4, 6);
    check_image(shape, Operation::Shift);
    check_image(Shape::sequence(2, 5), Operation::Shift);
    check_image(
        shape,
        Operation::ChannelShuffle(ChannelShuffle { groups: 3 }),
    );
    check_image(shape, Operation::Identity);
    check_image(
        shape,
        Operation::Pad(Pad {
            channels: 7,
            height: 6,
            width: 6,
        }),
    );
    check_image(
        shape,
        Operation::Resize(Resize {
            height: 8,
            width: 3,
        }),
    );
    check_image(
        shape,
        Operation::Resize(Resize {
            height: 2,
            width: 12,
        }),
    );
    check_image(
        shape,
        Operation::Resize(Resize {
            height: 4,
            width: 6,
        }),
    );
    check_image(
        Shape::sequence(4, 5),
        Operation::Slice(Slice { position: 3 }),
    );
    let channels = shape.channels() - 1;
    check_image(shape, Operation::Truncate(Truncate { channels, from: 0 }));
    check_image(shape, Operation::Truncate(Truncate { channels, from: 1 }));
    check_image(shape, Operation::Dropout(Dropout { rate: 0.3 }));
    check_image(shape, Operation::DropPath);
}

/// Sums, products, concatenation, zeros, stacks, tied weights, and a rectified
/// normalisation, in one network in which values are read several times.
#[test]
fn operations_of_several_inputs() {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(3, 6, 6));
    let convolution =
        |out: usize| Operation::Convolution(Convolution::square(out, 3_usize, 1_usize));
    let norm = || Operation::BatchNorm(BatchNorm { affine: true });
    let relu = || Operation::Activation(Activation::Relu);
    let stem = builder.add("stem", convolution(4), &[x]).unwrap();
    let stem = builder.add("norm", norm(), &[stem]).unwrap();
    let stem = builder.add("relu", relu(), &[stem]).unwrap();
    let a = builder
        .add_tied("a", convolution(4), &[stem], "tie")
        .unwrap();
    let b = builder.add_tied("b", convolution(4), &[a], "tie").unwrap();
    let b = builder.add("b_norm", norm(), &[b]).unwrap();
    let zero = builder
        .add("zero", Operation::Zero(Zero { stride: [1, 1] }), &[stem])
        .unwrap();
    let sum = builder
        .add("sum", Operation::Add, &[stem, b, a, zero, b])
        .unwrap();
    let silu = Operation::Activation(Activation::Silu);
    let pre = builder.add("pre", silu, &[sum]).unwrap();
    let pooled = builder.add("pool", Operation::GlobalPool, &[pre]).unwrap();
    let gate = builder
        .add("gate", Operation::Linear(Linear::new(4_usize)), &[pooled])
        .unwrap();
    let gate = builder
        .add(
            "gate_sigmoid",
            Operation::Activation(Activation::Sigmoid),
            &[gate],
        )
        .unwrap();
    let scaled = builder
        .add("scaled", Operation::Multiply, &[pre, gate])
        .unwrap();
    let squared = builder
        .add("squared", Operation::Multiply, &[scaled, b])
        .unwrap();
    let joined = builder
        .add("joined", Operation::Concat, &[scaled, x, squared])
        .unwrap();
    let unread = builder.add("unread", convolution(2), &[joined]).unwrap();
    let _ = builder.add("unread_relu", relu(), &[unread]).unwrap();
    let left = builder
        .add("left", Operation::GlobalPool, &[joined])
        .unwrap();
    let right = builder
        .add("right", Operation::Linear(Linear::new(11_usize)), &[left])
        .unwrap();
    let stack = builder
        .add("stack", Operation::Stack, &[left, right, left])
        .unwrap();
    let flat = builder.add("flat", Operation::Flatten, &[stack]).unwrap();
    let vector_norm = builder.add("vector_norm", norm(), &[flat]).unwrap();
    let layer_norm = Operation::LayerNorm(LayerNorm { affine: true });
    let y = builder
        .add("layer_norm", layer_norm, &[vector_norm])
        .unwrap();
    let y = builder
        .add(
            "head",
            Operation::Linear(Linear {
                out: 3,
                bias: false,
            }),
            &[y],
        )
        .unwrap();
    check(&builder.finish(&[y]));
}

/// The examples of the catalogue, so that a new operation is held here without a
/// line of its own.
#[test]
fn every_operation_of_the_catalogue() {
    let networks = examples::networks();
    for (_, network) in &networks {
        check(network);
    }
    let names: BTreeSet<&str> = networks.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len() + 2, operation::catalogue().count());
}

/// Operations that have a step for single samples answer as in a pass; those that
/// have none are these.
#[test]
fn single_samples_of_the_catalogue() {
    let mut without = BTreeSet::new();
    for (name, network) in examples::networks() {
        let weights = start(&network);
        let Some(mut finished) = Inference::new(&network, &weights) else {
            without.insert(name);
            continue;
        };
        let mut module = Module::new(&network, Kernels::Fused).unwrap();
        let inputs = draws("inputs", 5 * module.input().elements());
        let expected = module.infer(&weights, &inputs);
        let scale = expected.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
        for (a, b) in finished.run(&inputs).iter().zip(&expected) {
            close(name, f64::from(*a), f64::from(*b), f64::from(scale), 1e-4);
        }
    }
    let expected = [
        "channel-shuffle",
        "convolution",
        "layer-norm",
        "pad",
        "resize",
        "slice",
        "stack",
        "transposed-convolution",
        "truncate",
    ];
    assert_eq!(without, BTreeSet::from(expected));
}

/// A finished network answers as it did in training's layout.
#[test]
fn single_samples_are_answered_alike() {
    for (name, shape, text) in [
        (
            "nas-bench-201",
            Shape::image(3, 13, 13),
            Some(
                "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
            ),
        ),
        ("chain", Shape::image(1, 15, 15), None),
        ("darts", Shape::image(3, 12, 12), None),
        ("mlp", Shape::vector(13), None),
    ] {
        let entry = space::CATALOGUE.iter().find(|e| e.name == name).unwrap();
        let settings = Settings::new(entry.parameters, &Default::default()).unwrap();
        let task = Task::vector(shape, 10);
        let space = (entry.build)(&task, &settings).unwrap();
        let mut random = Seed::new(8).stream();
        for _ in 0..4 {
            let architecture = match text {
                Some(text) => space.parse(text).unwrap(),
                None => space.sample(&Limits::default(), &mut random).unwrap(),
            };
            let network = space.network(&architecture).unwrap();
            // Kernels stay as they start, so that no deep network overflows.
            let (mut weights, fresh) = (start(&network), Weights::init(&network, &Seed::new(3)));
            for (index, weight) in network.weights().iter().enumerate() {
                if let Role::Kernel { .. } = weight.shape.role {
                    weights.0[index].clone_from(&fresh.0[index]);
                }
            }
            let Some(mut finished) = Inference::new(&network, &weights) else {
                assert!(name == "chain" || name == "mlp", "{name}");
                continue;
            };
            let inputs = draws("inputs", 3 * shape.elements());
            let mut module = Module::new(&network, Kernels::Fused).unwrap();
            let expected = module.infer(&weights, &inputs);
            assert!(expected.iter().all(|answer| answer.is_finite()), "{name}");
            // Buffers are used again from sample to sample.
            for found in [finished.run(&inputs), finished.run(&inputs)] {
                let scale = expected.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
                for (a, b) in found.iter().zip(&expected) {
                    close(name, f64::from(*a), f64::from(*b), f64::from(scale), 1e-4);
                }
            }
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(3, 9, 9));
    let convolution = Convolution::square(20_usize, 3_usize, 1_usize);
    let y = builder
        .add("convolution", Operation::Convolution(convolution), &[x])
        .unwrap();
    let y = builder
        .add(
            "norm",
            Operation::BatchNorm(BatchNorm { affine: true }),
            &[y],
        )
        .unwrap();
    let y = builder.add("pool", Operation::GlobalPool, &[y]).unwrap();
    let y = builder
        .add("head", Operation::Linear(Linear::new(10_usize)), &[y])
        .unwrap();
    let network = builder.finish(&[y]);
    let steps = [1, 2, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| step(&network, Kernels::Fused, &mut start(&network)))
    });
    assert_eq!(steps[0], steps[1]);
    assert_eq!(steps[0], steps[2]);
}

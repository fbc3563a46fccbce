//! Every kernel of training against its formula, with every set of
//! instructions and several numbers of threads, over odd shapes.

use crate::batch_norm::{self, Norm, NormShape};
use crate::convolution::{self, ConvolutionShape};
use crate::processor::choice::everywhere;
use crate::weight_gradient::backward_weights;
use crate::{Buffer, LANES, Window, blocks, linear, pack, unpack};
use proptest::prelude::*;

/// Numbers in [-1, 1) without a pattern that a mistake would keep.
fn numbers(count: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn packed(values: &[f32], samples: usize) -> Buffer {
    let size = values.len() / samples;
    let mut target = Buffer::zeroed(blocks(samples) * size);
    pack(values, size, &mut target);
    target
}

/// Calls `visit` with each product that a convolution sums up: the places of
/// the output, the input and the weight.
fn each_product(
    shape: &ConvolutionShape,
    samples: usize,
    mut visit: impl FnMut(usize, usize, usize),
) {
    let w = &shape.window;
    let [group_in, group_out] = [shape.channels / shape.groups, shape.out / shape.groups];
    for sample in 0..samples {
        for out in 0..shape.out {
            for position in 0..w.output_plane() {
                for input in 0..group_in {
                    for tap in 0..w.taps() {
                        let [oy, ox] = [position / w.output[1], position % w.output[1]];
                        let [ky, kx] = [tap / w.kernel[1], tap % w.kernel[1]];
                        let y = (oy * w.stride[0] + ky * w.dilation).wrapping_sub(w.before[0]);
                        let x = (ox * w.stride[1] + kx * w.dilation).wrapping_sub(w.before[1]);
                        if y < w.input[0] && x < w.input[1] {
                            let channel = out / group_out * group_in + input;
                            let read = sample * shape.channels + channel;
                            visit(
                                (sample * shape.out + out) * w.output_plane() + position,
                                (read * w.input[0] + y) * w.input[1] + x,
                                (out * group_in + input) * w.taps() + tap,
                            );
                        }
                    }
                }
            }
        }
    }
}

#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected
        .iter()
        .fold(1.0_f64, |most, value| most.max(value.abs()));
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let apart = (f64::from(*found) - expected).abs();
        assert!(
            apart <= 2e-5 * scale,
            "{what}, {at}: {found}, not {expected}"
        );
    }
}

fn check_convolution(shape: &ConvolutionShape, samples: usize) {
    let (read, written) = (shape.window.input_plane(), shape.window.output_plane());
    let [input, gradient] = [
        numbers(samples * shape.channels * read, 1),
        numbers(samples * shape.out * written, 2),
    ];
    let count = shape.out * (shape.channels / shape.groups) * shape.window.taps();
    let (weights, bias) = (numbers(count, 3), numbers(shape.out, 4));
    let mut outputs: Vec<f64> = (0..gradient.len())
        .map(|at| f64::from(bias[at / written % shape.out]))
        .collect();
    let mut inputs = vec![0.0; input.len()];
    let mut trained = vec![0.0; count];
    each_product(shape, samples, |out, at, weight| {
        let [w, x, g] = [weights[weight], input[at], gradient[out]].map(f64::from);
        outputs[out] += w * x;
        inputs[at] += w * g;
        trained[weight] += x * g;
    });
    everywhere(|| {
        let (source, arriving) = (packed(&input, samples), packed(&gradient, samples));
        let mut target = Buffer::zeroed(arriving.len());
        convolution::forward(shape, &source, &weights, Some(&bias), &mut target);
        let found = unpack(&target, shape.out * written, samples);
        assert_close("output", &found, &outputs);
        let mut target = Buffer::zeroed(source.len());
        convolution::backward_input(shape, &arriving, &weights, &mut target);
        let back = unpack(&target, shape.channels * read, samples);
        assert_close("input", &back, &inputs);
        let mut own = vec![7.0; count];
        backward_weights(shape, &source, &arriving, &mut own);
        assert_close("weights", &own, &trained);
        (found, back, own)
    });
}

fn axes() -> impl Strategy<Value = [usize; 5]> {
    // Kernel, stride, padding before, input and output of one axis.
    (1_usize..6, 1_usize..4, 0_usize..4, 1_usize..10, 0_usize..3).prop_map(
        |(kernel, stride, before, input, less)| {
            let output = input.div_ceil(stride).saturating_sub(less).max(1);
            [kernel, stride, before.min(kernel - 1), input, output]
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn convolutions_are_their_sums(
        [rows, columns] in [axes(), axes()],
        dilation in 1_usize..3,
        (groups, inputs, outs) in prop_oneof![
            (Just(1_usize), 1_usize..9, 1_usize..15),
            (2_usize..4, 1_usize..4, 1_usize..8),
            (1_usize..9, Just(1_usize), Just(1_usize)),
        ],
        samples in prop_oneof![Just(1_usize), Just(16), 2_usize..35],
    ) {
        let axis = |at: usize| [rows[at], columns[at]];
        let window = Window {
            kernel: axis(0),
            stride: axis(1),
            dilation,
            before: axis(2),
            input: axis(3),
            output: axis(4),
        };
        let shape = ConvolutionShape {
            window,
            channels: groups * inputs,
            out: groups * outs,
            groups,
        };
        check_convolution(&shape, samples);
    }

    #[test]
    fn linear_layers_are_their_sums(
        out in 1_usize..40,
        features in 1_usize..40,
        samples in 1_usize..40,
    ) {
        let sizes = [out, features];
        let input = numbers(samples * features, 1);
        let gradient = numbers(samples * out, 2);
        let weights = numbers(out * features, 3);
        let mut outputs = vec![0.0; gradient.len()];
        let mut inputs = vec![0.0; input.len()];
        let mut trained = vec![0.0; weights.len()];
        let mut of_bias = vec![0.0; out];
        for sample in 0..samples {
            for o in 0..out {
                of_bias[o] += f64::from(gradient[sample * out + o]);
                for i in 0..features {
                    let at = [weights[o * features + i], input[sample * features + i]];
                    let [w, x] = at.map(f64::from);
                    let g = f64::from(gradient[sample * out + o]);
                    outputs[sample * out + o] += w * x;
                    inputs[sample * features + i] += w * g;
                    trained[o * features + i] += x * g;
                }
            }
        }
        everywhere(|| {
            let (source, arriving) = (packed(&input, samples), packed(&gradient, samples));
            let mut target = Buffer::zeroed(arriving.len());
            linear::forward(sizes, &source, &weights, None, &mut target);
            let found = unpack(&target, out, samples);
            assert_close("output", &found, &outputs);
            let mut target = Buffer::zeroed(source.len());
            linear::backward_input(sizes, &arriving, &weights, &mut target);
            let back = unpack(&target, features, samples);
            assert_close("input", &back, &inputs);
            let mut own = vec![7.0; weights.len()];
            let mut bias = vec![7.0; out];
            linear::backward_weights(sizes, &source, &arriving, &mut own, Some(&mut bias));
            assert_close("weights", &own, &trained);
            assert_close("bias", &bias, &of_bias);
            (found, back, own, bias)
        });
    }

    #[test]
    fn norms_are_their_formulas(
        channels in 1_usize..6,
        plane in 1_usize..12,
        samples in 2_usize..40,
        rectified in any::<bool>(),
    ) {
        check_norm(&NormShape { channels, plane, samples }, rectified);
    }
}

/// How near the rectifier's kink an output of [`check_norm`] may be: a difference
/// across it is no slope.
const KINK: f64 = 1e-4;

/// The loss `Σ gradient · output` of a normalisation in 64 bits, and how near an
/// output is to the rectifier's kink.
fn norm_loss(
    shape: &NormShape,
    rectified: bool,
    input: &[f64],
    [weight, bias]: [&[f64]; 2],
    gradient: &[f32],
) -> (f64, f64) {
    let count = (shape.samples * shape.plane) as f64;
    let places = |channel: usize| {
        let plane = shape.plane;
        (0..shape.samples).flat_map(move |sample| {
            let first = (sample * shape.channels + channel) * plane;
            first..first + plane
        })
    };
    let (mut loss, mut nearest) = (0.0, f64::INFINITY);
    for channel in 0..shape.channels {
        let mean = places(channel).map(|at| input[at]).sum::<f64>() / count;
        let squares = places(channel).map(|at| (input[at] - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count + 1e-5).sqrt();
        for at in places(channel) {
            let y = (input[at] - mean) / deviation * weight[channel] + bias[channel];
            nearest = y.abs().min(nearest);
            let y = if rectified { y.max(0.0) } else { y };
            loss += y * f64::from(gradient[at]);
        }
    }
    (loss, nearest)
}

/// Gradients against differences of the loss in 64 bits.
fn check_norm(shape: &NormShape, rectified: bool) {
    let size = shape.samples * shape.channels * shape.plane;
    let (input, gradient) = (numbers(size, 5), numbers(size, 6));
    let weight: Vec<f32> = numbers(shape.channels, 7).iter().map(|w| w + 1.5).collect();
    let bias = numbers(shape.channels, 8);
    let wide = |values: &[f32]| values.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
    let at = [wide(&input), wide(&weight), wide(&bias)];
    let trained = [&at[1][..], &at[2][..]];
    let (_, nearest) = norm_loss(shape, rectified, &at[0], trained, &gradient);
    if rectified && nearest < KINK {
        return;
    }
    let slope = |which: usize, place: usize| {
        const DISTANCE: f64 = 1e-6;
        let loss = |sign: f64| {
            let mut moved = at.clone();
            moved[which][place] += sign * DISTANCE;
            let trained = [&moved[1][..], &moved[2][..]];
            norm_loss(shape, rectified, &moved[0], trained, &gradient).0
        };
        (loss(1.0) - loss(-1.0)) / (2.0 * DISTANCE)
    };
    // A few places stand for all: each takes two sums over everything.
    let places: Vec<usize> = (0..size).step_by(size.div_ceil(24)).collect();
    let slopes: Vec<f64> = places.iter().map(|&place| slope(0, place)).collect();
    let of_weight: Vec<f64> = (0..shape.channels).map(|place| slope(1, place)).collect();
    let of_bias: Vec<f64> = (0..shape.channels).map(|place| slope(2, place)).collect();
    everywhere(|| {
        let source = packed(&input, shape.samples);
        let norm = Norm {
            weight: &weight,
            bias: &bias,
            rectified,
            epsilon: 1e-5,
        };
        let [mut value, mut again] = [(); 2].map(|()| vec![[f32::NAN; LANES]; source.len()]);
        let moments = batch_norm::train(shape, &norm, &source, &mut value);
        assert_eq!(moments, batch_norm::statistics(shape, &source));
        batch_norm::apply(shape, &norm, &moments, &source, &mut again);
        assert_eq!(value, again);
        let mut moved = packed(&gradient, shape.samples);
        let share = (-4.0, &moved[..]);
        let mut shared = vec![[f32::NAN; LANES]; moved.len()];
        let trained =
            batch_norm::backward_of_share(shape, &norm, &moments, &source, share, &mut shared);
        let own = batch_norm::backward(shape, &norm, &moments, &source, &mut moved);
        assert_eq!(trained, own);
        // A factor that is a power of two rounds nothing.
        let taken = moved.as_flattened().iter().map(|value| -4.0 * value);
        assert!(shared.as_flattened().iter().copied().eq(taken));
        let [by_weight, by_bias] =
            [0, 1].map(|at| own.iter().map(|trained| trained[at]).collect::<Vec<f32>>());
        let found = unpack(&moved, shape.channels * shape.plane, shape.samples);
        let some: Vec<f32> = places.iter().map(|&place| found[place]).collect();
        let tolerance = |found: &[f32], expected: &[f64]| {
            for (found, expected) in found.iter().zip(expected) {
                let apart = (f64::from(*found) - expected).abs();
                assert!(
                    apart <= 2e-3 * expected.abs().max(1.0),
                    "{found}, not {expected}"
                );
            }
        };
        tolerance(&some, &slopes);
        tolerance(&by_weight, &of_weight);
        tolerance(&by_bias, &of_bias);
        (found, by_weight, by_bias)
    });
}

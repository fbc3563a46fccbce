//! A second inference, slow and plain: every operation as its formula says,
//! in loops over 64-bit floats, for one sample at a time.

use netsmith::network::operation::{Activation, Convolution, Linear, Softmax, Window};
use netsmith::network::{Network, Node, Operation, Shape};

use crate::cases::Case;

/// A value: its shape and its scalars, row-major.
#[derive(Clone, Debug)]
struct Value {
    shape: Shape,
    data: Vec<f64>,
}

impl Value {
    fn zeros(shape: Shape) -> Self {
        Self {
            shape,
            data: vec![0.0; shape.elements()],
        }
    }

    fn place(&self, c: usize, y: usize, x: usize) -> usize {
        let [height, width] = self.shape.positions();
        (c * height + y) * width + x
    }

    fn at(&self, c: usize, y: usize, x: usize) -> f64 {
        self.data[self.place(c, y, x)]
    }

    fn map(mut self, f: impl Fn(f64) -> f64) -> Self {
        self.data.iter_mut().for_each(|x| *x = f(*x));
        self
    }
}

/// Probabilities, or the value in the target's unit, for raw samples.
pub(crate) fn answers(case: &Case, raw: &[f32]) -> Vec<f64> {
    let input = case.contract.inputs(raw).remove(0);
    let size = case.contract.space_task().input().elements();
    let samples = input.chunks(size);
    let of = |sample: &[f32]| match case.target {
        None => softmax(answer(&case.network, &case.weights, sample)),
        Some(scale) => {
            let value = answer(&case.network, &case.weights, sample)[0];
            vec![value * f64::from(scale.std) + f64::from(scale.mean)]
        }
    };
    samples.flat_map(of).collect()
}

pub(crate) fn softmax(logits: Vec<f64>) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|x| (x - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|x| x / sum).collect()
}

/// What the network's last output is for one sample.
fn answer(network: &Network, weights: &[Vec<f32>], input: &[f32]) -> Vec<f64> {
    let mut values: Vec<Value> = Vec::new();
    for node in network.nodes() {
        let inputs: Vec<&Value> = node.inputs.iter().map(|&i| &values[i]).collect();
        let own: Vec<&[f32]> = node.weights.iter().map(|&w| &weights[w][..]).collect();
        values.push(match node.operation {
            Operation::Input(shape) => Value {
                shape,
                data: input.iter().map(|&x| f64::from(x)).collect(),
            },
            _ => compute(node, &inputs, &own),
        });
    }
    let last = *network.outputs().last().expect("a network has an output");
    values.swap_remove(last).data
}

fn compute(node: &Node, inputs: &[&Value], weights: &[&[f32]]) -> Value {
    let mut out = Value::zeros(node.shape);
    let [height, width] = node.shape.positions();
    let first = inputs[0];
    match &node.operation {
        Operation::Input(_) | Operation::Mix { .. } => unreachable!("not computed here"),
        Operation::Identity | Operation::Dropout(_) | Operation::DropPath => first.clone(),
        Operation::Flatten => Value {
            shape: node.shape,
            data: first.data.clone(),
        },
        Operation::Zero(_) => out,
        Operation::Convolution(convolution) => convolved(out, convolution, first, weights),
        Operation::Linear(Linear { bias, .. }) => {
            for (o, row) in weights[0].chunks(first.data.len()).enumerate() {
                let products = row.iter().zip(&first.data).map(|(&w, x)| f64::from(w) * x);
                let bias = if *bias { f64::from(weights[1][o]) } else { 0.0 };
                out.data[o] = products.sum::<f64>() + bias;
            }
            out
        }
        Operation::BatchNorm(norm) => {
            let (affine, statistics) = weights.split_at(if norm.affine { 2 } else { 0 });
            each(out, |c, y, x| {
                let [mean, variance] = [0, 1].map(|i| f64::from(statistics[i][c]));
                let normal = (first.at(c, y, x) - mean) / (variance + 1e-5).sqrt();
                scaled(affine, c, normal)
            })
        }
        Operation::LayerNorm(_) => {
            let channels = node.shape.channels();
            let of = |y, x| (0..channels).map(move |c| first.at(c, y, x));
            each(out, |c, y, x| {
                let mean = of(y, x).sum::<f64>() / channels as f64;
                let squares = of(y, x).map(|v| (v - mean).powi(2)).sum::<f64>();
                let variance = squares / channels as f64;
                scaled(
                    weights,
                    c,
                    (first.at(c, y, x) - mean) / (variance + 1e-5).sqrt(),
                )
            })
        }
        Operation::Activation(activation) => first.clone().map(|x| activated(*activation, x)),
        Operation::MaxPool(pool) => each(out, |c, y, x| {
            taps(&pool.window, first.shape, y, x)
                .map(|(_, [y, x])| first.at(c, y, x))
                .fold(f64::NEG_INFINITY, f64::max)
        }),
        Operation::AvgPool(pool) => each(out, |c, y, x| {
            let taps: Vec<_> = taps(&pool.window, first.shape, y, x).collect();
            let sum: f64 = taps.iter().map(|&(_, [y, x])| first.at(c, y, x)).sum();
            sum / taps.len() as f64
        }),
        Operation::GlobalPool => {
            let size = first.data.len() / node.shape.channels();
            let planes = first.data.chunks(size);
            out.data = planes
                .map(|p| p.iter().sum::<f64>() / size as f64)
                .collect();
            out
        }
        Operation::Add => each(out, |c, y, x| inputs.iter().map(|v| v.at(c, y, x)).sum()),
        Operation::Multiply => {
            let is_vector = matches!(inputs[1].shape, Shape::Vector { .. });
            each(out, |c, y, x| {
                let [v, u] = if is_vector { [0, 0] } else { [y, x] };
                first.at(c, y, x) * inputs[1].at(c, v, u)
            })
        }
        Operation::Concat => {
            out.data = inputs.iter().flat_map(|value| value.data.clone()).collect();
            out
        }
        Operation::Shift => each(out, |c, y, x| {
            if y + 1 < height && x + 1 < width {
                first.at(c, y + 1, x + 1)
            } else {
                0.0
            }
        }),
        Operation::ChannelShuffle(shuffle) => {
            let per_group = node.shape.channels() / shuffle.groups;
            each(out, |c, y, x| {
                first.at(c % shuffle.groups * per_group + c / shuffle.groups, y, x)
            })
        }
        Operation::Pad(_) => {
            let ([h, w], channels) = (first.shape.positions(), first.shape.channels());
            each(out, |c, y, x| {
                if c < channels && y < h && x < w {
                    first.at(c, y, x)
                } else {
                    0.0
                }
            })
        }
        Operation::Resize(_) => {
            let [h, w] = first.shape.positions();
            let sources = |at: usize, from: usize, to: usize| {
                if from >= to {
                    at * from / to..(at + 1) * from / to
                } else {
                    at * from / to..at * from / to + 1
                }
            };
            each(out, |c, y, x| {
                let rows = sources(y, h, height);
                let all = rows.flat_map(|y| sources(x, w, width).map(move |x| (y, x)));
                all.map(|(y, x)| first.at(c, y, x))
                    .fold(f64::NEG_INFINITY, f64::max)
            })
        }
        Operation::Truncate(it) => each(out, |c, y, x| first.at(it.from + c, y, x)),
        Operation::Slice(slice) => each(out, |c, _, _| first.at(c, 0, slice.position)),
        Operation::Stack => each(out, |c, _, x| inputs[x].data[c]),
        Operation::TransposedConvolution(it) => {
            let [rows, columns] = it.window.kernel;
            let [above, left] = it.window.pads([height, width]).map(|[before, _]| before);
            let [down, along] = it.window.stride;
            let bias = |c: usize| {
                if it.bias {
                    f64::from(weights[1][c])
                } else {
                    0.0
                }
            };
            let mut out = each(out, |c, _, _| bias(c));
            let size = first.shape.positions();
            for ((i, c), tap) in (0..first.shape.channels())
                .flat_map(|i| (0..it.out).map(move |c| (i, c)))
                .flat_map(|pair| (0..rows * columns).map(move |tap| (pair, tap)))
            {
                let [dy, dx] = [tap / columns, tap % columns];
                let weight = weights[0][((i * it.out + c) * rows + dy) * columns + dx];
                for (y, x) in (0..size[0]).flat_map(|y| (0..size[1]).map(move |x| (y, x))) {
                    let v = (y * down + dy * it.window.dilation).checked_sub(above);
                    let u = (x * along + dx * it.window.dilation).checked_sub(left);
                    if let (Some(v), Some(u)) = (v, u)
                        && v < height
                        && u < width
                    {
                        let place = out.place(c, v, u);
                        out.data[place] += f64::from(weight) * first.at(i, y, x);
                    }
                }
            }
            out
        }
        Operation::Embedding(it) => each(out, |c, y, x| {
            let token = first.at(0, y, x).clamp(0.0, it.tokens as f64 - 1.0);
            f64::from(weights[0][token as usize * it.out + c])
        }),
        Operation::Softmax(softmax) => {
            let powers = first.clone().map(f64::exp);
            let sum = |channels: std::ops::Range<usize>, rows: std::ops::Range<usize>, x: usize| {
                let places = channels.flat_map(|c| rows.clone().map(move |y| (c, y)));
                places.map(|(c, y)| powers.at(c, y, x)).sum::<f64>()
            };
            each(out, |c, y, x| {
                let sum = match softmax {
                    Softmax::OverChannels => sum(0..node.shape.channels(), y..y + 1, x),
                    Softmax::OverPositions => (0..width).map(|x| sum(c..c + 1, 0..height, x)).sum(),
                };
                powers.at(c, y, x) / sum
            })
        }
        Operation::Attention(it) => attended(out, it.heads, inputs),
    }
}

/// Multi-head attention, query by query.
fn attended(mut out: Value, heads: usize, inputs: &[&Value]) -> Value {
    let [query, key, value] = [0, 1, 2].map(|at| inputs[at]);
    let plane = |value: &Value| value.data.len() / value.shape.channels();
    let (queries, keys) = (plane(query), plane(key));
    let [width, out_width] = [query, value].map(|it| it.shape.channels() / heads);
    for (head, i) in (0..heads).flat_map(|head| (0..queries).map(move |i| (head, i))) {
        let power = |j: usize| {
            let counts = inputs.get(3).is_none_or(|mask| {
                let row = if mask.data.len() > keys { i } else { 0 };
                mask.data[row * keys + j] != 0.0
            });
            let channels = head * width..(head + 1) * width;
            let product: f64 = channels
                .map(|c| query.data[c * queries + i] * key.data[c * keys + j])
                .sum();
            if counts {
                (product / (width as f64).sqrt()).exp()
            } else {
                0.0
            }
        };
        let powers: Vec<f64> = (0..keys).map(power).collect();
        let sum: f64 = powers.iter().sum();
        for c in head * out_width..(head + 1) * out_width {
            let values = powers.iter().enumerate();
            let mean: f64 = values.map(|(j, p)| p * value.data[c * keys + j]).sum();
            out.data[c * queries + i] = if sum > 0.0 { mean / sum } else { 0.0 };
        }
    }
    out
}

/// Every scalar of `out` by its channel and position.
fn each(mut out: Value, f: impl Fn(usize, usize, usize) -> f64) -> Value {
    let [height, width] = out.shape.positions();
    for c in 0..out.shape.channels() {
        for y in 0..height {
            for x in 0..width {
                let place = out.place(c, y, x);
                out.data[place] = f(c, y, x);
            }
        }
    }
    out
}

fn scaled(affine: &[&[f32]], channel: usize, value: f64) -> f64 {
    match affine {
        [weight, bias] => value * f64::from(weight[channel]) + f64::from(bias[channel]),
        _ => value,
    }
}

/// The taps of a window that lie inside the image: place in the window and in
/// the image.
fn taps(
    window: &Window,
    shape: Shape,
    y: usize,
    x: usize,
) -> impl Iterator<Item = ([usize; 2], [usize; 2])> {
    let size = shape.positions();
    let (window, pads) = (window.clone(), window.pads(size));
    let [rows, columns] = window.kernel;
    (0..rows * columns).filter_map(move |tap| {
        let tap = [tap / columns, tap % columns];
        let mut place = [0; 2];
        for (axis, at) in [y, x].into_iter().enumerate() {
            let padded = at * window.stride[axis] + tap[axis] * window.dilation;
            place[axis] = padded
                .checked_sub(pads[axis][0])
                .filter(|&p| p < size[axis])?;
        }
        Some((tap, place))
    })
}

fn convolved(out: Value, convolution: &Convolution, input: &Value, weights: &[&[f32]]) -> Value {
    let channels = input.shape.channels();
    let groups = convolution.group_count(channels);
    let (ins, outs) = (channels / groups, convolution.out / groups);
    let [rows, columns] = convolution.window.kernel;
    each(out, |o, y, x| {
        let mut sum = if convolution.bias {
            f64::from(weights[1][o])
        } else {
            0.0
        };
        for ([dy, dx], [v, u]) in taps(&convolution.window, input.shape, y, x) {
            for i in 0..ins {
                let weight = weights[0][((o * ins + i) * rows + dy) * columns + dx];
                sum += f64::from(weight) * input.at(o / outs * ins + i, v, u);
            }
        }
        sum
    })
}

fn activated(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::HardSigmoid => (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Complement => 1.0 - x,
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::Gelu => x * normal_distribution(x),
    }
}

/// `Φ(x)` by the integral of its density with Simpson's rule.
fn normal_distribution(x: f64) -> f64 {
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let steps = 2_000;
    let width = x / f64::from(steps);
    let inner = (1..steps).map(|i| {
        let factor = if i % 2 == 1 { 4.0 } else { 2.0 };
        factor * density(f64::from(i) * width)
    });
    0.5 + (density(0.0) + inner.sum::<f64>() + density(x)) * width / 3.0
}

//! Each operation in PyTorch: what is made once, and what is called.

use netsmith::network::operation::{Activation, BatchNorm, Convolution, Pool};
use netsmith::network::{Node, Operation, Shape};

use crate::export::ExportError;

/// A node in PyTorch.
#[derive(Debug)]
pub(super) enum Form {
    /// The value of the input itself.
    Same,
    /// An expression.
    Expression(String),
    /// A layer with weights: how it is made, and what it is called with.
    Layer { make: String, argument: String },
}

/// The form of a node that reads `inputs`, which are Python expressions, of
/// these shapes.
///
/// # Errors
/// The operation has no PyTorch form.
pub(super) fn form(node: &Node, inputs: &[&str], shapes: &[Shape]) -> Result<Form, ExportError> {
    let x = inputs.first().copied().unwrap_or_default();
    let size = shapes.first().map_or([1, 1], |shape| shape.positions());
    let layer = |make: String| Form::Layer {
        make,
        argument: x.to_owned(),
    };
    Ok(match &node.operation {
        Operation::Input(_) | Operation::Mix { .. } => {
            return Err(ExportError::Unsupported {
                node: node.name.clone(),
                operation: node.operation.to_string(),
                rule: "it belongs to a supernet: resolve the choice first",
            });
        }
        Operation::Convolution(operation) => convolution(operation, x, shapes[0]),
        Operation::Linear(linear) => {
            let bias = if linear.bias { "" } else { ", bias=False" };
            layer(format!(
                "nn.Linear({}, {}{bias})",
                shapes[0].channels(),
                linear.out
            ))
        }
        Operation::BatchNorm(norm) => layer(batch_norm(*norm, shapes[0])),
        Operation::LayerNorm(norm) => {
            let class = if is_image(shapes[0]) {
                "ChannelNorm"
            } else {
                "nn.LayerNorm"
            };
            let affine = if norm.affine {
                ""
            } else {
                ", elementwise_affine=False"
            };
            layer(format!("{class}({}{affine})", shapes[0].channels()))
        }
        Operation::Activation(activation) => Form::Expression(activated(*activation, x)),
        Operation::MaxPool(pool) => Form::Expression(max_pool(pool, x, size)),
        Operation::AvgPool(pool) => Form::Expression(avg_pool(pool, x, size)),
        Operation::GlobalPool => Form::Expression(format!("{x}.mean((2, 3))")),
        Operation::Add if inputs.len() == 1 => Form::Same,
        Operation::Add => Form::Expression(inputs.join(" + ")),
        Operation::Multiply => {
            let scale = is_image(shapes[0]) && !is_image(shapes[1]);
            let axes = if scale { "[:, :, None, None]" } else { "" };
            Form::Expression(format!("{x} * {}{axes}", inputs[1]))
        }
        Operation::Concat => Form::Expression(format!("torch.cat([{}], 1)", inputs.join(", "))),
        Operation::Identity | Operation::DropPath => Form::Same,
        Operation::Dropout(dropout) => {
            Form::Expression(format!("F.dropout({x}, {}, self.training)", dropout.rate))
        }
        Operation::Zero(zero) => Form::Expression(match zero.stride {
            [1, 1] => format!("torch.zeros_like({x})"),
            [y, x_] => format!("torch.zeros_like({x}[:, :, ::{y}, ::{x_}])"),
        }),
        Operation::Shift => Form::Expression(format!("F.pad({x}, (0, 1, 0, 1))[:, :, 1:, 1:]")),
        Operation::ChannelShuffle(shuffle) => {
            Form::Expression(format!("F.channel_shuffle({x}, {})", shuffle.groups))
        }
        Operation::Flatten => Form::Expression(format!("{x}.flatten(1)")),
        Operation::Pad(_) => Form::Expression(padded_to(x, shapes[0], node.shape)),
        Operation::Resize(_) => resized(x, size, node.shape.positions()),
        Operation::Slice(slice) => Form::Expression(format!("{x}[:, :, 0, {}]", slice.position)),
        Operation::Truncate(it) => Form::Expression(match it.from {
            0 => format!("{x}[:, :{}]", it.channels),
            from => format!("{x}[:, {from}:{}]", from + it.channels),
        }),
        Operation::Stack => Form::Expression(format!(
            "torch.stack([{}], -1).unsqueeze(2)",
            inputs.join(", ")
        )),
    })
}

fn is_image(shape: Shape) -> bool {
    matches!(shape, Shape::Image { .. })
}

fn convolution(convolution: &Convolution, x: &str, shape: Shape) -> Form {
    let window = &convolution.window;
    let channels = shape.channels();
    let mut make = format!(
        "nn.Conv2d({channels}, {}, {}",
        convolution.out,
        pair(window.kernel)
    );
    let mut say = |name: &str, value: String, default: &str| {
        if value != default {
            make += &format!(", {name}={value}");
        }
    };
    say("stride", pair(window.stride), "1");
    let pads = window.pads(shape.positions());
    let argument = if let Some(padding) = both_sides(pads) {
        say("padding", pair(padding), "0");
        x.to_owned()
    } else {
        padded(x, pads, "")
    };
    say("dilation", window.dilation.to_string(), "1");
    say("groups", convolution.group_count(channels).to_string(), "1");
    make += if convolution.bias {
        ")"
    } else {
        ", bias=False)"
    };
    Form::Layer { make, argument }
}

fn batch_norm(norm: BatchNorm, shape: Shape) -> String {
    let axes = if is_image(shape) { 2 } else { 1 };
    let affine = if norm.affine { "" } else { ", affine=False" };
    format!("nn.BatchNorm{axes}d({}{affine})", shape.channels())
}

fn activated(activation: Activation, x: &str) -> String {
    let function = match activation {
        Activation::Relu => "F.relu",
        Activation::Relu6 => "F.relu6",
        Activation::HardSwish => "F.hardswish",
        Activation::HardSigmoid => "F.hardsigmoid",
        Activation::Silu => "F.silu",
        Activation::Gelu => "F.gelu",
        Activation::Sigmoid => "torch.sigmoid",
        Activation::Tanh => "torch.tanh",
        Activation::Complement => return format!("1 - {x}"),
    };
    format!("{function}({x})")
}

fn max_pool(pool: &Pool, x: &str, size: [usize; 2]) -> String {
    let window = &pool.window;
    let [kernel, stride] = [window.kernel, window.stride].map(pair);
    let pads = window.pads(size);
    let dilation = window.dilation;
    match both_sides(pads) {
        // PyTorch takes no more padding than half the kernel.
        Some(padding) if dilation == 1 => {
            format!(
                "F.max_pool2d({x}, {kernel}, {stride}{})",
                padding_argument(padding)
            )
        }
        _ => {
            let x = padded(x, pads, ", value=-torch.inf");
            let dilation = if dilation == 1 {
                String::new()
            } else {
                format!(", dilation={dilation}")
            };
            format!("F.max_pool2d({x}, {kernel}, {stride}{dilation})")
        }
    }
}

fn avg_pool(pool: &Pool, x: &str, size: [usize; 2]) -> String {
    let window = &pool.window;
    let [kernel, stride] = [window.kernel, window.stride].map(pair);
    let pads = window.pads(size);
    match both_sides(pads) {
        Some([0, 0]) => format!("F.avg_pool2d({x}, {kernel}, {stride})"),
        Some(padding) => {
            let padding = padding_argument(padding);
            format!("F.avg_pool2d({x}, {kernel}, {stride}{padding}, count_include_pad=False)")
        }
        None => {
            let [[top, bottom], [left, right]] = pads;
            format!("average_inside({x}, ({left}, {right}, {top}, {bottom}), {kernel}, {stride})")
        }
    }
}

/// The maximum of blocks where an axis shrinks, copies where it grows.
fn resized(x: &str, from: [usize; 2], to: [usize; 2]) -> Form {
    let down = [0, 1].map(|axis| (from[axis] / to[axis]).max(1));
    let up = [0, 1].map(|axis| (to[axis] / from[axis]).max(1));
    let mut value = x.to_owned();
    if down != [1, 1] {
        value = format!("F.max_pool2d({value}, {})", pair(down));
    }
    if up != [1, 1] {
        value = format!("F.interpolate({value}, scale_factor={})", pair(up));
    }
    if value == x {
        Form::Same
    } else {
        Form::Expression(value)
    }
}

fn padded_to(x: &str, from: Shape, to: Shape) -> String {
    let channels = to.channels() - from.channels();
    if !is_image(from) {
        return format!("F.pad({x}, (0, {channels}))");
    }
    let [height, width] = [0, 1].map(|axis| to.positions()[axis] - from.positions()[axis]);
    format!("F.pad({x}, (0, {width}, 0, {height}, 0, {channels}))")
}

/// PyTorch lists the last axis first.
fn padded(x: &str, [[top, bottom], [left, right]]: [[usize; 2]; 2], value: &str) -> String {
    if [top, bottom, left, right] == [0; 4] {
        return x.to_owned();
    }
    format!("F.pad({x}, ({left}, {right}, {top}, {bottom}){value})")
}

/// The padding of each axis, if it is the same before and behind.
fn both_sides([[top, bottom], [left, right]]: [[usize; 2]; 2]) -> Option<[usize; 2]> {
    (top == bottom && left == right).then_some([top, left])
}

fn padding_argument(padding: [usize; 2]) -> String {
    match padding {
        [0, 0] => String::new(),
        padding => format!(", {}", pair(padding)),
    }
}

/// One number for a square, else height and width.
fn pair([y, x]: [usize; 2]) -> String {
    if y == x {
        y.to_string()
    } else {
        format!("({y}, {x})")
    }
}

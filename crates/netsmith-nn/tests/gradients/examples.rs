//! A network around each example of the catalogue of operations.

use netsmith::network::operation::{
    Activation, Convolution, Example, Linear, Padding, Pool, Window,
};
use netsmith::network::{Builder, Network, Operation, Shape};

/// The network of each example that a network can hold, with the operation's name.
/// Samples are images of one channel with values of either sign.
pub(crate) fn networks() -> Vec<(&'static str, Network)> {
    let mut networks = Vec::new();
    for entry in netsmith::network::operation::catalogue() {
        // Samples enter by themselves, and only a supernet mixes.
        if ["input", "mix"].contains(&entry.name) {
            continue;
        }
        for example in (entry.build.examples)() {
            networks.push((entry.name, network_of(entry.name, &example)));
        }
    }
    networks
}

/// The example on inputs that depend on weights, and a head behind it.
fn network_of(name: &str, example: &Example) -> Network {
    let positions = example.inputs.iter().map(|shape| shape.positions());
    let size = [0, 1].map(|axis| positions.clone().map(|size| size[axis]).max().unwrap_or(1));
    let mut builder = Builder::new();
    let x = builder.input("x", Shape::image(1, size[0], size[1]));
    let mut inputs = Vec::new();
    for (at, &shape) in example.inputs.iter().enumerate() {
        let mut add = |part: &str, operation, from: &[usize]| {
            let name = format!("input{at}.{part}");
            builder.add(&name, operation, from).unwrap()
        };
        let [height, width] = shape.positions();
        let inside = Window {
            kernel: [size[0] + 1 - height, size[1] + 1 - width],
            padding: Padding::Valid,
            ..Window::square(1_usize, 1_usize)
        };
        inputs.push(match (name, at, shape) {
            // Tokens from 0 to 7; some values are below.
            ("embedding", ..) => add("tokens", Operation::Add, &[x; 8]),
            // Ones and zeros would do; anything but zero counts.
            ("attention", 3, _) => {
                let pool = Operation::MaxPool(Pool { window: inside });
                let pool = add("pool", pool, &[x]);
                add("relu", Operation::Activation(Activation::Relu), &[pool])
            }
            (.., Shape::Vector { features }) => {
                let flat = add("flat", Operation::Flatten, &[x]);
                add("linear", Operation::Linear(Linear::new(features)), &[flat])
            }
            (.., Shape::Image { channels, .. }) => {
                let mut convolution = Convolution::square(channels, 1_usize, 1_usize);
                convolution.window = inside;
                add("convolution", Operation::Convolution(convolution), &[x])
            }
        });
    }
    let mut y = builder
        .add("it", example.operation.clone(), &inputs)
        .unwrap();
    if let Shape::Image { .. } = builder.shape(y) {
        y = builder.add("flat", Operation::Flatten, &[y]).unwrap();
    }
    let head = Operation::Linear(Linear::new(3_usize));
    let y = builder.add("head", head, &[y]).unwrap();
    builder.finish(&[y])
}

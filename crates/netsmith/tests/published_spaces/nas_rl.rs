//! NAS with reinforcement learning (Zoph and Le 2017, arXiv:1611.01578): layers
//! of any filter, with any subset of the layers before as input.

use super::check;
use netsmith::network::operation::{
    Activation, BatchNorm, Convolution, Groups, Linear, Padding, Window,
};
use netsmith::network::{Operation, Shape};
use netsmith::space::{Graph, Loose, Merge, Pick, Port, Select, Size, Space, Through};

fn space(layers: usize, strides: &[usize], side: usize) -> Space {
    Space::new("nas-rl", &[Shape::image(3, side, side)], |_, decisions| {
        let mut graph = Graph::new(1);
        let mut states: Vec<Port> = vec![graph.input(0)];
        for layer in 0..layers {
            let name = format!("layer{layer}");
            let mut size = |part: &str, values: &[usize]| {
                Size::from(decisions.value(&format!("{name}.{part}"), values))
            };
            let convolution = Convolution {
                window: Window {
                    kernel: ["height", "width"].map(|part| size(part, &[1, 3, 5, 7])),
                    stride: ["stride-height", "stride-width"].map(|part| size(part, strides)),
                    dilation: 1,
                    padding: Padding::Same,
                },
                out: size("filters", &[24, 36, 48, 64]),
                groups: Groups::Count(1),
                bias: false,
            };
            let select = Select {
                decision: decisions.select(&format!("{name}.inputs"), states.len(), Pick::Subset),
                fixed: 0,
                through: Through::Nothing,
                merge: Merge::PaddedConcat,
                // A layer without input reads the image.
                fallback: 0,
            };
            let x = graph.select(&format!("{name}.inputs"), select, &states);
            let x = graph.operation(&name, Operation::Convolution(convolution), &[x]);
            let norm = Operation::BatchNorm(BatchNorm { affine: true });
            let x = graph.operation(&format!("{name}.norm"), norm, &[x]);
            let relu = Operation::Activation(Activation::Relu);
            states.push(graph.operation(&format!("{name}.relu"), relu, &[x]));
        }
        let loose = Loose {
            fixed: 0,
            same_positions: false,
            merge: Merge::PaddedConcat,
        };
        let x = graph.loose("ends", loose, &states[1..]);
        let x = graph.operation("pool", Operation::GlobalPool, &[x]);
        let x = graph.operation("head", Operation::Linear(Linear::new(10_usize)), &[x]);
        graph.with_output(x)
    })
    .unwrap()
}

#[test]
fn layers_without_strides() {
    let space = space(6, &[1], 16);
    // Each layer has 4 · 4 · 4 filters, and any subset of those before and the image.
    let subsets = 1_u128 << (1 + 2 + 3 + 4 + 5 + 6);
    assert_eq!(space.size(), Some(64_u128.pow(6) * subsets));
    check(&space, 10);
}

#[test]
fn smaller_images_are_padded() {
    let space = space(3, &[1, 2], 8);
    check(&space, 30);
    let layer = |layer: usize, stride: usize, inputs: &str| {
        format!(
            "layer{layer}.height=3,layer{layer}.width=1,layer{layer}.stride-height={stride},\
             layer{layer}.stride-width=1,layer{layer}.filters=24,layer{layer}.inputs={inputs}"
        )
    };
    let text = [layer(0, 2, "-"), layer(1, 1, "0"), layer(2, 1, "0+1")].join(",");
    let network = space.network(&space.parse(&text).unwrap()).unwrap();
    let shape = |name: &str| {
        let node = network.nodes().iter().find(|node| node.name == name);
        node.unwrap().shape
    };
    // Layer 2 reads the image and layer 0, which has half the height.
    assert_eq!(shape("layer0"), Shape::image(24, 4, 8));
    assert_eq!(shape("layer2.inputs.concat"), Shape::image(27, 8, 8));
    // Layers 1 and 2 are loose ends.
    assert_eq!(shape("ends.concat"), Shape::image(48, 8, 8));
}

//! The convolutional space of NAS with reinforcement learning: layers of any
//! filter, each of which reads any subset of the layers before and the image.
//!
//! ```text
//! layer t    convolution (height, width, strides, filters), norm, ReLU
//!            on the concatenation of the selected among the image and layers 0 .. t - 1
//! head       concatenation of the layers that nothing reads, global pool, linear
//! ```
//!
//! The repairs of the publication belong to the graph, so that every architecture
//! is a network: a layer that selects nothing reads the image; layers that nothing
//! reads are concatenated in the end; images that meet are padded with zeros to the
//! larger one. A layer that leads nowhere does not exist, therefore.

use super::{
    Entry, Graph, Loose, Merge, Pick, Port, Select, Size, Space, SpaceError, Task, Through,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Groups, Padding, Window};

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "nas-rl-cnn",
    "Layers of any filter height, width, stride and number, with any subset of those before as input.",
    build,
)
.paper("Zoph and Le 2017, arXiv:1611.01578")
.parameters(&[
    Parameter {
        name: "layers",
        kind: ParameterKind::Integer(1, 24),
        default: "6",
        doc: "Layers.",
    },
    Parameter {
        name: "kernels",
        kind: ParameterKind::Integers(1, 15),
        default: "1,3,5,7",
        doc: "Heights and widths that a filter may have, in pixels.",
    },
    Parameter {
        name: "strides",
        kind: ParameterKind::Integers(1, 3),
        default: "1",
        doc: "Strides that a layer may have along height and width; 1,2,3 as published.",
    },
    Parameter {
        name: "filters",
        kind: ParameterKind::Integers(1, 1024),
        default: "24,36,48,64",
        doc: "Filters that a layer may have.",
    },
    Parameter {
        name: "skips",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether a layer may read any earlier ones; without, it reads the one before.",
    },
]);

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    Space::new(ENTRY.name, &task.shapes(), |_, decisions| {
        let mut graph = Graph::new(1);
        let mut states: Vec<Port> = vec![graph.input(0)];
        for layer in 0..settings.integer("layers") {
            let name = format!("layer{layer}");
            let mut size = |part: &str, values: &str| {
                let decision =
                    decisions.value(&format!("{name}.{part}"), &settings.integers(values));
                decisions.block(decision, &name);
                Size::from(decision)
            };
            let convolution = Convolution {
                window: Window {
                    kernel: ["height", "width"].map(|part| size(part, "kernels")),
                    stride: ["stride-height", "stride-width"].map(|part| size(part, "strides")),
                    dilation: 1,
                    padding: Padding::Same,
                },
                out: size("filters", "filters"),
                groups: Groups::Count(1),
                bias: false,
            };
            let mut x = states[layer];
            if settings.switch("skips") {
                let inputs = format!("{name}.inputs");
                let decision = decisions.select(&inputs, states.len(), Pick::Subset);
                decisions.block(decision, &name);
                let select = Select {
                    decision,
                    fixed: 0,
                    through: Through::Nothing,
                    merge: Merge::PaddedConcat,
                    fallback: 0,
                };
                x = graph.select(&inputs, select, &states);
            }
            let x = graph.operation(&name, Operation::Convolution(convolution), &[x]);
            let norm = Operation::BatchNorm(BatchNorm { affine: true });
            let x = graph.operation(&format!("{name}.norm"), norm, &[x]);
            let relu = Operation::Activation(Activation::Relu);
            states.push(graph.operation(&format!("{name}.relu"), relu, &[x]));
        }
        let loose = Loose {
            fixed: 0,
            same_positions: false,
            edges: Vec::new(),
            merge: Merge::PaddedConcat,
        };
        let x = graph.loose("ends", loose, &states[1..]);
        let x = task.head.attach(&mut graph, x);
        graph.with_output(x)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;
    use crate::space::Architecture;
    use std::collections::BTreeMap;

    fn space(settings: &[(&str, &str)], side: usize) -> Space {
        let given = settings.iter();
        let given = given.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let given: BTreeMap<String, String> = given.collect();
        let task = Task::vector(Shape::image(3, side, side), 10);
        build(&task, &Settings::new(ENTRY.parameters, &given).unwrap()).unwrap()
    }

    fn layer(layer: usize, stride: usize, inputs: &str) -> String {
        format!(
            "layer{layer}.height=3,layer{layer}.width=1,layer{layer}.stride-height={stride},\
             layer{layer}.stride-width=1,layer{layer}.filters=24,layer{layer}.inputs={inputs}"
        )
    }

    fn parse(space: &Space, layers: &[String]) -> Architecture {
        space.parse(&layers.join(",")).unwrap()
    }

    #[test]
    fn number_of_architectures() {
        // Each layer has 4 · 4 · 4 filters, and any subset of those before and the image.
        let subsets = 1_u128 << (1 + 2 + 3 + 4 + 5 + 6);
        let all = space(&[], 16).size();
        assert_eq!(all, Some(64_u128.pow(6) * subsets));
        let strides = space(&[("layers", "3"), ("strides", "1,2,3")], 16).size();
        assert_eq!(strides, Some((64_u128 * 9).pow(3) << (1 + 2 + 3)));
        let plain = space(&[("layers", "4"), ("skips", "false")], 16).size();
        assert_eq!(plain, Some(64_u128.pow(4)));
    }

    #[test]
    fn repairs_make_every_architecture_a_network() {
        let space = space(&[("layers", "3"), ("strides", "1,2")], 8);
        let layers = [layer(0, 2, "-"), layer(1, 1, "0"), layer(2, 1, "0+1")];
        let network = space.network(&parse(&space, &layers)).unwrap();
        let shape = |name: &str| {
            let node = network.nodes().iter().find(|node| node.name == name);
            node.unwrap_or_else(|| panic!("no node `{name}`")).shape
        };
        // Layer 0 reads the image. Layer 2 reads both, and layer 0 has half the height.
        assert_eq!(shape("layer0"), Shape::image(24, 4, 8));
        assert_eq!(shape("layer2.inputs.concat"), Shape::image(27, 8, 8));
        // Layers 1 and 2 are loose ends.
        assert_eq!(shape("ends.concat"), Shape::image(48, 8, 8));
        let filters = 3 * 24 * (3 + 3 + 27) + 3 * 48;
        assert_eq!(network.parameters(), filters + 48 * 10 + 10);
    }

    /// Bounds of a decided architecture are its own costs, loose ends and all.
    #[test]
    fn bounds_close_in_on_the_decided() {
        let space = space(&[("layers", "3"), ("strides", "1,2")], 8);
        let layers = [layer(0, 2, "-"), layer(1, 2, "0+1"), layer(2, 1, "0")];
        let decided = parse(&space, &layers);
        let network = space.network(&decided).unwrap();
        let bounds = space.bounds(&decided).unwrap();
        let parameters = network.parameters();
        assert_eq!(
            [bounds.parameters.low, bounds.parameters.high],
            [parameters; 2]
        );
        assert_eq!([bounds.macs.low, bounds.macs.high], [network.macs(); 2]);
    }
}

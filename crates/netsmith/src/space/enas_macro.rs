//! ENAS' macro space: a whole network of layers with skips between them.
//!
//! ```text
//! stem        3x3 convolution, norm
//! layer i     y = one of six operations on layer i - 1
//!             merged with any subset of layers 0 .. i - 1
//! reductions  after layers N/3 - 1 and 2N/3 - 1 (from 0) all earlier layers are
//!             reduced by a factorised reduction each, so that later skips fit
//! head        ReLU, global pool, linear
//! ```
//!
//! Candidates and final networks follow the rules of the fixed network: `y` and
//! the selected layers are concatenated and projected back by ReLU, a 1x1
//! convolution and a norm, and a reduction doubles the channels. In the supernet
//! they are summed and normalised, and the channels stay the same.
//!
//! Deviations from the published code: an operation is a rectifier, one
//! convolution and a norm, without a 1x1 convolution before it; there is no
//! dropout before the linear layer.

use super::block::{dilated, factorised_reduction, relu_convolution_norm};
use super::{
    Architecture, Choice, DecisionId, Decisions, Entry, Form, Graph, Merge, Notation,
    NotationError, Pick, Port, Select, Size, Space, SpaceError, Task, Through,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Pool};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "enas-macro",
    "A whole network: each layer has one of six operations and any subset of the layers before.",
    build,
)
.paper("Pham et al. 2018, arXiv:1802.03268")
.parameters(&[
    Parameter {
        name: "channels",
        kind: ParameterKind::Integer(2, 1024),
        default: "36",
        doc: "Channels of the first layers; in trained networks each reduction doubles them.",
    },
    Parameter {
        name: "layers",
        kind: ParameterKind::Integer(1, 24),
        default: "12",
        doc: "Layers; the image is halved after a third and two thirds of them.",
    },
]);

/// The operations, in the order of the official numbers.
pub const OPERATIONS: [&str; 6] = [
    "conv_3x3",
    "sep_conv_3x3",
    "conv_5x5",
    "sep_conv_5x5",
    "avg_pool_3x3",
    "max_pool_3x3",
];

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let (channels, layers) = (settings.integer("channels"), settings.integer("layers"));
    let space = Space::new(ENTRY.name, &task.shapes(), |form, decisions| {
        let mut graph = Graph::new(1);
        let convolution = Operation::Convolution(Convolution::square(channels, 3, 1));
        let x = graph.operation("stem", convolution, &[graph.input(0)]);
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        let mut last = graph.operation("stem.norm", norm, &[x]);
        let mut width = channels;
        let mut stored: Vec<Port> = Vec::new();
        for layer in 0..layers {
            let name = format!("layer{layer}");
            let x = operation(&mut graph, decisions, &name, width, last);
            last = skips(&mut graph, decisions, form, &name, width, x, &stored);
            stored.push(last);
            if [layers / 3, 2 * layers / 3].contains(&(layer + 1)) {
                if form != Form::Supernet {
                    width *= 2;
                }
                let reduction = Arc::new(factorised_reduction(width.into(), true));
                for (from, port) in stored.iter_mut().enumerate() {
                    let name = format!("reduction{layer}.from{from}");
                    *port = graph.instance(&name, &reduction, &[*port]);
                }
                last = stored[layer];
            }
        }
        let relu = Operation::Activation(Activation::Relu);
        let x = graph.operation("relu", relu, &[last]);
        let x = task.head.attach(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space.with_notation(Layers))
}

/// One of the operations on the layer before.
fn operation(
    graph: &mut Graph,
    decisions: &mut Decisions,
    name: &str,
    width: usize,
    last: Port,
) -> Port {
    let out = || Size::from(width);
    let pool = || Pool::square(3, 1);
    let decision = decisions.choice(&format!("{name}.operation"), OPERATIONS);
    decisions.block(decision, name);
    let choice = Choice {
        decision,
        options: vec![
            relu_convolution_norm(out(), 3, 1, true),
            dilated(3, 1, 1, true),
            relu_convolution_norm(out(), 5, 1, true),
            dilated(5, 1, 1, true),
            Graph::chain([Operation::AvgPool(pool())]),
            Graph::chain([Operation::MaxPool(pool())]),
        ],
        search_only: Vec::new(),
    };
    graph.choice(&format!("{name}.operation"), choice, &[last])
}

/// The output of the operation with the layers that are selected.
fn skips(
    graph: &mut Graph,
    decisions: &mut Decisions,
    form: Form,
    name: &str,
    width: usize,
    x: Port,
    stored: &[Port],
) -> Port {
    if stored.is_empty() {
        return x;
    }
    let decision = decisions.select(&format!("{name}.skips"), stored.len(), Pick::Subset);
    decisions.block(decision, name);
    let supernet = form == Form::Supernet;
    let select = Select {
        decision,
        fixed: 1,
        through: Through::Nothing,
        merge: if supernet { Merge::Sum } else { Merge::Concat },
        fallback: 0,
    };
    let inputs: Vec<Port> = std::iter::once(x).chain(stored.iter().copied()).collect();
    let merged = graph.select(&format!("{name}.skips"), select, &inputs);
    if supernet {
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        return graph.operation(&format!("{name}.norm"), norm, &[merged]);
    }
    let projection = Arc::new(relu_convolution_norm(width.into(), 1, 1, true));
    graph.instance(&format!("{name}.project"), &projection, &[merged])
}

/// The official arc: for each layer the number of its operation, then for each
/// earlier layer 1 where it is selected and 0 where not.
#[derive(Debug)]
struct Layers;

/// The decisions of the layers in turn: of the operation, and of the skips where
/// there are earlier layers.
fn layers(space: &Space) -> impl Iterator<Item = (DecisionId, Option<DecisionId>)> {
    let named = |layer: usize, part: &str| space.decision_named(&format!("layer{layer}.{part}"));
    (0..).map_while(move |layer| Some((named(layer, "operation")?, named(layer, "skips"))))
}

impl Notation for Layers {
    fn write(&self, space: &Space, architecture: &Architecture) -> String {
        let mut numbers: Vec<String> = Vec::new();
        for (layer, (operation, skips)) in layers(space).enumerate() {
            numbers.push(architecture.option(operation).unwrap_or(0).to_string());
            // The option of a subset has a bit for each candidate.
            let skips = skips.and_then(|id| architecture.option(id)).unwrap_or(0);
            numbers.extend((0..layer).map(|from| (skips >> from & 1).to_string()));
        }
        numbers.join(" ")
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let numbers: Vec<&str> = text.split_whitespace().collect();
        let count = layers(space).count();
        let expected = count * (count + 1) / 2;
        if numbers.len() != expected {
            let rule = format!("it has {} numbers, expected {expected}", numbers.len());
            return Err(error(rule));
        }
        let mut numbers = numbers.into_iter();
        let mut architecture = Architecture::undecided(space.decisions().len());
        for (layer, (operation, skips)) in layers(space).enumerate() {
            let mut next = |name: String, most: u32| {
                let number = numbers.next().unwrap_or("");
                let parsed = number.parse().ok().filter(|&number: &u32| number <= most);
                parsed.ok_or_else(|| {
                    error(format!(
                        "{name} is a number from 0 to {most}, not `{number}`"
                    ))
                })
            };
            let most = OPERATIONS.len() as u32 - 1;
            let option = next(format!("the operation of layer {layer}"), most)?;
            architecture.set(operation, Some(option));
            let mut taken = 0;
            for from in 0..layer {
                taken |= next(format!("the skip from layer {from} to {layer}"), 1)? << from;
            }
            if let Some(skips) = skips {
                architecture.set(skips, Some(taken));
            }
        }
        Ok(architecture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Network, Shape};
    use std::collections::BTreeMap;

    fn space(settings: &[(&str, &str)], side: usize) -> Space {
        let given = settings.iter();
        let given = given.map(|&(name, value)| (name.to_owned(), value.to_owned()));
        let given: BTreeMap<String, String> = given.collect();
        let task = Task::vector(Shape::image(3, side, side), 10);
        build(&task, &Settings::new(ENTRY.parameters, &given).unwrap()).unwrap()
    }

    fn shape(network: &Network, name: &str) -> Shape {
        let node = network.nodes().iter().find(|node| node.name == name);
        node.unwrap_or_else(|| panic!("no node `{name}`")).shape
    }

    #[test]
    fn number_of_architectures() {
        let published = 160_618_186_625_454_535_808_756_219_904;
        assert_eq!(space(&[], 32).size(), Some(published));
    }

    #[test]
    fn skips_are_summed_in_the_search_and_concatenated_in_the_end() {
        let space = space(&[("channels", "4"), ("layers", "3")], 16);
        let architecture = space.parse("0 5 0 4 1 1").unwrap();
        assert_eq!(space.text(&architecture), "0 5 0 4 1 1");
        let fixed = space.network(&architecture).unwrap();
        // Layers 0 and 1 are followed by a reduction each, which doubles.
        assert_eq!(
            shape(&fixed, "layer1.project.convolution"),
            Shape::image(8, 8, 8)
        );
        assert_eq!(shape(&fixed, "layer2.skips.concat"), Shape::image(48, 4, 4));
        let path = space.resolve(&architecture, Form::Supernet).unwrap();
        assert_eq!(shape(&path, "layer2.skips.add"), Shape::image(4, 4, 4));
        let supernet = space.supernet().unwrap();
        assert_eq!(shape(&supernet, "layer2.skips.mix"), Shape::image(4, 4, 4));
        let relaxation = space.relaxation();
        assert_eq!((relaxation.choices.len(), relaxation.selects.len()), (3, 2));
        assert!(relaxation.fixed.is_empty() && relaxation.sizes.is_empty());
    }

    #[test]
    fn a_network_counted_by_hand() {
        let space = space(&[("channels", "4"), ("layers", "3")], 16);
        let network = space.network(&space.parse("0 1 1 5 0 1").unwrap()).unwrap();
        let stem = 27 * 4 + 8;
        let layer0 = 9 * 4 * 4 + 8;
        let reductions0 = 4 * 8 + 16;
        // A separable convolution; the projection of 8 + 8 channels.
        let layer1 = 9 * 8 + 8 * 8 + 16 + 16 * 8 + 16;
        // Layer 0 is not read any more, so that only layer 1 is reduced again.
        let reductions1 = 8 * 16 + 32;
        let layer2 = 32 * 16 + 32;
        let head = 16 * 10 + 10;
        let expected = stem + layer0 + reductions0 + layer1 + reductions1 + layer2 + head;
        assert_eq!(network.parameters(), expected);
    }

    #[test]
    fn odd_channels_fit_together() {
        let space = space(&[("channels", "5"), ("layers", "6")], 8);
        space.supernet().unwrap();
    }

    #[test]
    fn a_wrong_text_is_explained() {
        let space = space(&[("channels", "4"), ("layers", "3")], 16);
        let rule = |text: &str| space.parse(text).unwrap_err().rule;
        assert_eq!(rule("0 5 0"), "it has 3 numbers, expected 6");
        assert_eq!(
            rule("0 6 0 4 1 1"),
            "the operation of layer 1 is a number from 0 to 5, not `6`"
        );
        assert_eq!(
            rule("0 5 2 4 1 1"),
            "the skip from layer 0 to 1 is a number from 0 to 1, not `2`"
        );
    }
}

//! What is drawn as one box.

use crate::network::operation::{BlockKind, Primitive};
use crate::network::{Network, Node, Operation, Shape};

/// The boxes of a drawing and the lines between them.
#[derive(Debug)]
pub(super) struct Diagram {
    /// Boxes, each after those that it reads.
    pub(super) blocks: Vec<Block>,
    /// From one box to a later one.
    pub(super) edges: Vec<[usize; 2]>,
}

/// One box.
#[derive(Debug)]
pub(super) struct Block {
    /// What it mainly does, which decides its colour.
    pub(super) kind: BlockKind,
    /// The operation that names it.
    pub(super) caption: String,
    /// What comes before and behind it, shapes and the number of weights.
    pub(super) details: Vec<String>,
    /// The paths of its nodes.
    pub(super) paths: Vec<String>,
}

impl Diagram {
    /// The boxes of a network, and one for each of its outputs.
    pub(super) fn of(network: &Network) -> Self {
        let nodes = network.nodes();
        let consumers = network.consumers();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut group_of: Vec<usize> = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            let group = match node.inputs[..] {
                [input] if consumers[input].len() == 1 && !network.outputs().contains(&input) => {
                    Some(group_of[input]).filter(|&group| takes(network, &groups[group], node))
                }
                _ => None,
            };
            let group = group.unwrap_or_else(|| {
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(index);
            group_of.push(group);
        }
        let mut blocks: Vec<Block> = groups.iter().map(|group| block(network, group)).collect();
        let mut edges = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            let between = node
                .inputs
                .iter()
                .map(|&input| [group_of[input], group_of[index]]);
            edges.extend(between.filter(|[from, to]| from != to));
        }
        for (place, &output) in network.outputs().iter().enumerate() {
            let is_answer = place + 1 == network.outputs().len();
            edges.push([group_of[output], blocks.len()]);
            blocks.push(port(
                if is_answer {
                    "answer"
                } else {
                    "auxiliary answer"
                },
                nodes[output].shape,
            ));
        }
        edges.sort_unstable();
        edges.dedup();
        Self { blocks, edges }
    }
}

/// Whether a box goes on with this node: at most one of its nodes is more than
/// a light step.
fn takes(network: &Network, group: &[usize], node: &Node) -> bool {
    let kinds = group
        .iter()
        .map(|&index| kind(&network.nodes()[index].operation));
    match kinds.max() {
        Some(BlockKind::Port) => false,
        Some(BlockKind::Light) => true,
        _ => kind(&node.operation) == BlockKind::Light,
    }
}

fn kind(operation: &Operation) -> BlockKind {
    operation.ask(Primitive::block)
}

fn block(network: &Network, group: &[usize]) -> Block {
    let nodes: Vec<&Node> = group.iter().map(|&index| &network.nodes()[index]).collect();
    let text = |node: &&Node| node.operation.to_string().replace("->", "→");
    let heavy = nodes
        .iter()
        .position(|node| kind(&node.operation) > BlockKind::Light);
    let (main, light) = (heavy.unwrap_or(0), |range: std::ops::Range<usize>| {
        nodes[range]
            .iter()
            .map(text)
            .collect::<Vec<_>>()
            .join(" · ")
    });
    let shape = nodes[nodes.len() - 1].shape;
    if nodes[main].operation.is_input() {
        return Block {
            paths: vec![nodes[main].name.clone()],
            ..port("input", shape)
        };
    }
    let before = light(0..main);
    let behind = light(main + 1..nodes.len());
    let mut details = match (before.is_empty(), behind.is_empty()) {
        (true, true) => Vec::new(),
        (true, false) => vec![behind],
        (false, true) => vec![format!("after {before}")],
        (false, false) => vec![format!("after {before}, then {behind}")],
    };
    let parameters: u64 = group
        .iter()
        .map(|&index| network.node_parameters(index))
        .sum();
    details.push(match parameters {
        0 => shape_text(shape),
        1 => format!("{}, 1 parameter", shape_text(shape)),
        more => format!("{}, {} parameters", shape_text(shape), grouped(more)),
    });
    Block {
        kind: kind(&nodes[main].operation),
        caption: text(&nodes[main]),
        details,
        paths: nodes.iter().map(|node| node.name.clone()).collect(),
    }
}

fn port(caption: &str, shape: Shape) -> Block {
    Block {
        kind: BlockKind::Port,
        caption: caption.to_owned(),
        details: vec![shape_text(shape)],
        paths: Vec::new(),
    }
}

/// `16 × 8 × 8`.
pub(super) fn shape_text(shape: Shape) -> String {
    let dims: Vec<String> = shape.dims().iter().map(usize::to_string).collect();
    dims.join(" × ")
}

/// `9,210`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::operation::{Activation, BatchNorm, Convolution, Linear};
    use crate::network::{Builder, Shape};

    #[test]
    fn a_convolution_takes_its_neighbours_along() {
        let mut builder = Builder::new();
        let input = builder.input("x", Shape::image(3, 8, 8));
        let mut last = input;
        let mut add = |name: &str, operation: Operation, inputs: &[usize]| {
            builder.add(name, operation, inputs).expect("it fits")
        };
        let relu = || Operation::Activation(Activation::Relu);
        last = add("stem.relu", relu(), &[last]);
        let convolution = Convolution::square(4_usize, 3_usize, 2_usize);
        last = add(
            "stem.convolution",
            Operation::Convolution(convolution),
            &[last],
        );
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        let norm = add("stem.norm", norm, &[last]);
        last = add("relu", relu(), &[norm]);
        last = add("sum", Operation::Add, &[last, norm]);
        last = add("pool", Operation::GlobalPool, &[last]);
        last = add("head", Operation::Linear(Linear::new(10_usize)), &[last]);
        let diagram = Diagram::of(&builder.finish(&[last]));
        let captions: Vec<&str> = diagram.blocks.iter().map(|b| b.caption.as_str()).collect();
        let expected = [
            "input",
            "convolution 3x3/2 → 4",
            "relu",
            "add",
            "global-pool",
            "linear → 10",
            "answer",
        ];
        assert_eq!(captions, expected);
        let details = ["after relu, then batch-norm", "4 × 4 × 4, 116 parameters"];
        assert_eq!(diagram.blocks[1].details, details);
        let edges = [[0, 1], [1, 2], [1, 3], [2, 3], [3, 4], [4, 5], [5, 6]];
        assert_eq!(diagram.edges, edges);
    }

    #[test]
    fn digits_are_grouped() {
        assert_eq!(
            [7, 1_234, 56_789, 1_000_000].map(grouped),
            ["7", "1,234", "56,789", "1,000,000"]
        );
    }
}

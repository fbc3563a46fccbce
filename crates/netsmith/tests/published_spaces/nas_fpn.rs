//! NAS-FPN (Ghiasi et al. 2019, arXiv:1904.07392): merging cells between the
//! levels of a feature pyramid.

use super::{check, choice};
use netsmith::network::operation::{Activation, Resize};
use netsmith::network::{Network, Operation, Shape};
use netsmith::space::{
    Decisions, Graph, Loose, Merge, Pick, Port, Rule, Select, Space, Through, block,
};
use std::sync::Arc;

const WIDTH: usize = 256;
const LEVELS: [usize; 5] = [3, 4, 5, 6, 7];

fn side(level: usize) -> usize {
    64 >> (level - 3)
}

/// `cells` merging cells; the last five give one output for each level.
fn space(cells: usize) -> Space {
    let inputs = LEVELS.map(|level| Shape::image(WIDTH, side(level), side(level)));
    Space::new("nas-fpn", &inputs, |_, decisions| {
        let mut graph = Graph::new(5);
        let mut candidates: Vec<Port> = (0..5).map(|index| graph.input(index)).collect();
        let mut outputs = Vec::new();
        let mut last_levels = Vec::new();
        for cell in 0..cells {
            let (name, is_output) = (format!("cell{cell}"), cell + 5 >= cells);
            // Inner cells do not work at the highest resolution.
            let levels = if is_output { &LEVELS[..] } else { &LEVELS[1..] };
            let level = decisions.value(&format!("{name}.level"), levels);
            let mut inputs = Vec::new();
            let mut picks = Vec::new();
            for slot in ["first", "second"] {
                let path = format!("{name}.{slot}");
                let pick = decisions.select(&path, candidates.len(), Pick::Combination(1));
                picks.push(pick);
                let select = Select {
                    decision: pick,
                    fixed: 0,
                    through: Through::Nothing,
                    merge: Merge::Sum,
                    fallback: 0,
                };
                let x = graph.select(&path, select, &candidates);
                let resize = |&level: &usize| {
                    Graph::chain([Operation::Resize(Resize {
                        height: side(level).into(),
                        width: side(level).into(),
                    })])
                };
                let resizes = choice(level, levels.iter().map(resize).collect());
                inputs.push(graph.choice(&format!("{path}.resize"), resizes, &[x]));
            }
            decisions.rule(Rule::AllDifferent(picks));
            let x = merged(&mut graph, decisions, &name, &inputs);
            let x = match is_output {
                true => {
                    last_levels.push(level);
                    let loose = Loose {
                        fixed: 1,
                        same_positions: true,
                        edges: Vec::new(),
                        merge: Merge::Sum,
                    };
                    // What no cell reads joins the output of its level; outputs do not.
                    let inner = &candidates[..cells];
                    let all: Vec<Port> = std::iter::once(x).chain(inner.iter().copied()).collect();
                    graph.loose(&format!("{name}.loose"), loose, &all)
                }
                false => x,
            };
            let convolution = block::relu_convolution_norm(WIDTH.into(), 3, 1, true);
            let x = graph.instance(&name, &Arc::new(convolution), &[x]);
            candidates.push(x);
            if is_output {
                outputs.push(x);
            }
        }
        decisions.rule(Rule::AllDifferent(last_levels));
        outputs.into_iter().fold(graph, Graph::with_output)
    })
    .unwrap()
}

/// The sum, or the second with the first added as far as the second's global
/// pool lets it through.
fn merged(graph: &mut Graph, decisions: &mut Decisions, name: &str, inputs: &[Port]) -> Port {
    let mut sum = Graph::new(2);
    let added = sum.operation("add", Operation::Add, &[sum.input(0), sum.input(1)]);
    let mut attention = Graph::new(2);
    let (first, second) = (attention.input(0), attention.input(1));
    let pooled = attention.operation("pool", Operation::GlobalPool, &[second]);
    let sigmoid = Operation::Activation(Activation::Sigmoid);
    let gate = attention.operation("gate", sigmoid, &[pooled]);
    let let_through = attention.operation("scale", Operation::Multiply, &[first, gate]);
    let attended = attention.operation("add", Operation::Add, &[second, let_through]);
    let operation = decisions.choice(&format!("{name}.operation"), ["sum", "attention"]);
    let options = vec![sum.with_output(added), attention.with_output(attended)];
    graph.choice(&format!("{name}.merge"), choice(operation, options), inputs)
}

/// The pyramid that the authors found: level, operation, inputs of each cell.
const DISCOVERED: [(usize, &str, usize, usize); 7] = [
    (4, "attention", 1, 3),
    (4, "sum", 1, 5),
    (3, "sum", 0, 6),
    (4, "sum", 6, 7),
    (5, "attention", 7, 8),
    (7, "attention", 6, 9),
    (6, "attention", 9, 10),
];

fn discovered(space: &Space) -> Network {
    let cells = DISCOVERED.iter().enumerate();
    let cells = cells.map(|(cell, (level, operation, first, second))| {
        format!(
            "cell{cell}.level={level},cell{cell}.operation={operation},cell{cell}.first={first},cell{cell}.second={second}"
        )
    });
    let text = cells.collect::<Vec<_>>().join(",");
    space.network(&space.parse(&text).unwrap()).unwrap()
}

#[test]
fn pyramids() {
    let space = space(7);
    check(&space, 20);
    let network = discovered(&space);
    assert_eq!(network.parameters(), 4_132_352);
    let levels: Vec<usize> = network
        .outputs()
        .iter()
        .map(|&output| network.nodes()[output].shape.positions()[0])
        .collect();
    assert_eq!(levels, [3, 4, 5, 7, 6].map(side));
    assert_eq!(network.node_parameters(network.outputs()[0]), 512);
    assert_eq!(network.parameters() / 7, 590_336);
}

#[test]
fn what_no_cell_reads_joins_its_level() {
    let network = discovered(&space(7));
    let loose: Vec<(&str, Vec<usize>)> = network
        .nodes()
        .iter()
        .filter(|node| node.name.contains(".loose"))
        .map(|node| (node.name.as_str(), node.inputs.clone()))
        .collect();
    // Inputs 2 (of level 5) and 4 (of level 7) have no consumer.
    let names: Vec<&str> = loose.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["cell4.loose.add", "cell5.loose.add"]);
    let joined: Vec<usize> = loose.iter().map(|(_, inputs)| inputs[1]).collect();
    assert_eq!(joined, [2, 4]);
}

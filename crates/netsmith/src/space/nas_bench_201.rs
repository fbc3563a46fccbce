//! NAS-Bench-201: six operations on the edges of one cell.

use super::block::relu_convolution_norm;
use super::{
    Architecture, Choice, Decisions, Entry, Form, Graph, Notation, NotationError, Size, Space,
    SpaceError, Task,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Padding, Pool, Zero};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "nas-bench-201",
    "One cell of six edges with five operations each, in the official skeleton.",
    build,
)
.paper("Dong and Yang 2020, arXiv:2001.00326")
.parameters(&[
    Parameter {
        name: "channels",
        kind: ParameterKind::Integer(1, 1024),
        default: "16",
        doc: "Channels of the first stage; each later stage has twice as many.",
    },
    Parameter {
        name: "cells",
        kind: ParameterKind::Integer(1, 50),
        default: "5",
        doc: "Cells in each of the three stages.",
    },
    Parameter {
        name: "operations",
        kind: ParameterKind::Words(&OPERATIONS),
        default: "none,skip_connect,nor_conv_1x1,nor_conv_3x3,avg_pool_3x3",
        doc: "Operations that an edge may have.",
    },
]);

/// The official names of the operations, in the official order.
pub const OPERATIONS: [&str; 5] = [
    "none",
    "skip_connect",
    "nor_conv_1x1",
    "nor_conv_3x3",
    "avg_pool_3x3",
];

/// The edges `(to, from)` in the order of the official string.
pub const EDGES: [(usize, usize); 6] = [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2)];

/// Builds the space: a stem, three stages of cells with residual reductions
/// between them, batch norm, ReLU, global pool and a linear head.
fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let (channels, cells) = (settings.integer("channels"), settings.integer("cells"));
    let given = settings.words("operations");
    let offered: Vec<&str> = OPERATIONS
        .into_iter()
        .filter(|own| given.contains(own))
        .collect();
    let space = Space::new(ENTRY.name, &task.shapes(), |form, decisions| {
        let affine = form != Form::Supernet;
        let cell = Arc::new(cell(decisions, &offered, affine));
        let mut graph = Graph::new(1);
        let stem = Convolution::square(channels, 3, 1);
        let mut x = graph.operation("stem", Operation::Convolution(stem), &[graph.input(0)]);
        x = graph.operation("stem.norm", norm(true), &[x]);
        for stage in 0..3 {
            if stage > 0 {
                let reduction = Arc::new(reduction(channels << stage));
                x = graph.instance(&format!("reduction{stage}"), &reduction, &[x]);
            }
            for index in 0..cells {
                x = graph.instance(&format!("stage{stage}.cell{index}"), &cell, &[x]);
            }
        }
        x = graph.operation("norm", norm(true), &[x]);
        x = graph.operation("relu", Operation::Activation(Activation::Relu), &[x]);
        x = task.head.attach(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space
        .with_notation(OfficialString)
        .with_canonical(canonical_string))
}

fn norm(affine: bool) -> Operation<Size> {
    Operation::BatchNorm(BatchNorm { affine })
}

/// Node `j` is the sum over all `i < j` of a chosen operation on node `i`.
fn cell(decisions: &mut Decisions, offered: &[&str], affine: bool) -> Graph {
    let options = || {
        let all = [
            Graph::chain([Operation::Zero(Zero {
                stride: [1.into(), 1.into()],
            })]),
            Graph::chain([Operation::Identity]),
            relu_convolution_norm(Size::Channels, 1, 1, affine),
            relu_convolution_norm(Size::Channels, 3, 1, affine),
            Graph::chain([Operation::AvgPool(Pool::square(3, 1))]),
        ];
        let named = OPERATIONS.into_iter().zip(all);
        let kept = named.filter(|(name, _)| offered.contains(name));
        kept.map(|(_, graph)| graph).collect()
    };
    let mut graph = Graph::new(1);
    let mut nodes = vec![graph.input(0)];
    for node in 1..4 {
        let mut incoming = Vec::new();
        for (from, &source) in nodes.iter().enumerate() {
            let name = format!("{node}<{from}");
            let decision = decisions.choice(&name, offered.iter().copied());
            decisions.block(decision, &format!("node{node}"));
            // The official mutation picks one of the three nodes, then one of
            // its incoming edges.
            decisions.weight(decision, 1.0 / (3 * node) as f64);
            let choice = Choice {
                decision,
                options: options(),
                search_only: Vec::new(),
            };
            incoming.push(graph.choice(&format!("edge{node}-{from}"), choice, &[source]));
        }
        nodes.push(graph.operation(&format!("node{node}"), Operation::Add, &incoming));
    }
    graph.with_output(nodes[3])
}

/// The residual block between stages: twice ReLU, convolution, norm, the first
/// with stride 2; on the other way an average pool and a 1x1 convolution.
fn reduction(channels: usize) -> Graph {
    let mut graph = Graph::new(1);
    let x = graph.input(0);
    let first = Arc::new(relu_convolution_norm(channels.into(), 3, 2, true));
    let second = Arc::new(relu_convolution_norm(channels.into(), 3, 1, true));
    let deep = graph.instance("first", &first, &[x]);
    let deep = graph.instance("second", &second, &[deep]);
    let mut pool = Pool::square(2, 2);
    pool.window.padding = Padding::Same;
    let short = graph.operation("shortcut.pool", Operation::AvgPool(pool), &[x]);
    let projection = Operation::Convolution(Convolution::square(channels, 1, 1));
    let short = graph.operation("shortcut.convolution", projection, &[short]);
    let sum = graph.operation("add", Operation::Add, &[deep, short]);
    graph.with_output(sum)
}

/// `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.
#[derive(Debug)]
struct OfficialString;

impl Notation for OfficialString {
    fn write(&self, space: &Space, architecture: &Architecture) -> String {
        let mut text = String::new();
        for (decision, (option, (to, from))) in space
            .decisions()
            .iter()
            .zip(architecture.options().zip(EDGES))
        {
            if from == 0 {
                text.push_str(if to == 1 { "|" } else { "+|" });
            }
            text.push_str(&decision.option_name(option.unwrap_or(0)));
            text.push_str(&format!("~{from}|"));
        }
        text
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let mut architecture = Architecture::undecided(EDGES.len());
        let nodes: Vec<&str> = text.trim().split('+').collect();
        let mut edges = Vec::new();
        for (node, part) in nodes.iter().enumerate() {
            for edge in part.split('|').filter(|edge| !edge.is_empty()) {
                let (name, from) = edge
                    .split_once('~')
                    .ok_or_else(|| error(format!("`{edge}` is not of the form operation~node")))?;
                edges.push((node + 1, name, from));
            }
        }
        if edges.len() != EDGES.len() {
            let plural = if edges.len() == 1 { "edge" } else { "edges" };
            return Err(error(format!(
                "it has {} {plural}, expected 6",
                edges.len()
            )));
        }
        for (index, ((to, name, from), expected)) in edges.into_iter().zip(EDGES).enumerate() {
            if from.parse() != Ok(expected.1) || to != expected.0 {
                let (node, source) = expected;
                return Err(error(format!(
                    "edge {} must lead from {source} to {node}",
                    index + 1
                )));
            }
            let decision = &space.decisions()[index];
            let option = decision.option_from_name(name).ok_or_else(|| {
                let offered = (0..decision.count()).map(|option| decision.option_name(option));
                let offered: Vec<String> = offered.collect();
                error(format!("`{name}` is none of {}", offered.join(", ")))
            })?;
            architecture.set(space.order()[index], Some(option));
        }
        Ok(architecture)
    }
}

/// The official canonical form (algorithm of the benchmark's own library): an
/// edge from `j` with operation `none` or from a dead node is `#`, a skip is
/// its source, any other `(source)@operation`; a node is the sorted list of its
/// edges. Dead edges stay in the list, so 15,625 architectures give 6,466 forms.
fn canonical_string(space: &Space, architecture: &Architecture) -> String {
    let mut nodes = vec!["0".to_owned()];
    let mut incoming: Vec<String> = Vec::new();
    for (decision, (option, (to, from))) in space
        .decisions()
        .iter()
        .zip(architecture.options().zip(EDGES))
    {
        let source = &nodes[from];
        let operation = decision.option_name(option.unwrap_or(0));
        incoming.push(match operation.as_str() {
            "none" => "#".to_owned(),
            _ if source == "#" => "#".to_owned(),
            "skip_connect" => source.clone(),
            _ => format!("({source})@{operation}"),
        });
        if from + 1 == to {
            incoming.sort();
            nodes.push(std::mem::take(&mut incoming).join("+"));
        }
    }
    nodes.swap_remove(3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;
    use crate::space::Limits;
    use std::collections::BTreeSet;

    fn space() -> Space {
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        build(&task, &Settings::defaults(ENTRY.parameters)).unwrap()
    }

    /// The `index`-th architecture, its six options as digits to the base of 5.
    fn architecture(space: &Space, index: u32) -> Architecture {
        let mut architecture = Architecture::undecided(6);
        for (place, &id) in space.order().iter().enumerate() {
            architecture.set(id, Some(index / 5_u32.pow(place as u32) % 5));
        }
        architecture
    }

    #[track_caller]
    fn counts(text: &str, parameters: u64, macs_with_bias: u64) {
        let space = space();
        let network = space.network(&space.parse(text).unwrap()).unwrap();
        assert_eq!(network.parameters(), parameters);
        // The official counter adds the classifier's bias.
        assert_eq!(network.macs() + 10, macs_with_bias);
    }

    #[test]
    fn published_counts() {
        let all = |op: &str| format!("|{op}~0|+|{op}~0|{op}~1|+|{op}~0|{op}~1|{op}~2|");
        counts(&all("nor_conv_3x3"), 1_531_546, 220_119_690);
        counts(&all("nor_conv_1x1"), 241_306, 31_376_010);
        counts(&all("skip_connect"), 73_306, 7_783_050);
        counts(&all("none"), 73_306, 7_783_050);
        counts(
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
            1_073_466,
            153_272_970,
        );
    }

    #[test]
    fn texts_and_keys() {
        let space = space();
        assert_eq!(space.size(), Some(15_625));
        let mut keys = BTreeSet::new();
        for index in 0..15_625 {
            let architecture = architecture(&space, index);
            assert_eq!(
                space.parse(&space.text(&architecture)),
                Ok(architecture.clone())
            );
            keys.insert(space.key(&architecture).unwrap());
        }
        assert_eq!(keys.len(), 6_466);
    }

    /// Three operations make a space of 729 cells; the keys were counted by the
    /// official rule in another program.
    #[test]
    fn fewer_operations_make_a_smaller_space() {
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let named = "nor_conv_3x3, none,nor_conv_1x1".to_owned();
        let given = [("operations".to_owned(), named)].into();
        let settings = Settings::new(ENTRY.parameters, &given).unwrap();
        let space = build(&task, &settings).unwrap();
        assert_eq!(space.size(), Some(729));
        let mut random = crate::random::Seed::new(1).stream();
        let mut keys = BTreeSet::new();
        let mut known = BTreeSet::new();
        while known.len() < 729 {
            let drawn = space.sample(&Limits::default(), &mut random).unwrap();
            assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn.clone()));
            keys.insert(space.key(&drawn).unwrap());
            known.insert(space.text(&drawn));
        }
        assert_eq!(keys.len(), 321);
        let whole = self::space();
        for text in &known {
            let [own, other] = [&space, &whole].map(|space| {
                let network = space.network(&space.parse(text).unwrap()).unwrap();
                network.parameters()
            });
            assert_eq!(own, other);
        }
        let skip = "|none~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|";
        let error = space.parse(skip).unwrap_err();
        let rule = "`skip_connect` is none of none, nor_conv_1x1, nor_conv_3x3";
        assert_eq!(error.rule, rule);
    }

    #[test]
    fn every_architecture_has_24_neighbours() {
        let space = space();
        for index in [0, 77, 15_624] {
            let architecture = architecture(&space, index);
            assert_eq!(
                space.neighbours(&architecture, &Limits::default()).len(),
                24
            );
        }
    }

    #[test]
    fn bounds_are_reached() {
        let space = space();
        let bounds = space.bounds(&Architecture::undecided(6)).unwrap();
        assert_eq!(
            [bounds.parameters.low, bounds.parameters.high],
            [73_306, 1_531_546]
        );
        assert_eq!(
            [bounds.macs.low, bounds.macs.high],
            [7_783_040, 220_119_680]
        );
    }

    #[test]
    fn a_wrong_text_is_explained() {
        let space = space();
        let rule = |text: &str| space.parse(text).unwrap_err().rule;
        assert_eq!(rule("|nor_conv_3x3~0|"), "it has 1 edge, expected 6");
        assert!(rule("|x~0|+|x~0|x~1|+|x~0|x~1|x~2|").starts_with("`x` is none of"));
        let swapped = "|none~0|+|none~1|none~0|+|none~0|none~1|none~2|";
        assert_eq!(rule(swapped), "edge 2 must lead from 0 to 2");
    }
}

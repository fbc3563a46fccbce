//! ENAS' micro space: a normal and a reduction cell of five nodes, each the sum
//! of two operations on any earlier states.
//!
//! ```text
//! stem         3x3 convolution, norm
//! cells        N normal cells; reduction cells at N/3 and 2N/3 + 1 of all N + 2
//! cell         states 0 and 1: the two cells before, brought to the cell's width
//!              state b + 2 = op1(state i1) + op2(state i2)       for b = 0 .. 4
//!              output = concat of the states that no node reads
//! head         ReLU, global pool, linear
//! ```
//!
//! Candidates and final networks follow the rules of the fixed network: in a
//! reduction cell operations on the two inputs have stride 2, an identity there
//! is a factorised reduction, and so is what a loose input passes. The supernet
//! follows those of the search: inputs of a reduction cell are reduced before
//! it, and each state has a slice of the 1x1 convolution after the cell, whose
//! outputs are summed for the loose ends.
//!
//! Deviations from the published code: a factorised reduction begins with a
//! rectifier everywhere; the supernet reduces both inputs of a reduction cell;
//! there is neither an auxiliary head nor dropout before the linear layer.

use super::block::{factorised_reduction, separable, with_drop_path};
use super::{
    Align, AlignMethod, Architecture, Choice, Decisions, Entry, Form, Graph, Loose, Merge,
    Notation, NotationError, Pick, Select, Space, SpaceError, Task, Through,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Pool};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "enas-micro",
    "A normal and a reduction cell of five nodes; each sums two operations on any earlier states.",
    build,
)
.paper("Pham et al. 2018, arXiv:1802.03268")
.parameters(&[
    Parameter {
        name: "channels",
        kind: ParameterKind::Integer(1, 1024),
        default: "20",
        doc: "Channels of the first cells; each reduction cell doubles them.",
    },
    Parameter {
        name: "cells",
        kind: ParameterKind::Integer(1, 100),
        default: "6",
        doc: "Normal cells; two reduction cells come besides.",
    },
    Parameter {
        name: "stem-multiplier",
        kind: ParameterKind::Integer(1, 16),
        default: "3",
        doc: "Channels of the stem, in multiples of the first cells' channels.",
    },
    Parameter {
        name: "drop-path",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether branches may be dropped in training; the recipe sets the rate.",
    },
]);

/// The operations, in the order of the official numbers.
pub const OPERATIONS: [&str; 5] = [
    "sep_conv_3x3",
    "sep_conv_5x5",
    "avg_pool_3x3",
    "max_pool_3x3",
    "identity",
];

/// Nodes of a cell.
const NODES: usize = 5;

/// The two kinds of cell.
const CELLS: [&str; 2] = ["normal", "reduce"];

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let (channels, cells) = (settings.integer("channels"), settings.integer("cells"));
    let stem = settings.integer("stem-multiplier") * channels;
    let drop_path = settings.switch("drop-path");
    let space = Space::new(ENTRY.name, &task.shapes(), |form, decisions| {
        let mut graph = Graph::new(1);
        let convolution = Operation::Convolution(Convolution::square(stem, 3, 1));
        let x = graph.operation("stem", convolution, &[graph.input(0)]);
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        let x = graph.operation("stem.norm", norm, &[x]);
        let (mut before, mut last, mut width) = (x, x, channels);
        // The decisions of the normal cell come first, wherever it stands.
        Plan::decide(decisions);
        for index in 0..cells + 2 {
            let reduces = [cells / 3, 2 * (cells / 3) + 1].contains(&index);
            if reduces {
                width *= 2;
            }
            let plan = Plan {
                channels: width,
                reduces,
                form,
                drop_path,
            };
            let cell = Arc::new(plan.cell(decisions));
            let output = graph.instance(&format!("cell{index}"), &cell, &[before, last]);
            (before, last) = (last, output);
        }
        let relu = Operation::Activation(Activation::Relu);
        let x = graph.operation("relu", relu, &[last]);
        let x = task.head.attach(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space.with_notation(Arcs))
}

/// What one cell is like.
struct Plan {
    channels: usize,
    reduces: bool,
    form: Form,
    drop_path: bool,
}

/// The names of the decisions of a node: its two inputs, then its two operations.
fn names(kind: &str, node: usize) -> [String; 4] {
    ["input0", "input1", "operation0", "operation1"].map(|part| format!("{kind}.node{node}.{part}"))
}

impl Plan {
    /// The decisions of both cells, in the order of the official controller.
    fn decide(decisions: &mut Decisions) {
        for kind in CELLS {
            for node in 0..NODES {
                let [input0, input1, operation0, operation1] = names(kind, node);
                for name in [input0, input1] {
                    let id = decisions.select(&name, node + 2, Pick::Combination(1));
                    decisions.block(id, &format!("{kind}.node{node}"));
                }
                for name in [operation0, operation1] {
                    let id = decisions.choice(&name, OPERATIONS);
                    decisions.block(id, &format!("{kind}.node{node}"));
                }
            }
        }
    }

    /// Whether the cell has a stride of its own: in the supernet its inputs are
    /// reduced before it.
    fn strides(&self) -> bool {
        self.reduces && self.form != Form::Supernet
    }

    fn cell(&self, decisions: &mut Decisions) -> Graph {
        let kind = CELLS[usize::from(self.reduces)];
        let mut graph = Graph::new(2);
        let align = || Align {
            channels: self.channels.into(),
            method: AlignMethod::Calibrate,
        };
        let (before, mut last) = (graph.input(0), graph.input(1));
        if self.reduces && self.form == Form::Supernet {
            let reduction = Arc::new(factorised_reduction(self.channels.into(), true));
            last = graph.instance("reduction", &reduction, &[last]);
        }
        let mut states = vec![
            graph.align("calibrate0", align(), &[before, last]),
            graph.align("calibrate1", align(), &[last]),
        ];
        for node in 0..NODES {
            let [input0, input1, operation0, operation1] = names(kind, node);
            let sides = [(input0, operation0), (input1, operation1)];
            let sides = sides
                .into_iter()
                .enumerate()
                .map(|(side, (input, operation))| {
                    let edges =
                        (0..states.len()).map(|from| self.edge(decisions, &operation, from));
                    let select = Select {
                        fixed: 0,
                        through: Through::Edges(edges.collect()),
                        merge: Merge::Sum,
                        fallback: 0,
                        decision: decisions.select(&input, states.len(), Pick::Combination(1)),
                    };
                    graph.select(&format!("node{node}.side{side}"), select, &states)
                });
            let sides: Vec<_> = sides.collect();
            states.push(graph.operation(&format!("node{node}"), Operation::Add, &sides));
        }
        self.ends(graph, &states)
    }

    /// The loose ends put together.
    fn ends(&self, mut graph: Graph, states: &[super::Port]) -> Graph {
        let supernet = self.form == Form::Supernet;
        let passes = supernet || self.strides();
        let edge = |state: usize| match (supernet, state < 2) {
            (true, _) => Graph::chain([
                Operation::Activation(Activation::Relu),
                Operation::Convolution(Convolution::square(self.channels, 1, 1)),
            ]),
            (false, true) => factorised_reduction(self.channels.into(), true),
            (false, false) => Graph::chain([Operation::Identity]),
        };
        let loose = Loose {
            fixed: 0,
            same_positions: false,
            edges: match passes {
                true => (0..states.len()).map(edge).collect(),
                false => Vec::new(),
            },
            merge: if supernet { Merge::Sum } else { Merge::Concat },
        };
        let mut output = graph.loose("ends", loose, states);
        if supernet {
            let norm = Operation::BatchNorm(BatchNorm { affine: true });
            output = graph.operation("ends.norm", norm, &[output]);
        }
        graph.with_output(output)
    }

    /// The choice on one edge.
    fn edge(&self, decisions: &mut Decisions, operation: &str, from: usize) -> Graph {
        let stride = if self.strides() && from < 2 { 2 } else { 1 };
        let mut graph = Graph::new(1);
        let choice = Choice {
            decision: decisions.choice(operation, OPERATIONS),
            options: OPERATIONS
                .iter()
                .map(|name| self.operation(name, stride))
                .collect(),
            search_only: Vec::new(),
        };
        let output = graph.choice("operation", choice, &[graph.input(0)]);
        graph.with_output(output)
    }

    fn operation(&self, name: &str, stride: usize) -> Graph {
        let graph = match name {
            "sep_conv_3x3" => separable(3, stride, true),
            "sep_conv_5x5" => separable(5, stride, true),
            "avg_pool_3x3" => Graph::chain([Operation::AvgPool(Pool::square(3, stride))]),
            "max_pool_3x3" => Graph::chain([Operation::MaxPool(Pool::square(3, stride))]),
            "identity" if stride == 1 => return Graph::chain([Operation::Identity]),
            "identity" => factorised_reduction(self.channels.into(), true),
            _ => unreachable!("no operation `{name}` — this is a bug in netsmith"),
        };
        match self.drop_path && self.form != Form::Supernet {
            true => with_drop_path(graph),
            false => graph,
        }
    }
}

/// The official arcs: for each node of the normal cell, then of the reduction
/// cell, `input operation input operation` as numbers.
#[derive(Debug)]
struct Arcs;

/// The decisions of a node in the order of the text.
fn in_text(kind: &str, node: usize) -> [String; 4] {
    let [input0, input1, operation0, operation1] = names(kind, node);
    [input0, operation0, input1, operation1]
}

impl Notation for Arcs {
    fn write(&self, space: &Space, architecture: &Architecture) -> String {
        let nodes = CELLS
            .iter()
            .flat_map(|kind| (0..NODES).flat_map(|node| in_text(kind, node)));
        let numbers = nodes.map(|name| {
            let id = space.decision_named(&name);
            let option = id.and_then(|id| architecture.option(id));
            option.unwrap_or(0).to_string()
        });
        numbers.collect::<Vec<_>>().join(" ")
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let numbers: Vec<&str> = text.split_whitespace().collect();
        let expected = CELLS.len() * NODES * 4;
        if numbers.len() != expected {
            let rule = format!("it has {} numbers, expected {expected}", numbers.len());
            return Err(error(rule));
        }
        let mut architecture = Architecture::undecided(space.decisions().len());
        let mut numbers = numbers.into_iter();
        for kind in CELLS {
            for node in 0..NODES {
                for (name, number) in in_text(kind, node).into_iter().zip(&mut numbers) {
                    let id = space
                        .decision_named(&name)
                        .ok_or_else(|| error(format!("the space has no decision `{name}`")))?;
                    let count = space.decision(id).count();
                    let option = number.parse().ok().filter(|&option: &u32| option < count);
                    let option = option.ok_or_else(|| {
                        error(format!(
                            "`{name}` is a number from 0 to {}, not `{number}`",
                            count - 1
                        ))
                    })?;
                    architecture.set(id, Some(option));
                }
            }
        }
        Ok(architecture)
    }
}

#[cfg(test)]
mod tests;

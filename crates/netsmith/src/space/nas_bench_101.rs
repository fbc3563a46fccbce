//! NAS-Bench-101: one cell of up to seven vertices and nine edges, in the
//! official skeleton.
//!
//! ```text
//! stem       3x3 convolution, norm, ReLU
//! stacks     three of as many cells; before the second and third a 2x2 max pool,
//!            and twice the channels
//! head       global pool, linear
//! cell       vertex v: an operation on the sum of what enters it; the input enters
//!            by a projection. The output: what feeds it, concatenated, and the
//!            projected input added where it feeds it directly
//! ```
//!
//! A cell has five vertices with operations between its input and output, and any
//! edges from earlier to later ones. Vertices on no path from input to output are
//! dropped; what is left has a path and at most nine edges. Cells that are then
//! isomorphic have one key: 423,624 of them.

mod cell;

use super::block::convolution_norm;
use super::{
    Architecture, DecisionId, Decisions, Derived, Entry, Extremes, Graph, Notation, NotationError,
    Pick, Rule, Space, SpaceError, Task, Writer,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::operation::{Activation, Padding, Pool};
use crate::network::{Key, Operation};
use cell::{Cell, VERTICES};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "nas-bench-101",
    "One cell of up to seven vertices and nine edges with three operations, in the official skeleton.",
    build,
)
.paper("Ying et al. 2019, arXiv:1902.09635")
.parameters(&[
    Parameter {
        name: "channels",
        kind: ParameterKind::Integer(4, 1024),
        default: "128",
        doc: "Channels of the first stack; each later stack has twice as many.",
    },
    Parameter {
        name: "cells",
        kind: ParameterKind::Integer(1, 50),
        default: "3",
        doc: "Cells in each of the three stacks.",
    },
]);

/// The official names of the operations.
pub const OPERATIONS: [&str; 3] = ["conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3"];

/// The number of the max pool among the operations.
const MAX_POOL: u32 = 2;

/// The most edges of a pruned cell.
const EDGES: u32 = 9;

/// Cells with a path and at most nine edges on paths: 1,538,083 sets of edges
/// with five operations of three each.
const SIZE: u128 = 1_538_083 * 243;

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let (channels, cells) = (settings.integer("channels"), settings.integer("cells"));
    let space = Space::new(ENTRY.name, &task.shapes(), |_, decisions| {
        let of_cell = decide(decisions);
        let mut graph = Graph::new(1);
        let relu = Some(Activation::Relu);
        let stem = Arc::new(convolution_norm(channels.into(), 3, 1, relu));
        let mut x = graph.instance("stem", &stem, &[graph.input(0)]);
        let mut input = channels;
        for stack in 0..3 {
            let output = channels << stack;
            if stack > 0 {
                let mut pool = Pool::square(2, 2);
                pool.window.padding = Padding::Same;
                x = graph.operation(&format!("pool{stack}"), Operation::MaxPool(pool), &[x]);
            }
            for index in 0..cells {
                let mut cell = Graph::new(1);
                let derived = Derived {
                    decisions: of_cell.clone(),
                    writer: Arc::new(Official { input, output }),
                };
                let y = cell.derived("cell", derived, cell.input(0));
                let cell = Arc::new(cell.with_output(y));
                x = graph.instance(&format!("stack{stack}.{index}"), &cell, &[x]);
                input = output;
            }
        }
        x = task.head.attach(&mut graph, x);
        graph.with_output(x)
    })?;
    let space = space.with_notation(Adjacency).with_canonical(canonical);
    Ok(space.with_size(SIZE))
}

/// For each vertex after the input its inputs, then for each between input and
/// output its operation.
fn decide(decisions: &mut Decisions) -> Vec<DecisionId> {
    let mut all = Vec::new();
    for vertex in 1..VERTICES {
        let id = decisions.select(&format!("vertex{vertex}.inputs"), vertex, Pick::Subset);
        decisions.block(id, &format!("vertex{vertex}"));
        // The official mutation flips each edge with a probability of 1/7, and
        // changes each operation with one of 1/5.
        decisions.weight(id, vertex as f64 / VERTICES as f64);
        all.push(id);
    }
    decisions.rule(Rule::Connected {
        inputs: all.clone(),
        edges: EDGES,
    });
    for vertex in 1..VERTICES - 1 {
        let id = decisions.choice(&format!("vertex{vertex}.operation"), OPERATIONS);
        decisions.block(id, &format!("vertex{vertex}"));
        decisions.weight(id, 1.0 / (VERTICES - 2) as f64);
        all.push(id);
    }
    all
}

/// Writes the cell between so many channels.
#[derive(Debug)]
struct Official {
    input: usize,
    output: usize,
}

/// The pruned cell of options in the order of [`decide`]; nothing where the
/// output is not reached.
fn cell_of(options: &[u32]) -> Option<Cell> {
    let (inputs, operations) = options.split_at(VERTICES - 1);
    let inputs: Vec<u32> = std::iter::once(0).chain(inputs.iter().copied()).collect();
    Cell::pruned(&inputs, operations)
}

impl Writer for Official {
    fn write(&self, options: &[u32]) -> Graph {
        let cell = cell_of(options)
            .expect("the rule of the space keeps a path — this is a bug in netsmith");
        cell.graph(self.input, self.output)
    }

    /// The input straight to the output; and five 3x3 convolutions in a chain, of
    /// which four read the input too, as nine edges allow.
    fn extremes(&self) -> Extremes {
        let straight = Cell {
            inputs: vec![0, 1],
            operations: Vec::new(),
        };
        let chain = Cell {
            inputs: vec![0, 0b1, 0b11, 0b101, 0b1001, 0b10000, 0b10_0000],
            operations: vec![0; 5],
        };
        // Four max pools in a chain, each of which feeds the output and so has a
        // quarter of its channels; a fifth would take a tenth edge.
        let narrow = Cell {
            inputs: vec![0, 0b1, 0b10, 0b100, 0b1000, 0b1_1110],
            operations: vec![MAX_POOL; 4],
        };
        let graph = |cell: Cell| cell.graph(self.input, self.output);
        Extremes {
            cheapest: vec![graph(straight), graph(narrow)],
            dearest: graph(chain),
        }
    }
}

/// The options of an architecture in the order of [`decide`].
fn options(architecture: &Architecture) -> Vec<u32> {
    architecture
        .options()
        .map(|option| option.unwrap_or(0))
        .collect()
}

/// The hash of the pruned cell as a text.
fn canonical(_space: &Space, architecture: &Architecture) -> String {
    let cell = cell_of(&options(architecture));
    cell.map_or_else(String::new, |cell| format!("{:016x}", cell.hash()))
}

/// The key of a cell as tables have it: its vertices, the bits of its edges, of
/// which `x + y(y - 1)/2` is that from `x` to `y`, and the digits of its operations.
/// Nothing where the output is not reached.
pub(crate) fn key_of(adjacency: u32, operations: &[u32]) -> Option<Key> {
    let cell = Cell::pruned(&masks(adjacency, operations.len() + 2), operations)?;
    Some(Key::of_text(&format!("{:016x}", cell.hash())))
}

/// The edges that enter each vertex.
fn masks(adjacency: u32, vertices: usize) -> Vec<u32> {
    let mask = |vertex: usize| match vertex {
        0 => 0,
        _ => adjacency >> (vertex * (vertex - 1) / 2) & ((1 << vertex) - 1),
    };
    (0..vertices).map(mask).collect()
}

/// The bits of the edges in hexadecimal, a colon, and a digit for each operation:
/// `126465:02001`. A cell of fewer vertices has fewer digits.
#[derive(Debug)]
struct Adjacency;

impl Notation for Adjacency {
    fn write(&self, _space: &Space, architecture: &Architecture) -> String {
        let options = options(architecture);
        let (inputs, operations) = options.split_at(VERTICES - 1);
        let masks = (1..).zip(inputs);
        let edges = masks.fold(0, |all, (vertex, mask): (usize, &u32)| {
            all | mask << (vertex * (vertex - 1) / 2)
        });
        let digits: String = operations.iter().map(u32::to_string).collect();
        format!("{edges:06x}:{digits}")
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let form = || error("it is not of the form EDGES:OPERATIONS, such as 126465:02001".into());
        let (edges, digits) = text.trim().split_once(':').ok_or_else(form)?;
        let edges = u32::from_str_radix(edges, 16).map_err(|_| form())?;
        let operations: Option<Vec<u32>> = digits.chars().map(|digit| digit.to_digit(3)).collect();
        let operations =
            operations.ok_or_else(|| error("operations are digits from 0 to 2".into()))?;
        let vertices = operations.len() + 2;
        if vertices > VERTICES {
            let most = VERTICES - 2;
            return Err(error(format!(
                "it has {} operations, at most {most}",
                operations.len()
            )));
        }
        if edges >> (vertices * (vertices - 1) / 2) != 0 {
            return Err(error(format!(
                "an edge leads beyond its {vertices} vertices"
            )));
        }
        let own = masks(edges, vertices);
        let mut architecture = Architecture::undecided(space.decisions().len());
        for (place, &id) in space.order().iter().enumerate() {
            // The output is the last vertex, those that are lacking stand before it.
            let option = match place {
                _ if place + 2 == VERTICES => own[vertices - 1],
                _ if place + 2 < VERTICES => own[1..vertices - 1].get(place).copied().unwrap_or(0),
                _ => operations.get(place + 1 - VERTICES).copied().unwrap_or(0),
            };
            architecture.set(id, Some(option));
        }
        space.check(&architecture).map_err(|_| {
            error(format!(
                "it has no path from input to output, or more than {EDGES} edges on paths"
            ))
        })?;
        Ok(architecture)
    }
}

#[cfg(test)]
mod tests;

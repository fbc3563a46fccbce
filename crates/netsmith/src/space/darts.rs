//! The DARTS space: a normal and a reduction cell.

use super::block::{dilated, separable, with_drop_path};
use super::{
    Align, AlignMethod, Architecture, Choice, DecisionId, Decisions, Entry, Form, Graph, Merge,
    Notation, NotationError, Pick, Select, Space, SpaceError, Task, Through,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::Operation;
use crate::network::operation::{Activation, BatchNorm, Convolution, Pool, Zero};
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "darts",
    "A normal and a reduction cell of four nodes with two incoming operations each.",
    build,
)
.paper("Liu et al. 2019, arXiv:1806.09055")
.parameters(&[
    Parameter {
        name: "channels",
        kind: ParameterKind::Integer(1, 1024),
        default: "16",
        doc: "Channels of the first cells; each reduction cell doubles them.",
    },
    Parameter {
        name: "cells",
        kind: ParameterKind::Integer(1, 100),
        default: "8",
        doc: "Cells in all; those at a third and two thirds are reductions.",
    },
    Parameter {
        name: "stem-multiplier",
        kind: ParameterKind::Integer(1, 16),
        default: "3",
        doc: "Channels of the stem, in multiples of the cells' channels.",
    },
    Parameter {
        name: "drop-path",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether branches may be dropped in training; the recipe sets the rate.",
    },
    Parameter {
        name: "reduction",
        kind: ParameterKind::Word(&["searched", "fixed"]),
        default: "searched",
        doc: "Whether reduction cells are searched too, or have the fixed form of GDAS (FRC).",
    },
]);

/// The official names of the operations after `none`, in the official order.
pub const OPERATIONS: [&str; 7] = [
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
];

/// Intermediate nodes of a cell.
const NODES: usize = 4;

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
        for index in 0..cells {
            let reduces = [cells / 3, 2 * cells / 3].contains(&index) && cells > 1;
            if reduces {
                width *= 2;
            }
            let plan = Plan {
                channels: width,
                reduces,
                form,
                drop_path,
            };
            let fixed = reduces && settings.text("reduction") == "fixed";
            let cell = Arc::new(match fixed {
                true => plan.fixed_reduction(),
                false => plan.cell(decisions),
            });
            let output = graph.instance(&format!("cell{index}"), &cell, &[before, last]);
            (before, last) = (last, output);
        }
        let x = task.head.attach(&mut graph, last);
        graph.with_output(x)
    })?;
    Ok(space.with_notation(Genotype))
}

/// What one cell is like.
struct Plan {
    channels: usize,
    reduces: bool,
    form: Form,
    drop_path: bool,
}

impl Plan {
    /// The reduction cell of GDAS, designed by hand: each preprocessed input
    /// through a factorised 3x3 convolution and through a max pool.
    ///
    /// Deviation: the convolutions have one group (there: eight), so that any
    /// number of channels does.
    fn fixed_reduction(&self) -> Graph {
        let mut graph = Graph::new(2);
        let affine = self.form != Form::Supernet;
        let align = || Align {
            channels: self.channels.into(),
            method: AlignMethod::Preprocess { affine },
        };
        let (before, last) = (graph.input(0), graph.input(1));
        let states = [
            graph.align("preprocess0", align(), &[before, last]),
            graph.align("preprocess1", align(), &[last]),
        ];
        let strip = |kernel: [usize; 2], stride: [usize; 2]| {
            let mut convolution = Convolution::square(self.channels, 1, 1);
            convolution.window.kernel = kernel.map(Into::into);
            convolution.window.stride = stride.map(Into::into);
            Operation::Convolution(convolution)
        };
        let norm = || Operation::BatchNorm(BatchNorm { affine });
        let relu = || Operation::Activation(Activation::Relu);
        let factorised = Arc::new(Graph::chain([
            relu(),
            strip([1, 3], [1, 2]),
            strip([3, 1], [2, 1]),
            norm(),
            relu(),
            strip([1, 1], [1, 1]),
            norm(),
        ]));
        let pooled = Operation::MaxPool(Pool::square(3, 2));
        let pooled = Arc::new(Graph::chain([pooled, norm()]));
        let mut parts = Vec::new();
        for (kind, branch) in [("convolution", &factorised), ("pool", &pooled)] {
            for (number, &state) in states.iter().enumerate() {
                parts.push(graph.instance(&format!("{kind}{number}"), branch, &[state]));
            }
        }
        let output = graph.operation("concat", Operation::Concat, &parts);
        graph.with_output(output)
    }

    /// Two preprocessed inputs; four nodes, each the sum of two earlier states
    /// through their operations; the concatenation of the nodes.
    fn cell(&self, decisions: &mut Decisions) -> Graph {
        let kind = CELLS[usize::from(self.reduces)];
        let mut graph = Graph::new(2);
        let affine = self.form != Form::Supernet;
        let align = || Align {
            channels: self.channels.into(),
            method: AlignMethod::Preprocess { affine },
        };
        let (before, last) = (graph.input(0), graph.input(1));
        let mut states = vec![
            graph.align("preprocess0", align(), &[before, last]),
            graph.align("preprocess1", align(), &[last]),
        ];
        graph.keep(states[0]);
        graph.keep(states[1]);
        for node in 0..NODES {
            let candidates = states.len();
            let block = format!("{kind}.node{node}");
            let inputs =
                decisions.select(&format!("{block}.inputs"), candidates, Pick::Combination(2));
            decisions.block(inputs, &block);
            // An operation and an input change equally often: there are twice
            // as many operations.
            decisions.weight(inputs, 2.0);
            let edges = (0..candidates)
                .map(|from| self.edge(decisions, &block, from))
                .collect();
            let select = Select {
                decision: inputs,
                fixed: 0,
                through: Through::Edges(edges),
                merge: Merge::Sum,
                fallback: 0,
            };
            states.push(graph.select(&format!("node{node}"), select, &states));
        }
        let output = graph.operation("concat", Operation::Concat, &states[2..]);
        graph.with_output(output)
    }

    /// The choice on one edge.
    fn edge(&self, decisions: &mut Decisions, block: &str, from: usize) -> Graph {
        let decision = decisions.choice(&format!("{block}.from{from}"), OPERATIONS);
        decisions.block(decision, block);
        let stride = if self.reduces && from < 2 { 2 } else { 1 };
        let mut graph = Graph::new(1);
        let choice = Choice {
            decision,
            options: OPERATIONS
                .iter()
                .map(|name| self.operation(name, stride))
                .collect(),
            search_only: vec![(
                0,
                Graph::chain([Operation::Zero(Zero {
                    stride: [stride.into(), stride.into()],
                })]),
            )],
        };
        let output = graph.choice("operation", choice, &[graph.input(0)]);
        graph.with_output(output)
    }

    fn operation(&self, name: &str, stride: usize) -> Graph {
        let affine = self.form != Form::Supernet;
        // In the search network each pool is followed by a fixed batch norm.
        let pooled = |pool: Operation<super::Size>| {
            let norm = Operation::BatchNorm(BatchNorm { affine: false });
            let search = self.form == Form::Supernet;
            Graph::chain(std::iter::once(pool).chain(search.then_some(norm)))
        };
        let graph = match name {
            "max_pool_3x3" => pooled(Operation::MaxPool(Pool::square(3, stride))),
            "avg_pool_3x3" => pooled(Operation::AvgPool(Pool::square(3, stride))),
            "skip_connect" if stride == 1 => return Graph::chain([Operation::Identity]),
            "skip_connect" => super::block::factorised_reduction(self.channels.into(), affine),
            "sep_conv_3x3" => separable(3, stride, affine),
            "sep_conv_5x5" => separable(5, stride, affine),
            "dil_conv_3x3" => dilated(3, stride, 2, affine),
            "dil_conv_5x5" => dilated(5, stride, 2, affine),
            _ => unreachable!("no operation `{name}` — this is a bug in netsmith"),
        };
        match self.drop_path && self.form != Form::Supernet {
            true => with_drop_path(graph),
            false => graph,
        }
    }
}

/// `Genotype(normal=[('sep_conv_3x3', 1), ...], normal_concat=range(2, 6), reduce=[...], reduce_concat=range(2, 6))`,
/// as the official code prints it; two operations for each node.
#[derive(Debug)]
struct Genotype;

/// The decisions of one node of one cell.
fn node_decisions(space: &Space, cell: &str, node: usize) -> (DecisionId, Vec<DecisionId>) {
    let named = |name: String| {
        space.decision_named(&name).unwrap_or_else(|| {
            panic!("space `darts` has no decision `{name}` — this is a bug in netsmith")
        })
    };
    let edges = (0..node + 2).map(|from| named(format!("{cell}.node{node}.from{from}")));
    (named(format!("{cell}.node{node}.inputs")), edges.collect())
}

/// The kinds of cell that the space has: few cells make no reduction.
fn cells_of(space: &Space) -> impl Iterator<Item = &'static str> {
    let has = |cell: &&str| {
        space
            .decision_named(&format!("{cell}.node0.inputs"))
            .is_some()
    };
    CELLS.into_iter().filter(has)
}

impl Notation for Genotype {
    fn write(&self, space: &Space, architecture: &Architecture) -> String {
        let mut cells = Vec::new();
        for cell in cells_of(space) {
            let mut edges = Vec::new();
            for node in 0..NODES {
                let (inputs, operations) = node_decisions(space, cell, node);
                let option = architecture.option(inputs).unwrap_or(0);
                for from in space.decision(inputs).members(option) {
                    let operation = architecture.option(operations[from]).unwrap_or(0);
                    edges.push(format!("('{}', {from})", OPERATIONS[operation as usize]));
                }
            }
            let edges = edges.join(", ");
            cells.push(format!("{cell}=[{edges}], {cell}_concat=range(2, 6)"));
        }
        format!("Genotype({})", cells.join(", "))
    }

    fn read(&self, space: &Space, text: &str) -> Result<Architecture, NotationError> {
        let error = |rule: String| NotationError::new(space, text, rule);
        let mut architecture = Architecture::undecided(space.decisions().len());
        for cell in cells_of(space) {
            let edges = edges_of(text, cell).map_err(error)?;
            if edges.len() != 2 * NODES {
                return Err(error(format!(
                    "`{cell}` has {} operations, expected 8",
                    edges.len()
                )));
            }
            for (node, pair) in edges.chunks(2).enumerate() {
                let (inputs, operations) = node_decisions(space, cell, node);
                let mut froms: Vec<usize> = pair.iter().map(|(_, from)| *from).collect();
                froms.sort_unstable();
                let decision = space.decision(inputs);
                let super::DecisionKind::Select { candidates, pick } = decision.kind else {
                    return Err(error(format!("`{}` selects nothing", decision.name)));
                };
                let option = pick.option(candidates, &froms).ok_or_else(|| {
                    let last = candidates - 1;
                    error(format!(
                        "node {node} of `{cell}` needs two different inputs from 0 to {last}"
                    ))
                })?;
                architecture.set(inputs, Some(option));
                for (name, from) in pair {
                    let option = OPERATIONS.iter().position(|known| known == name);
                    let option = option.ok_or_else(|| {
                        error(format!("`{name}` is none of {}", OPERATIONS.join(", ")))
                    })?;
                    architecture.set(operations[*from], Some(option as u32));
                }
            }
        }
        Ok(architecture)
    }
}

/// The pairs of operation and input after `cell=[`.
fn edges_of<'a>(text: &'a str, cell: &str) -> Result<Vec<(&'a str, usize)>, String> {
    let start = format!("{cell}=[");
    let from = text
        .find(&start)
        .ok_or_else(|| format!("it has no `{start}...]`"))?
        + start.len();
    let list = &text[from..];
    let list = &list[..list
        .find(']')
        .ok_or_else(|| format!("`{start}` has no end"))?];
    let mut edges = Vec::new();
    for pair in list.split('(').skip(1) {
        let fault = || format!("`({}` is not of the form ('operation', input)", pair.trim());
        let pair = pair.split(')').next().ok_or_else(fault)?;
        let (name, from) = pair.split_once(',').ok_or_else(fault)?;
        let from = from.trim().parse().map_err(|_| fault())?;
        edges.push((name.trim().trim_matches(['\'', '"']), from));
    }
    Ok(edges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::Limits;
    use std::collections::BTreeMap;

    const DARTS_V1: &str = "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('skip_connect', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 0), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('avg_pool_3x3', 0)], reduce_concat=[2, 3, 4, 5])";
    const DARTS_V2: &str = "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3, 4, 5])";

    fn space(channels: &str, cells: &str) -> Space {
        let given = [("channels", channels), ("cells", cells)];
        let given: BTreeMap<String, String> = given
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        build(&task, &Settings::new(ENTRY.parameters, &given).unwrap()).unwrap()
    }

    #[test]
    fn published_counts() {
        assert_eq!(space("16", "8").supernet().unwrap().parameters(), 1_930_618);
        let space = space("36", "20");
        for (text, parameters, macs) in [
            (DARTS_V1, 3_169_414, 500_987_520),
            (DARTS_V2, 3_349_342, 528_359_040),
        ] {
            let network = space.network(&space.parse(text).unwrap()).unwrap();
            assert_eq!([network.parameters(), network.macs()], [parameters, macs]);
        }
    }

    #[test]
    fn the_supernet_of_the_benchmark() {
        let supernet = space("8", "5").supernet().unwrap();
        assert_eq!(supernet.parameters(), 394_210);
    }

    #[test]
    fn number_of_architectures() {
        assert_eq!(space("16", "8").size(), Some(1_076_746_950_455_072_400));
        assert_eq!(space("16", "1").size(), Some(1_037_664_180));
    }

    /// Only the normal cell is open; the hand-designed reduction halves images
    /// and doubles channels.
    #[test]
    fn a_fixed_reduction() {
        let given = [("channels", "4"), ("cells", "3"), ("reduction", "fixed")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let settings = Settings::new(ENTRY.parameters, &given.into()).unwrap();
        let space = build(&task, &settings).unwrap();
        assert_eq!(space.size(), Some(1_037_664_180));
        let drawn = space.sample(&Limits::default(), &mut Seed::new(1).stream());
        let drawn = drawn.unwrap();
        let text = space.text(&drawn);
        assert!(!text.contains("reduce"), "{text}");
        assert_eq!(space.parse(&text), Ok(drawn.clone()));
        let network = space.network(&drawn).unwrap();
        let mut shapes = network.nodes().iter().map(|node| node.shape).rev();
        let last = shapes.find(|shape| matches!(shape, Shape::Image { .. }));
        assert_eq!(last, Some(Shape::image(64, 8, 8)));
    }

    #[test]
    fn texts_round_trip() {
        let space = space("4", "3");
        let mut random = Seed::new(3).stream();
        for _ in 0..50 {
            let drawn = space.sample(&Limits::default(), &mut random).unwrap();
            assert_eq!(space.check(&drawn), Ok(()));
            assert_eq!(space.parse(&space.text(&drawn)), Ok(drawn));
        }
    }

    #[test]
    fn a_wrong_text_is_explained() {
        let space = space("4", "3");
        let rule = |text: &str| space.parse(text).unwrap_err().rule;
        assert_eq!(rule("x"), "it has no `normal=[...]`");
        let twice = DARTS_V1.replacen("('sep_conv_3x3', 0)", "('sep_conv_3x3', 1)", 1);
        assert_eq!(
            rule(&twice),
            "node 0 of `normal` needs two different inputs from 0 to 1"
        );
    }
}

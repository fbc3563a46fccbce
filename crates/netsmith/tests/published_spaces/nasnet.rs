//! NASNet (Zoph et al. 2018, arXiv:1707.07012): in each of five blocks of a cell
//! two slots take a hidden state and an operation each, and the two results are
//! added or concatenated.

use super::{check, choice};
use netsmith::network::operation::{BatchNorm, Convolution, Linear, Padding, Pool, Window};
use netsmith::network::{Operation, Shape};
use netsmith::space::{
    Align, AlignMethod, Decisions, Form, Graph, Loose, Merge, Pick, Port, Select, Size, Space,
    Through, block,
};
use std::sync::Arc;

const CHANNELS: usize = 4;

/// The operations of the publication.
const OPERATIONS: [&str; 13] = [
    "identity",
    "1x3-3x1",
    "1x7-7x1",
    "dilated3",
    "average3",
    "max3",
    "max5",
    "max7",
    "conv1",
    "conv3",
    "separable3",
    "separable5",
    "separable7",
];

/// ReLU, a convolution of one row and one of one column, and a norm.
fn rows_and_columns(length: usize, stride: usize) -> Graph {
    let convolution = |kernel: [usize; 2], stride: [usize; 2]| {
        let mut convolution = Convolution::<Size>::square(CHANNELS, 1, 1);
        convolution.window = Window {
            kernel: kernel.map(Size::from),
            stride: stride.map(Size::from),
            dilation: 1,
            padding: Padding::Same,
        };
        Operation::Convolution(convolution)
    };
    Graph::chain([
        Operation::Activation(netsmith::network::operation::Activation::Relu),
        convolution([1, length], [1, stride]),
        convolution([length, 1], [stride, 1]),
        Operation::BatchNorm(BatchNorm { affine: true }),
    ])
}

fn operation(name: &str, stride: usize) -> Graph {
    let channels = Size::from(CHANNELS);
    let pool = |side: usize| Pool::square(side, stride);
    match name {
        "identity" if stride == 1 => Graph::chain([Operation::Identity]),
        "identity" => block::factorised_reduction(channels, true),
        "1x3-3x1" => rows_and_columns(3, stride),
        "1x7-7x1" => rows_and_columns(7, stride),
        "dilated3" => block::dilated(3, stride, 2, true),
        "average3" => Graph::chain([Operation::AvgPool(pool(3))]),
        "max3" => Graph::chain([Operation::MaxPool(pool(3))]),
        "max5" => Graph::chain([Operation::MaxPool(pool(5))]),
        "max7" => Graph::chain([Operation::MaxPool(pool(7))]),
        "conv1" => block::relu_convolution_norm(channels, 1, stride, true),
        "conv3" => block::relu_convolution_norm(channels, 3, stride, true),
        "separable3" => block::separable(3, stride, true),
        "separable5" => block::separable(5, stride, true),
        "separable7" => block::separable(7, stride, true),
        _ => unreachable!(),
    }
}

/// One slot: a hidden state, through one operation. In the supernet each pair of
/// state and operation has weights of its own.
fn slot(
    graph: &mut Graph,
    decisions: &mut Decisions,
    name: &str,
    stride: usize,
    states: &[Port],
) -> Port {
    let edge = |from: usize, decisions: &mut Decisions| {
        let stride = if from < 2 { stride } else { 1 };
        let options = OPERATIONS.map(|name| operation(name, stride)).into();
        let decision = decisions.choice(&format!("{name}.operation"), OPERATIONS);
        let mut graph = Graph::new(1);
        let y = graph.choice("operation", choice(decision, options), &[graph.input(0)]);
        graph.with_output(y)
    };
    let state = format!("{name}.state");
    let decision = decisions.select(&state, states.len(), Pick::Combination(1));
    let edges = (0..states.len())
        .map(|from| edge(from, decisions))
        .collect();
    let select = Select {
        decision,
        fixed: 0,
        through: Through::Edges(edges),
        merge: Merge::Sum,
        fallback: 0,
    };
    graph.select(&state, select, states)
}

/// The sum of two tensors, or their concatenation brought back to the channels.
fn combination(decisions: &mut Decisions, name: &str) -> netsmith::space::Choice {
    let mut sum = Graph::new(2);
    let y = sum.operation("add", Operation::Add, &[sum.input(0), sum.input(1)]);
    let sum = sum.with_output(y);
    let mut both = Graph::new(2);
    let y = both.operation("concat", Operation::Concat, &[both.input(0), both.input(1)]);
    let projection = Arc::new(block::relu_convolution_norm(CHANNELS.into(), 1, 1, true));
    let y = both.instance("project", &projection, &[y]);
    let both = both.with_output(y);
    let decision = decisions.choice(&format!("{name}.combination"), ["add", "concat"]);
    choice(decision, vec![sum, both])
}

fn cell(form: Form, decisions: &mut Decisions, kind: &str) -> Graph {
    let stride = if kind == "reduction" { 2 } else { 1 };
    let mut graph = Graph::new(2);
    let (before, last) = (graph.input(0), graph.input(1));
    let align = || Align {
        channels: CHANNELS.into(),
        method: AlignMethod::Calibrate,
    };
    let mut states = vec![
        graph.align("state0", align(), &[before, last]),
        graph.align("state1", align(), &[last]),
    ];
    for node in 0..5 {
        let name = format!("{kind}.block{node}");
        let sides = [0, 1].map(|side| {
            let name = format!("{name}.slot{side}");
            slot(&mut graph, decisions, &name, stride, &states)
        });
        let combination = combination(decisions, &name);
        states.push(graph.choice(&format!("{name}.combination"), combination, &sides));
    }
    // What nothing reads leaves the cell; of a reduction's inputs a reduced copy.
    let supernet = form == Form::Supernet;
    let end = |state: usize| {
        let stride = if state < 2 { stride } else { 1 };
        match (supernet, stride) {
            (true, _) => block::relu_convolution_norm(CHANNELS.into(), 1, stride, true),
            (false, 2) => block::factorised_reduction(CHANNELS.into(), true),
            (false, _) => Graph::chain([Operation::Identity]),
        }
    };
    let loose = Loose {
        fixed: 0,
        same_positions: false,
        edges: (0..states.len()).map(end).collect(),
        merge: if supernet { Merge::Sum } else { Merge::Concat },
    };
    let output = graph.loose("ends", loose, &states);
    graph.with_output(output)
}

fn space(kinds: &[&str]) -> Space {
    Space::new("nasnet", &[Shape::image(3, 16, 16)], |form, decisions| {
        let mut graph = Graph::new(1);
        let stem = Arc::new(block::convolution_norm(CHANNELS.into(), 3, 1, None));
        let x = graph.instance("stem", &stem, &[graph.input(0)]);
        let (mut before, mut last) = (x, x);
        for (index, kind) in kinds.iter().enumerate() {
            let cell = Arc::new(cell(form, decisions, kind));
            let output = graph.instance(&format!("cell{index}"), &cell, &[before, last]);
            (before, last) = (last, output);
        }
        let x = graph.operation("pool", Operation::GlobalPool, &[last]);
        let x = graph.operation("head", Operation::Linear(Linear::new(10_usize)), &[x]);
        graph.with_output(x)
    })
    .unwrap()
}

#[test]
fn slots_choose_a_state_and_an_operation() {
    let cell: u128 = (2..7)
        .map(|states: u128| (13 * states).pow(2) * 2)
        .product();
    assert_eq!(space(&["normal"]).size(), Some(cell));
    let space = space(&["normal", "reduction", "normal"]);
    assert_eq!(space.size(), Some(cell * cell));
    check(&space, 20);
}

/// In the supernet a slot mixes all states, each of them all operations, with
/// weights of their own; both decisions can be learnt.
#[test]
fn every_pair_of_state_and_operation_is_in_the_supernet() {
    let space = space(&["normal"]);
    let relaxation = space.relaxation();
    assert!(relaxation.fixed.is_empty() && relaxation.selects.is_empty());
    // Two states, two operations and a combination in each of five blocks.
    assert_eq!((relaxation.choices.len(), relaxation.loose.len()), (25, 1));
    let supernet = space.supernet().unwrap();
    let inputs = |decision: &str| -> Vec<usize> {
        let id = space.decision_named(decision).unwrap().index();
        let is = |operation: &Operation| *operation == Operation::Mix { decision: id };
        let mixes = supernet.nodes().iter().filter(|node| is(&node.operation));
        mixes.map(|node| node.inputs.len()).collect()
    };
    assert_eq!(inputs("normal.block2.slot1.state"), [4]);
    assert_eq!(inputs("normal.block2.slot1.operation"), [13; 4]);
    let names = supernet.weights().iter().map(|weight| &weight.name);
    let different: std::collections::BTreeSet<_> = names.collect();
    assert_eq!(different.len(), supernet.weights().len());
}

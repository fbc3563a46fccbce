//! AdaBERT (Chen et al. 2020, arXiv:2001.04246): cells over a sequence, an exit
//! after each, and the number of cells.

use super::{check, choice};
use netsmith::network::operation::{
    Activation, BatchNorm, Convolution, Groups, Linear, Padding, Pool, Window, Zero,
};
use netsmith::network::{Operation, Shape};
use netsmith::space::{Decisions, Graph, Size, Space};
use std::sync::Arc;

const CHANNELS: usize = 8;
const CELLS: usize = 8;

fn window(kernel: usize, dilation: usize) -> Window<Size> {
    Window {
        kernel: [1.into(), kernel.into()],
        stride: [1.into(), 1.into()],
        dilation,
        padding: Padding::Same,
    }
}

fn convolution(kernel: usize, dilation: usize) -> Graph {
    Graph::chain([
        Operation::Activation(Activation::Relu),
        Operation::Convolution(Convolution {
            out: CHANNELS.into(),
            window: window(kernel, dilation),
            groups: Groups::Count(1),
            bias: false,
        }),
        Operation::BatchNorm(BatchNorm { affine: true }),
    ])
}

/// Three nodes, each the sum of a chosen operation on every earlier state.
fn cell(decisions: &mut Decisions) -> Graph {
    let names = [
        "conv3", "conv5", "conv7", "dil3", "dil5", "dil7", "max", "avg", "identity", "zero",
    ];
    let pool = |operation: fn(Pool<Size>) -> Operation<Size>| {
        Graph::chain([operation(Pool {
            window: window(3, 1),
        })])
    };
    let options = || {
        let mut options: Vec<Graph> = [1, 2]
            .into_iter()
            .flat_map(|dilation| [3, 5, 7].map(|kernel| convolution(kernel, dilation)))
            .collect();
        options.push(pool(Operation::MaxPool));
        options.push(pool(Operation::AvgPool));
        options.push(Graph::chain([Operation::Identity]));
        let stride = [1.into(), 1.into()];
        options.push(Graph::chain([Operation::Zero(Zero { stride })]));
        options
    };
    let mut graph = Graph::new(2);
    let mut states = vec![graph.input(0), graph.input(1)];
    for node in 0..3 {
        let mut incoming = Vec::new();
        for (from, &state) in states.iter().enumerate() {
            let decision = decisions.choice(&format!("{node}<{from}"), names);
            let name = format!("edge{node}-{from}");
            incoming.push(graph.choice(&name, choice(decision, options()), &[state]));
        }
        states.push(graph.operation(&format!("node{node}"), Operation::Add, &incoming));
    }
    let output = graph.operation("sum", Operation::Add, &states[2..]);
    graph.with_output(output)
}

fn space() -> Space {
    Space::new(
        "adabert",
        &[Shape::sequence(CHANNELS, 16)],
        |_, decisions| {
            let depth: Vec<usize> = (1..=CELLS).collect();
            let depth = decisions.value("cells", &depth);
            let cell = Arc::new(cell(decisions));
            let exit = Arc::new(Graph::chain([
                Operation::GlobalPool,
                Operation::Activation(Activation::Tanh),
                Operation::Linear(Linear::new(2_usize)),
            ]));
            let mut graph = Graph::new(1);
            let (mut before, mut last) = (graph.input(0), graph.input(0));
            let mut exits = Vec::new();
            for index in 0..CELLS {
                let output = graph.instance(&format!("cell{index}"), &cell, &[before, last]);
                (before, last) = (last, output);
                let name = format!("exit{index}");
                exits.extend(graph.instances(&name, &exit, Some("head"), &[last]));
            }
            // What lies behind the chosen exit is not built.
            let options = (0..CELLS).map(|index| {
                let graph = Graph::new(CELLS);
                let exit = graph.input(index);
                graph.with_output(exit)
            });
            let answer = graph.choice("exit", choice(depth, options.collect()), &exits);
            graph.with_output(answer)
        },
    )
    .unwrap()
}

#[test]
fn cells_with_exits() {
    let space = space();
    assert_eq!(space.size(), Some(8 * 10_u128.pow(9)));
    check(&space, 20);
}

#[test]
fn the_number_of_cells_decides_what_is_built() {
    let space = space();
    let edges =
        (0..3).flat_map(|node| (0..node + 2).map(move |from| format!(",{node}<{from}=conv3")));
    let edges: String = edges.collect();
    let parameters = |cells: usize| {
        let text = format!("cells={cells}{edges}");
        let network = space.network(&space.parse(&text).unwrap()).unwrap();
        network.parameters()
    };
    let edge = (CHANNELS * CHANNELS * 3 + 2 * CHANNELS) as u64;
    let head = (CHANNELS * 2 + 2) as u64;
    assert_eq!(parameters(1), 9 * edge + head);
    assert_eq!(parameters(5), 5 * 9 * edge + head);
}

#[test]
fn all_exits_share_one_head() {
    let supernet = space().supernet().unwrap();
    let heads = supernet.weights().iter();
    let heads = heads.filter(|weight| weight.shape.dims == [2, CHANNELS]);
    assert_eq!(heads.count(), 1);
}

//! A recurrent cell in the manner of ENAS and DARTS: each node is an activation
//! of one earlier node; the cell is a step over a sequence.

use super::{check, choice};
use netsmith::network::operation::{Activation, Linear};
use netsmith::network::{Operation, Shape};
use netsmith::space::{Graph, Merge, Pick, Port, Select, Space, Through};
use std::sync::Arc;

const HIDDEN: usize = 6;
const NODES: usize = 8;

fn space(length: usize) -> Space {
    let inputs = [Shape::sequence(5, length), Shape::vector(HIDDEN)];
    Space::new("recurrent", &inputs, |_, decisions| {
        // A position and the state before give the next state.
        let mut step = Graph::new(2);
        let both = [step.input(0), step.input(1)];
        let x = step.operation("concat", Operation::Concat, &both);
        let first = Operation::Linear(Linear::new(HIDDEN));
        let x = step.operation("first", first, &[x]);
        let tanh = Operation::Activation(Activation::Tanh);
        let mut states: Vec<Port> = vec![step.operation("tanh", tanh, &[x])];
        for node in 0..NODES {
            let name = format!("node{node}");
            let mut slot = Graph::new(1);
            let linear = Operation::Linear(Linear::new(HIDDEN));
            let y = slot.operation("linear", linear, &[slot.input(0)]);
            let activations = [Activation::Tanh, Activation::Relu, Activation::Sigmoid];
            let mut options: Vec<Graph> = activations
                .map(|activation| Graph::chain([Operation::Activation(activation)]))
                .into();
            options.push(Graph::chain([Operation::Identity]));
            let names = ["tanh", "relu", "sigmoid", "identity"];
            let activation = decisions.choice(&format!("{name}.activation"), names);
            let y = slot.choice("activation", choice(activation, options), &[y]);
            let pick = Pick::Combination(1);
            let select = Select {
                decision: decisions.select(&format!("{name}.input"), states.len(), pick),
                fixed: 0,
                // The weights belong to the node, whichever predecessor it reads.
                through: Through::Slots(vec![slot.with_output(y)]),
                merge: Merge::Sum,
                fallback: 0,
            };
            states.push(step.select(&name, select, &states));
        }
        let next = step.operation("next", Operation::Add, &states[1..]);
        let step = Arc::new(step.with_output(next));
        let mut graph = Graph::new(2);
        let outputs = graph.unroll("cell", &step, &[graph.input(0), graph.input(1)]);
        let last = *outputs.last().unwrap();
        let head = Operation::Linear(Linear::new(3_usize));
        let answer = graph.operation("head", head, &[last]);
        graph.with_output(answer)
    })
    .unwrap()
}

#[test]
fn a_step_over_a_sequence() {
    let space = space(4);
    let predecessors: u128 = (1..=NODES as u128).product();
    assert_eq!(space.size(), Some(predecessors * 4_u128.pow(NODES as u32)));
    check(&space, 20);
}

#[test]
fn all_steps_share_their_weights() {
    let parameters = [2, 7].map(|length| {
        let space = space(length);
        let decided = (0..NODES).map(|i| format!("node{i}.input={i},node{i}.activation=tanh"));
        let text = decided.collect::<Vec<_>>().join(",");
        let network = space.network(&space.parse(&text).unwrap()).unwrap();
        network.parameters()
    });
    let own = (5 + HIDDEN + 1) * HIDDEN + NODES * (HIDDEN + 1) * HIDDEN + (HIDDEN + 1) * 3;
    assert_eq!(parameters, [own as u64; 2]);
}

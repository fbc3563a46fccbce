//! A recurrent cell in the manner of ENAS and DARTS: each node is an activation
//! of one earlier node, perhaps behind a highway gate; the cell is a step over a
//! sequence.

use super::{check, choice};
use netsmith::network::operation::{Activation, Linear};
use netsmith::network::{Operation, Shape};
use netsmith::space::{Graph, Merge, Pick, Port, Select, Size, Space, Through};
use std::sync::Arc;

const HIDDEN: usize = 6;
const NODES: usize = 8;

/// What a node does with its predecessor.
#[derive(Clone, Copy)]
enum Node {
    /// `f(W y)` (DARTS without its gates).
    Plain,
    /// `c ⊙ f(W y) + (1 − c) ⊙ y` with `c = σ(V y)` (recurrent highway).
    Highway,
}

fn space(node: Node, length: usize) -> Space {
    let inputs = [Shape::sequence(5, length), Shape::vector(HIDDEN)];
    Space::new("recurrent", &inputs, |_, decisions| {
        // A position and the state before give the next state.
        let mut step = Graph::new(2);
        let (position, before) = (step.input(0), step.input(1));
        let x = step.operation("concat", Operation::Concat, &[position, before]);
        let first = match node {
            Node::Plain => {
                let x = step.operation("first", linear(), &[x]);
                step.operation("tanh", Operation::Activation(Activation::Tanh), &[x])
            }
            Node::Highway => {
                let tanh = Graph::chain([Operation::Activation(Activation::Tanh)]);
                highway(&mut step, x, before, |graph, h| {
                    graph.instance("tanh", &Arc::new(tanh), &[h])
                })
            }
        };
        let mut states: Vec<Port> = vec![first];
        for number in 0..NODES {
            let name = format!("node{number}");
            let names = ["tanh", "relu", "sigmoid", "identity"];
            let activation = decisions.choice(&format!("{name}.activation"), names);
            let f = |graph: &mut Graph, h: Port| {
                let activations = [Activation::Tanh, Activation::Relu, Activation::Sigmoid];
                let mut options: Vec<Graph> = activations
                    .map(|activation| Graph::chain([Operation::Activation(activation)]))
                    .into();
                options.push(Graph::chain([Operation::Identity]));
                graph.choice("activation", choice(activation, options), &[h])
            };
            let mut slot = Graph::new(1);
            let y = slot.input(0);
            let out = match node {
                Node::Plain => {
                    let h = slot.operation("linear", linear(), &[y]);
                    f(&mut slot, h)
                }
                Node::Highway => highway(&mut slot, y, y, f),
            };
            let pick = Pick::Combination(1);
            let select = Select {
                decision: decisions.select(&format!("{name}.input"), states.len(), pick),
                fixed: 0,
                // The weights belong to the node, whichever predecessor it reads.
                through: Through::Slots(vec![slot.with_output(out)]),
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

fn linear() -> Operation<Size> {
    Operation::Linear(Linear::new(HIDDEN))
}

/// `c ⊙ f(W x) + (1 − c) ⊙ y` with `c = σ(V x)`.
fn highway(graph: &mut Graph, x: Port, y: Port, f: impl FnOnce(&mut Graph, Port) -> Port) -> Port {
    let act = |graph: &mut Graph, name: &str, activation, x| {
        graph.operation(name, Operation::Activation(activation), &[x])
    };
    let gate = graph.operation("gate", linear(), &[x]);
    let gate = act(graph, "gate.sigmoid", Activation::Sigmoid, gate);
    let kept = act(graph, "gate.complement", Activation::Complement, gate);
    let h = graph.operation("linear", linear(), &[x]);
    let h = f(graph, h);
    let new = graph.operation("new", Operation::Multiply, &[h, gate]);
    let old = graph.operation("old", Operation::Multiply, &[y, kept]);
    graph.operation("sum", Operation::Add, &[new, old])
}

#[test]
fn a_step_over_a_sequence() {
    for node in [Node::Plain, Node::Highway] {
        let space = space(node, 4);
        let predecessors: u128 = (1..=NODES as u128).product();
        assert_eq!(space.size(), Some(predecessors * 4_u128.pow(NODES as u32)));
        check(&space, 20);
    }
}

#[test]
fn all_steps_share_their_weights() {
    let layer = |inputs: usize| (inputs + 1) * HIDDEN;
    let once = layer(5 + HIDDEN) + NODES * layer(HIDDEN);
    for (node, own) in [(Node::Plain, once), (Node::Highway, 2 * once)] {
        let parameters = [2, 7].map(|length| {
            let space = space(node, length);
            let decided = (0..NODES).map(|i| format!("node{i}.input={i},node{i}.activation=tanh"));
            let text = decided.collect::<Vec<_>>().join(",");
            let network = space.network(&space.parse(&text).unwrap()).unwrap();
            network.parameters()
        });
        let head = (HIDDEN + 1) * 3;
        assert_eq!(parameters, [(own + head) as u64; 2]);
    }
}

/// In the supernet a node mixes all its predecessors, through the same weights.
#[test]
fn predecessors_share_the_weights_of_a_node() {
    let space = space(Node::Highway, 2);
    let relaxation = space.relaxation();
    assert!(relaxation.fixed.is_empty() && relaxation.selects.is_empty());
    assert_eq!(relaxation.choices.len(), 2 * NODES);
    let deep = (0..NODES).map(|i| format!("node{i}.input={i},node{i}.activation=tanh"));
    let deep = space.parse(&deep.collect::<Vec<_>>().join(",")).unwrap();
    let network = space.network(&deep).unwrap();
    assert_eq!(space.supernet().unwrap().parameters(), network.parameters());
}

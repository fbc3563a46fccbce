//! ENAS (Pham et al. 2018, arXiv:1802.03268): a whole network with skips, and cells.

use super::{check, choice};
use netsmith::network::operation::{Activation, BatchNorm, Linear, Pool};
use netsmith::network::{Operation, Shape};
use netsmith::space::{
    Decisions, Form, Graph, Loose, Merge, Pick, Port, Select, Size, Space, Through, block,
};
use std::sync::Arc;

const CHANNELS: usize = 4;

fn pool(operation: fn(Pool<Size>) -> Operation<Size>) -> Graph {
    Graph::chain([operation(Pool::square(3_usize, 1_usize))])
}

fn convolution(kernel: usize) -> Graph {
    block::convolution_norm(CHANNELS.into(), kernel, 1, Some(Activation::Relu))
}

fn head(graph: &mut Graph, x: Port) -> Port {
    let x = graph.operation("pool", Operation::GlobalPool, &[x]);
    graph.operation("head", Operation::Linear(Linear::new(10_usize)), &[x])
}

/// `layers` layers, each one of six operations on the layer before plus any
/// subset of all earlier layers: summed in the search, concatenated and
/// projected in the final network. At a third and at two thirds everything that
/// is stored is reduced.
fn macro_space(layers: usize) -> Space {
    Space::new(
        "enas-macro",
        &[Shape::image(3, 32, 32)],
        |form, decisions| {
            let mut graph = Graph::new(1);
            let stem = Arc::new(convolution(3));
            let mut last = graph.instance("stem", &stem, &[graph.input(0)]);
            let mut stored: Vec<Port> = Vec::new();
            for layer in 0..layers {
                let name = format!("layer{layer}");
                let operations = ["conv3", "sep3", "conv5", "sep5", "avg3", "max3"];
                let operation = choice(
                    decisions.choice(&format!("{name}.operation"), operations),
                    vec![
                        convolution(3),
                        block::separable(3, 1, true),
                        convolution(5),
                        block::separable(5, 1, true),
                        pool(Operation::AvgPool),
                        pool(Operation::MaxPool),
                    ],
                );
                let x = graph.choice(&format!("{name}.operation"), operation, &[last]);
                last = skips(&mut graph, decisions, form, &name, x, &stored);
                stored.push(last);
                if layer + 1 == layers / 3 || layer + 1 == 2 * layers / 3 {
                    for (index, port) in stored.iter_mut().enumerate() {
                        let reduction = block::factorised_reduction(CHANNELS.into(), true);
                        let name = format!("{name}.reduction{index}");
                        *port = graph.instance(&name, &Arc::new(reduction), &[*port]);
                    }
                    last = stored[layer];
                }
            }
            let output = head(&mut graph, last);
            graph.with_output(output)
        },
    )
    .unwrap()
}

fn skips(
    graph: &mut Graph,
    decisions: &mut Decisions,
    form: Form,
    name: &str,
    x: Port,
    stored: &[Port],
) -> Port {
    let mut merged = x;
    if !stored.is_empty() {
        let select = Select {
            decision: decisions.select(&format!("{name}.skips"), stored.len(), Pick::Subset),
            fixed: 1,
            through: Through::Nothing,
            merge: match form {
                Form::Final => Merge::Concat,
                Form::Candidate | Form::Supernet => Merge::Sum,
            },
            fallback: 0,
        };
        let inputs: Vec<Port> = std::iter::once(x).chain(stored.iter().copied()).collect();
        merged = graph.select(&format!("{name}.skips"), select, &inputs);
    }
    match form {
        Form::Final => {
            let projection = block::relu_convolution_norm(CHANNELS.into(), 1, 1, true);
            graph.instance(&format!("{name}.project"), &Arc::new(projection), &[merged])
        }
        Form::Candidate | Form::Supernet => {
            let norm = Operation::BatchNorm(BatchNorm { affine: true });
            graph.operation(&format!("{name}.norm"), norm, &[merged])
        }
    }
}

#[test]
fn whole_networks() {
    let space = macro_space(12);
    let published = 160_618_186_625_454_535_808_756_219_904;
    assert_eq!(space.size(), Some(published));
    check(&space, 20);
    space.supernet().unwrap();
}

#[test]
fn skips_are_summed_in_the_search_and_concatenated_in_the_end() {
    let space = macro_space(3);
    let text = "layer0.operation=conv3,layer1.operation=max3,layer1.skips=0,layer2.operation=avg3,layer2.skips=0+1";
    let architecture = space.parse(text).unwrap();
    let count = |form: Form, operation: &Operation| {
        let network = space.resolve(&architecture, form).unwrap();
        let nodes = network.nodes().iter();
        // The stem and the reductions have none of these names.
        nodes
            .filter(|node| node.operation == *operation && node.name.contains("skips"))
            .count()
    };
    assert_eq!(count(Form::Candidate, &Operation::Add), 2);
    assert_eq!(count(Form::Candidate, &Operation::Concat), 0);
    assert_eq!(count(Form::Final, &Operation::Concat), 2);
}

/// A cell of five nodes: two slots, each any earlier state through one of five
/// operations; the states that nothing reads are concatenated and projected.
fn cell(decisions: &mut Decisions, kind: &str) -> Graph {
    let mut graph = Graph::new(2);
    let mut states = vec![graph.input(0), graph.input(1)];
    for node in 0..5 {
        let slots = (0..2).map(|slot| {
            let operations = ["sep3", "sep5", "avg3", "max3", "identity"];
            let name = format!("{kind}.node{node}.operation{slot}");
            let operation = choice(
                decisions.choice(&name, operations),
                vec![
                    block::separable(3, 1, true),
                    block::separable(5, 1, true),
                    pool(Operation::AvgPool),
                    pool(Operation::MaxPool),
                    Graph::chain([Operation::Identity]),
                ],
            );
            let mut graph = Graph::new(1);
            let output = graph.choice("operation", operation, &[graph.input(0)]);
            graph.with_output(output)
        });
        let slots = Through::Slots(slots.collect());
        let pick = Pick::Repetition(2);
        let select = Select {
            decision: decisions.select(&format!("{kind}.node{node}.inputs"), states.len(), pick),
            fixed: 0,
            through: slots,
            merge: Merge::Sum,
            fallback: 0,
        };
        states.push(graph.select(&format!("node{node}"), select, &states));
    }
    let loose = Loose {
        fixed: 0,
        same_positions: false,
        merge: Merge::Concat,
    };
    let ends = graph.loose("ends", loose, &states);
    let projection = block::relu_convolution_norm(CHANNELS.into(), 1, 1, true);
    let output = graph.instance("project", &Arc::new(projection), &[ends]);
    graph.with_output(output)
}

fn micro_space(kinds: &[&str]) -> Space {
    Space::new("enas-micro", &[Shape::image(3, 16, 16)], |_, decisions| {
        let mut graph = Graph::new(1);
        let x = graph.instance("stem", &Arc::new(convolution(3)), &[graph.input(0)]);
        let (mut before, mut last) = (x, x);
        for (index, kind) in kinds.iter().enumerate() {
            if *kind == "reduction" {
                for (state, name) in [(&mut before, "before"), (&mut last, "last")] {
                    let reduction = block::factorised_reduction(CHANNELS.into(), true);
                    let name = format!("cell{index}.{name}");
                    *state = graph.instance(&name, &Arc::new(reduction), &[*state]);
                }
            }
            let cell = Arc::new(cell(decisions, kind));
            let output = graph.instance(&format!("cell{index}"), &cell, &[before, last]);
            // The state before a reduction is larger than what follows it.
            (before, last) = (if *kind == "reduction" { output } else { last }, output);
        }
        let output = head(&mut graph, last);
        graph.with_output(output)
    })
    .unwrap()
}

#[test]
fn cells() {
    assert_eq!(
        micro_space(&["normal", "normal"]).size(),
        Some(5_062_500_000_000)
    );
    let space = micro_space(&["normal", "reduction", "normal"]);
    assert_eq!(space.size(), Some(5_062_500_000_000_u128.pow(2)));
    check(&space, 20);
    space.supernet().unwrap();
}

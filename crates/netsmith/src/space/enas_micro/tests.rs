//! The oracles of the micro space: sizes, texts, loose ends and counts.

use super::*;
use crate::network::{Network, Shape};
use std::collections::BTreeMap;

fn space(settings: &[(&str, &str)], side: usize) -> Space {
    let given = settings.iter();
    let given = given.map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let given: BTreeMap<String, String> = given.collect();
    let task = Task::vector(Shape::image(3, side, side), 10);
    build(&task, &Settings::new(ENTRY.parameters, &given).unwrap()).unwrap()
}

/// The same arc for both cells.
fn network(space: &Space, arc: &str, form: Form) -> Network {
    let architecture = space.parse(&format!("{arc} {arc}")).unwrap();
    space.resolve(&architecture, form).unwrap()
}

fn shape(network: &Network, name: &str) -> Shape {
    let node = network.nodes().iter().find(|node| node.name == name);
    node.unwrap_or_else(|| panic!("no node `{name}`")).shape
}

/// Block 0 reads states 0 and 1, each later one the state before it twice.
const CHAIN: &str = "0 4 1 4 2 4 2 4 3 4 3 4 4 4 4 4 5 4 5 4";

#[test]
fn number_of_architectures() {
    let raw: u128 = (2..=6).map(|states: u128| (5 * states).pow(2)).product();
    assert_eq!(raw, 5_062_500_000_000);
    assert_eq!(space(&[], 32).size(), Some(raw * raw));
}

#[test]
fn a_chain_has_one_loose_end() {
    let space = space(&[("channels", "4"), ("cells", "3")], 16);
    let chain = network(&space, CHAIN, Form::Candidate);
    // Only the last node is loose; cell 1 is the first reduction.
    assert_eq!(shape(&chain, "cell0.node4"), Shape::image(4, 16, 16));
    let mut names = chain.nodes().iter().map(|node| &node.name);
    assert!(names.all(|name| !name.ends_with("ends.concat")));
    // Block 0 reads state 1 twice: state 0 is a second loose end.
    let arc = CHAIN.replacen("0 4 1 4", "1 4 1 4", 1);
    let two = network(&space, &arc, Form::Candidate);
    assert_eq!(shape(&two, "cell0.ends.concat"), Shape::image(8, 16, 16));
    // In the reduction cell it is the input, reduced on its way.
    assert_eq!(
        shape(&two, "cell1.ends.from0.batch-norm"),
        Shape::image(8, 8, 8)
    );
    assert_eq!(shape(&two, "cell1.ends.concat"), Shape::image(16, 8, 8));
}

/// Nodes 0 to 3 read the inputs alone, so nodes 0 to 3 are four loose ends, of
/// which the one read that is left takes one at most.
#[test]
fn bounds_know_how_few_reads_are_left() {
    let space = space(&[("channels", "4"), ("cells", "1")], 16);
    let star = "0 4 1 4 0 4 1 4 0 4 1 4 0 4 1 4 0 4 2 4";
    let mut architecture = space.parse(&format!("{star} {star}")).unwrap();
    let last = space.decision_named("normal.node4.input1").unwrap();
    let costs = (0..space.decision(last).count()).map(|option| {
        architecture.set(last, Some(option));
        space.network(&architecture).unwrap().parameters()
    });
    let costs: Vec<u64> = costs.collect();
    architecture.set(last, None);
    let bounds = space.bounds(&architecture).unwrap().parameters;
    assert_eq!(Some(&bounds.low), costs.iter().min());
    assert_eq!(Some(&bounds.high), costs.iter().max());
}

#[test]
fn reductions_stand_at_a_third_and_two_thirds() {
    let space = space(&[("channels", "4")], 32);
    let network = network(&space, CHAIN, Form::Candidate);
    let sides = (0..8).map(|cell| shape(&network, &format!("cell{cell}.node4")));
    let sides: Vec<Shape> = sides.collect();
    let (large, middle, small) = (
        Shape::image(4, 32, 32),
        Shape::image(8, 16, 16),
        Shape::image(16, 8, 8),
    );
    assert_eq!(
        sides,
        [large, large, middle, middle, middle, small, small, small]
    );
}

#[test]
fn the_fixed_network_is_counted_by_hand() {
    let space = space(
        &[("channels", "4"), ("cells", "1"), ("stem-multiplier", "1")],
        16,
    );
    // Of one normal cell after two reductions: all identities.
    let chain = network(&space, CHAIN, Form::Candidate).parameters();
    let norm = |channels: u64| 2 * channels;
    let reduction = |input: u64, out: u64| input * out + norm(out);
    let calibrated = |input: u64, out: u64| input * out + norm(out);
    let stem = 27 * 4 + norm(4);
    // Both inputs of cell 0 have 4 channels; block 0 reduces both.
    let cell0 = 2 * calibrated(4, 8) + 2 * reduction(8, 8);
    // Its inputs are the stem, reduced, and cell 0.
    let cell1 = reduction(4, 16) + calibrated(8, 16) + 2 * reduction(16, 16);
    let cell2 = reduction(8, 16);
    let head = 16 * 10 + 10;
    assert_eq!(chain, stem + cell0 + cell1 + cell2 + head);
}

#[test]
fn the_supernet_sums_slices_of_the_loose_ends() {
    let space = space(&[("channels", "4"), ("cells", "3")], 16);
    let arc = CHAIN.replacen("0 4 1 4", "1 4 1 4", 1);
    let path = network(&space, &arc, Form::Supernet);
    assert_eq!(shape(&path, "cell0.ends.add"), Shape::image(4, 16, 16));
    let supernet = space.supernet().unwrap();
    let relaxation = space.relaxation();
    assert!(relaxation.fixed.is_empty() && relaxation.sizes.is_empty());
    // Both decisions of a side are choices: of a candidate, and of an operation.
    assert_eq!(
        (relaxation.choices.len(), relaxation.selects.len()),
        (40, 0)
    );
    let mixes: Vec<usize> = relaxation.loose.iter().map(|loose| loose.mix).collect();
    assert_eq!(mixes, [40, 41]);
    let architecture = space.parse(&format!("{arc} {CHAIN}")).unwrap();
    let weights = |loose: usize| relaxation.loose[loose].weights(&space, &architecture);
    assert_eq!(weights(0), [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(weights(1), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    for node in supernet.nodes() {
        if let Operation::Mix { decision } = node.operation {
            let inputs = match decision.checked_sub(40) {
                Some(loose) => relaxation.loose[loose].inputs(),
                None => space.decisions()[decision].count() as usize,
            };
            assert_eq!(node.inputs.len(), inputs, "{}", node.name);
        }
    }
}

#[test]
fn a_wrong_text_is_explained() {
    let space = space(&[("channels", "4"), ("cells", "1")], 8);
    let rule = |text: &str| space.parse(text).unwrap_err().rule;
    assert_eq!(rule(CHAIN), "it has 20 numbers, expected 40");
    let late = CHAIN.replacen("0 4 1 4", "0 4 2 4", 1);
    assert_eq!(
        rule(&format!("{late} {CHAIN}")),
        "`normal.node0.input1` is a number from 0 to 1, not `2`"
    );
}

#[test]
fn inputs_from_before_two_reductions_are_halved_twice() {
    // Cells 0 and 1 both reduce: the stem enters the second of them too.
    for cells in ["1", "2"] {
        let space = space(&[("channels", "4"), ("cells", cells)], 28);
        let supernet = space.supernet().unwrap();
        let side = |name: &str| shape(&supernet, name);
        assert_eq!(side("cell1.node4"), Shape::image(16, 7, 7));
        let network = network(&space, CHAIN, Form::Final);
        assert_eq!(shape(&network, "cell1.node4"), Shape::image(16, 7, 7));
    }
}

//! Which options of a choice are skip connections.
//!
//! Gradient search is drawn to them: they let the other operations learn before they
//! have learnt anything themselves. So that its guards hold in every space they are told
//! by the graph, not by a name: a skip connection passes its input on, as it is or only
//! brought to another shape, where another option of the same choice would put something
//! else in its place. Where all options only pass on or rescale (a rate of dropout, a
//! norm or none, a gate or none) there is no path to collapse to, and nothing is a skip.

use super::Size;
use super::block::factorised_reduction;
use super::graph::{AlignMethod, Choice, Graph, Kind, Port};
use crate::network::operation::{Arity, BlockKind, Buffer, Meeting, Zeros};
use crate::network::{Operation, Shape};

/// What a graph makes of its input, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// It is passed on, perhaps brought to another shape.
    Passed,
    /// It is normalised, dropped in part or scaled by a gate.
    Scaled,
    /// Nothing of it is left.
    Cut,
    /// Something else is computed from it.
    Replaced,
}

/// For each option of a choice whether it is a skip connection.
pub(super) fn skips(choice: &Choice) -> Vec<bool> {
    let effects: Vec<Effect> = choice.options.iter().map(effect).collect();
    let competes = effects.contains(&Effect::Replaced);
    let skip = |effect: &Effect| competes && *effect == Effect::Passed;
    effects.iter().map(skip).collect()
}

fn effect(graph: &Graph) -> Effect {
    match graph.outputs[..] {
        // In a cell that reduces, a skip connection must reduce too.
        [_] if is_factorised_reduction(graph) => Effect::Passed,
        [output] => at(graph, output),
        _ => Effect::Replaced,
    }
}

/// What reaches a port of a graph with one path.
fn at(graph: &Graph, port: Port) -> Effect {
    let node = &graph.nodes[port.node];
    let before = || {
        let first = node.inputs.first();
        first.map_or(Effect::Replaced, |&first| at(graph, first))
    };
    match &node.kind {
        Kind::Input(_) => Effect::Passed,
        Kind::Operation(operation) => of_operation(operation).max(before()),
        Kind::Instance(instance) => effect(&instance.graph).max(before()),
        Kind::Align(align) => match align.method {
            AlignMethod::Project
            | AlignMethod::Calibrate
            | AlignMethod::Resize
            | AlignMethod::Pad => before(),
            AlignMethod::Preprocess { .. } => Effect::Replaced,
        },
        Kind::Choice(_)
        | Kind::Select(_)
        | Kind::Loose(_)
        | Kind::Repeat(_)
        | Kind::Unroll(_)
        | Kind::Derived(_) => Effect::Replaced,
    }
}

fn of_operation(operation: &Operation<Size>) -> Effect {
    operation.ask_unsized(|primitive| {
        let gates = primitive.arity() == Arity::Many(Meeting::Scale);
        // Of the light operations only norms have weights.
        let is_norm = primitive.block() == BlockKind::Light
            && !primitive.weights(&[Shape::vector(1)]).is_empty();
        if primitive.is_identity() || primitive.buffer() != Buffer::New {
            Effect::Passed
        } else if primitive.zeros() == Zeros::Always {
            Effect::Cut
        } else if gates || is_norm {
            Effect::Scaled
        } else {
            Effect::Replaced
        }
    })
}

/// Whether a graph is a factorised reduction, of whatever channels.
fn is_factorised_reduction(graph: &Graph) -> bool {
    let pattern = factorised_reduction(2_usize.into(), true);
    graph.nodes.len() == pattern.nodes.len()
        && graph.outputs == pattern.outputs
        && graph.nodes.iter().zip(&pattern.nodes).all(|(own, node)| {
            let same = match (&own.kind, &node.kind) {
                (Kind::Operation(a), Kind::Operation(b)) => a.name() == b.name(),
                (a, b) => a == b,
            };
            same && own.name == node.name && own.inputs == node.inputs
        })
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use crate::space::{Space, Task, build_named};
    use std::collections::{BTreeMap, BTreeSet};

    fn space(name: &str) -> Space {
        let task = Task::vector(Shape::image(3, 16, 16), 10);
        build_named(name, &task, &BTreeMap::new()).unwrap()
    }

    /// The names of all options that are skip connections, and the number of decisions
    /// that have one.
    fn named(space: &Space) -> (BTreeSet<String>, usize) {
        let (mut names, mut decisions) = (BTreeSet::new(), 0);
        for choice in space.relaxation().choices {
            let decision = space.decision(choice.decision);
            let options = choice.options.iter().zip(&choice.skips);
            let skips = options.filter_map(|(option, skip)| option.filter(|_| *skip));
            let skips: Vec<String> = skips.map(|o| decision.option_name(o)).collect();
            decisions += usize::from(!skips.is_empty());
            names.extend(skips);
        }
        (names, decisions)
    }

    #[track_caller]
    fn check(space: &Space, name: &str, decisions: usize) {
        let expected = (BTreeSet::from([name.to_owned()]), decisions);
        assert_eq!(named(space), expected);
    }

    #[test]
    fn cells_have_them_whatever_they_are_called() {
        check(&space("nas-bench-201"), "skip_connect", 6);
        // Fourteen edges of either cell; those that reduce have a factorised reduction.
        check(&space("darts"), "skip_connect", 28);
        let micro = space("enas-micro");
        let operations = micro.relaxation().choices.into_iter();
        let operations = operations
            .filter(|choice| choice.skips.contains(&true))
            .count();
        check(&micro, "identity", operations);
        assert!(operations > 0);
    }

    #[test]
    fn what_is_only_switched_off_is_no_skip_connection() {
        // A head without a layer of its own passes features on in place of one that has.
        check(&space("chain"), "direct", 1);
        let task = Task::vector(Shape::vector(12), 3);
        let mlp = build_named("mlp", &task, &BTreeMap::new()).unwrap();
        assert_eq!(named(&mlp).1, 0);
    }
}
